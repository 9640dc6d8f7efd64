#include "base/thread.h"

#include <signal.h>
#include <string.h>

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
