/* background.h - jobs that a pool does one after the other behind a thread of their own, until they are done,
 * one fails, or they are stopped: what the comparison of methods and the width sweep have in common. */
#ifndef HT_EXPERIMENT_BACKGROUND_H
#define HT_EXPERIMENT_BACKGROUND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/pool.h"
#include "heavytail/status.h"

typedef struct ht_background_work {
    const char *name; /* for messages: "the comparison" */
    int jobs;
    /* Does one job, on a thread of the pool. A failure ends all others; when cancelled, any code will do. */
    ht_code (*run)(void *context, int job, ht_error *err);
    void (*cut)(void *context, int job); /* it was cancelled before its end; may be NULL */
    /* All jobs have ended, with or without a failure; under the lock. `fault` is of the job that failed, ""
     * if none did. */
    void (*ended)(void *context, const char *fault);
    void *context;
} ht_background_work;

typedef struct ht_background {
    ht_background_work work;
    pthread_mutex_t lock; /* the context's owner holds it to read or write what jobs write */
    ht_pool *pool;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    char fault[sizeof((ht_error *)0)->text];
} ht_background;

/* Starts them. ht_background_free also after a failure. */
ht_code ht_background_start(ht_background *b, const ht_background_work *work, int threads, ht_error *err);

/* Asks the jobs to end; does not wait. */
void ht_background_stop(ht_background *b);
void ht_background_wait(ht_background *b);
/* Stops them and waits so long at most; false: a job still runs, and what it uses must stay. */
bool ht_background_gone(ht_background *b, double seconds);
/* Stops, waits and frees; `b` itself is the caller's. */
void ht_background_free(ht_background *b);

#endif
