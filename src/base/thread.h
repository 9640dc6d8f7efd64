/* thread.h - starting a thread of ours. */
#ifndef HT_BASE_THREAD_H
#define HT_BASE_THREAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "heavytail/status.h"

/* Starts `run(context)`. The new thread receives no signals from outside (they belong to the thread that has
 * the screen), but its own faults still reach the crash handler. Its stack is of one size,
 * whatever `ulimit -s` says. `what` names it in the error. Join with pthread_join. */
ht_code ht_thread_start(pthread_t *thread, void *(*run)(void *), void *context, const char *what,
                        ht_error *err);

/* Joins it if it ends within so many seconds; false: it goes on, and what it uses must stay. */
bool ht_thread_join_within(pthread_t thread, double seconds);

/* Takes the semaphore, waiting at most so many seconds. False: it was not posted. */
bool ht_wait_for(sem_t *semaphore, double seconds);

#endif
