#include "base/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

static atomic_llong first; /* in milliseconds; 0: there was none */

bool ht_interrupt_repeated(void)
{
    enum { APART_MS = 250 };
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    long long now = (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000 + 1, none = 0;
    if (atomic_compare_exchange_strong(&first, &none, now)) return false;
    return now - none >= APART_MS; /* `none` is the first by now */
}

void ht_end_by_signal(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

void ht_end_if_repeated(int number)
{
    if (ht_interrupt_repeated()) ht_end_by_signal(number);
}

static atomic_bool flag;

static void on_signal(int number)
{
    ht_end_if_repeated(number);
    atomic_store(&flag, true);
}

static struct sigaction int_before, term_before;

void ht_interrupt_listen(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
    sigaction(SIGINT, &action, &int_before);
    sigaction(SIGTERM, &action, &term_before);
}

void ht_interrupt_leave(void)
{
    sigaction(SIGINT, &int_before, NULL);
    sigaction(SIGTERM, &term_before, NULL);
}

bool ht_interrupted(void)
{
    return atomic_load(&flag);
}

const atomic_bool *ht_interrupt_flag(void)
{
    return &flag;
}
