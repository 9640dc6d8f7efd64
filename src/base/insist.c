#include "base/insist.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

static atomic_llong first; /* in milliseconds; 0: there was none */

bool ht_insists(void)
{
    enum { APART_MS = 250 };
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    long long now = (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000 + 1, none = 0;
    if (atomic_compare_exchange_strong(&first, &none, now)) return false;
    return now - none >= APART_MS; /* `none` is the first by now */
}

void ht_end_by(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

void ht_end_if_insisted(int number)
{
    if (ht_insists()) ht_end_by(number);
}
