/* pool.h - the pthread pool. It cuts a job into numbered tasks that threads take from one atomic counter;
 * which thread runs a task must not matter to the result. Code that computes gets a pool passed in and starts
 * no thread. */
#ifndef HT_BASE_POOL_H
#define HT_BASE_POOL_H

#include "heavytail/status.h"

typedef struct ht_pool ht_pool;

/* `worker` is 0 .. threads-1, for per-thread scratch. */
typedef void ht_pool_task(void *context, int task, int worker);

/* `threads` ≥ 1 counts the caller, who works too. NULL with *err set on failure. */
ht_pool *ht_pool_new(int threads, ht_error *err);
void ht_pool_free(ht_pool *pool);

int ht_pool_threads(const ht_pool *pool); /* a NULL pool has one thread: the caller */

/* Runs tasks 0 .. count-1 and returns when all are done. One caller at a time. A NULL pool runs them in order
 * on the caller. No allocation, no lock. Once the caller's work is cancelled (base/cancel.h) tasks that have
 * not begun are left out: ask ht_still_wanted before the results are used. */
void ht_pool_run(ht_pool *pool, int count, ht_pool_task *task, void *context);

/* Cores this process may run on. */
int ht_pool_cores(void);

#endif
