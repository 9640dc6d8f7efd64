/* clock.h - time for measuring. */
#ifndef HT_BASE_CLOCK_H
#define HT_BASE_CLOCK_H

/* Seconds of the monotonic clock: differences mean something, the value does not. */
double ht_now(void);

#endif
