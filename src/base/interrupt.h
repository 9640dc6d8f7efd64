/* interrupt.h - signals that ask the program to end. The first sets a flag, which long work checks; the next
 * one ends the process at once, since the work may take long or never end. Async-signal-safe. */
#ifndef HT_BASE_INTERRUPT_H
#define HT_BASE_INTERRUPT_H

#include <stdatomic.h>
#include <stdbool.h>

/* To be asked in the handler, each time. False the first time, and for a quarter of a second after it:
 * timeout(1) sends its signal twice. */
bool ht_interrupt_repeated(void);

/* Ends the process as the signal does by itself, once the handler returns. */
void ht_end_by_signal(int number);

/* From here on SIGINT and SIGTERM set the flag; waiting system calls return. */
void ht_interrupt_listen(void);
void ht_interrupt_leave(void); /* they do again what they did before */
bool ht_interrupted(void);
const atomic_bool *ht_interrupt_flag(void); /* work can be cancelled by it (base/cancel.h) */

/* A handler's beginning: ends the process if it is asked again. */
void ht_end_if_repeated(int number);

#endif
