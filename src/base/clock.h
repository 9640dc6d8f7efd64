/* clock.h - time for measuring. */
#ifndef HT_BASE_CLOCK_H
#define HT_BASE_CLOCK_H

#include <time.h>

/* Seconds of the monotonic clock: differences mean something, the value does not. */
double ht_now(void);

/* CPU seconds of this thread: what a piece of work costs, whatever else runs on the machine. */
double ht_thread_now(void);

/* The moment in so many seconds, on the monotonic clock: waiting must not depend on the time of day, which
 * jumps when it is set. */
struct timespec ht_deadline(double seconds);

#endif
