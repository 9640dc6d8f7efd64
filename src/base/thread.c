#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"

/* ThreadSanitizer does not know sem_clockwait: it is told that a post happens before the wait's return. */
#if defined(__SANITIZE_THREAD__)
#define TOLD 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TOLD 1
#endif
#endif
#ifdef TOLD
#include <sanitizer/tsan_interface.h>
#else
#define __tsan_acquire(address) ((void)(address))
#endif

/* The C library would give a thread as much stack as the shell gives to us, which may be nothing or all there
 * is. Deepest is a median of many values (num/select.c, 400 kB); sanitizers need several times as much. */
enum { STACK = 4 << 20 };

static int create(pthread_t *thread, void *(*run)(void *), void *context)
{
    pthread_attr_t attributes;
    int failed = pthread_attr_init(&attributes);
    if (failed) return failed;
    pthread_attr_setstacksize(&attributes, STACK);
    failed = pthread_create(thread, &attributes, run, context);
    pthread_attr_destroy(&attributes);
    return failed;
}

ht_code ht_thread_start(pthread_t *thread, void *(*run)(void *), void *context, const char *what,
                        ht_error *err)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigset_t blocked, old;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &old);
    int failed = create(thread, run, context);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failed ? ht_error_set(err, HT_FAIL, "cannot start %s: %s", what, strerror(failed)) : HT_OK;
}

/* Asked again and again: sanitizers know no join with a deadline on this clock. */
bool ht_thread_join_within(pthread_t thread, double seconds)
{
    static const struct timespec moment = {0, 1000000};
    double until = ht_now() + seconds;
    while (pthread_tryjoin_np(thread, NULL) != 0) {
        if (ht_now() >= until) return false;
        nanosleep(&moment, NULL);
    }
    return true;
}

bool ht_wait_for(sem_t *semaphore, double seconds)
{
    struct timespec until = ht_deadline(seconds);
    int failed;
    while ((failed = sem_clockwait(semaphore, CLOCK_MONOTONIC, &until)) != 0 && errno == EINTR) {
    }
    if (failed == 0) __tsan_acquire(semaphore);
    return failed == 0;
}
