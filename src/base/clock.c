#include "base/clock.h"

#include <math.h>

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double ht_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double ht_thread_now(void)
{
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

struct timespec ht_deadline(double seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)seconds;
    until.tv_nsec += (long)(1e9 * (seconds - floor(seconds)));
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    return until;
}
