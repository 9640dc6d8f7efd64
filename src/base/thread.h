/* thread.h - starting a thread of ours. */
#ifndef HT_BASE_THREAD_H
#define HT_BASE_THREAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "heavytail/status.h"

/* Starts `run(context)`. The new thread receives no signals from outside (they belong to the thread that has
 * the screen), but its own faults still reach the crash handler. `what` names it in the error. Join with
 * pthread_join. */
ht_code ht_thread_start(pthread_t *thread, void *(*run)(void *), void *context, const char *what,
                        ht_error *err);

/* Takes the semaphore, waiting at most so many seconds. False: it was not posted. */
bool ht_wait_for(sem_t *semaphore, double seconds);

#endif
