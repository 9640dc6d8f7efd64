/* batch.h - curses writes to the terminal at every move of the cursor, some sixty times a frame, and each of
 * these wakes the terminal up: in here a frame is kept until it is complete, and goes out in one piece. UI
 * thread only. */
#ifndef HT_TERM_BATCH_H
#define HT_TERM_BATCH_H

#include <stdbool.h>
#include <stdio.h>

/* The stream that curses is to write to: standard output under another number. NULL with errno set when there
 * is none. Only where the kernel refuses a file in memory does curses go on writing as it likes. */
FILE *ht_batch_open(void);
void ht_batch_close(void);

/* A frame is kept until it is complete; only then can it be translated (term/sgr.h). */
bool ht_batch_keeps(void);
void ht_batch_translate(bool on);

/* What curses writes between the two goes out at the end, between `before` and `after`. */
void ht_batch_begin(const char *before);
void ht_batch_end(const char *after);

/* Sees all that goes out from here on, as it goes (NULL: nobody does). Where a frame is not kept nothing is
 * seen. */
void ht_batch_watch(void (*watch)(const char *bytes, size_t size));

/* Goes out at once and unseen: what asks the terminal for input, and draws nothing. */
void ht_batch_say(const char *bytes);

/* From now on nothing goes out, not even the rest of what is being written. Async-signal-safe. */
void ht_batch_drop(void);

#endif
