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

ht_code ht_thread_start(pthread_t *thread, void *(*run)(void *), void *context, const char *what,
                        ht_error *err)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigset_t blocked, old;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &old);
    int failed = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failed ? ht_error_set(err, HT_FAIL, "cannot start %s: %s", what, strerror(failed)) : HT_OK;
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
