/* insist.h - a signal that asks the program to end, and comes again. What is under way may take its time, or
 * never end; who asks twice does not want to wait for it. Async-signal-safe. */
#ifndef HT_BASE_INSIST_H
#define HT_BASE_INSIST_H

#include <stdbool.h>

/* To be asked in the handler, each time. False the first time, and for a quarter of a second after it:
 * timeout(1) sends its signal twice. */
bool ht_insists(void);

/* Ends the process as the signal does by itself, once the handler returns. */
void ht_end_by(int number);

/* A handler's beginning: ends the process if it is asked again. */
void ht_end_if_insisted(int number);

#endif
