#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/thread.h"

typedef struct worker {
    ht_pool *pool;
    pthread_t thread;
    int number;
} worker;

struct ht_pool {
    ht_pool_task *task;
    void *context;
    int count, threads, started;
    bool stopping;
    const atomic_bool *off; /* by which the caller's work is cancelled */
    sem_t work, done;       /* published by the post, taken by the wait: they order the fields above */
    _Alignas(64) atomic_int next;
    worker workers[];
};

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0 && errno == EINTR) {
    }
}

static void take_tasks(ht_pool *pool, int number)
{
    for (int i; (i = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed)) < pool->count;) {
        if (ht_cancelled()) return;
        pool->task(pool->context, i, number);
    }
}

static void *worker_main(void *argument)
{
    worker *self = argument;
    for (;;) {
        wait_for(&self->pool->work);
        if (self->pool->stopping) return NULL;
        ht_cancel_by(self->pool->off);
        take_tasks(self->pool, self->number);
        sem_post(&self->pool->done);
    }
}

ht_pool *ht_pool_new(int threads, ht_error *err)
{
    if (threads < 1) threads = 1;
    ht_pool *pool =
        ht_alloc(1, sizeof *pool + (size_t)threads * sizeof pool->workers[0], "the thread pool", err);
    if (!pool) return NULL;
    pool->threads = threads;
    pool->started = 1;
    sem_init(&pool->work, 0, 0);
    sem_init(&pool->done, 0, 0);
    for (int i = 1; i < threads; i++) {
        pool->workers[i] = (worker){.pool = pool, .number = i};
        if (ht_thread_start(&pool->workers[i].thread, worker_main, &pool->workers[i], "a thread of the pool",
                            err) != HT_OK)
            break;
        pool->started = i + 1;
    }
    if (pool->started < threads) {
        ht_pool_free(pool);
        return NULL;
    }
    return pool;
}

void ht_pool_free(ht_pool *pool)
{
    if (!pool) return;
    pool->stopping = true;
    for (int i = 1; i < pool->started; i++) sem_post(&pool->work);
    for (int i = 1; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    sem_destroy(&pool->work);
    sem_destroy(&pool->done);
    ht_free(pool);
}

int ht_pool_threads(const ht_pool *pool)
{
    return pool ? pool->threads : 1;
}

void ht_pool_run(ht_pool *pool, int count, ht_pool_task *task, void *context)
{
    if (!pool || pool->threads == 1 || count == 1) {
        for (int i = 0; i < count && !ht_cancelled(); i++) task(context, i, 0);
        return;
    }
    int helpers = pool->threads < count ? pool->threads - 1 : count - 1;
    pool->task = task;
    pool->context = context;
    pool->count = count;
    pool->off = ht_cancel_flag();
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    for (int i = 0; i < helpers; i++) sem_post(&pool->work);
    take_tasks(pool, 0);
    /* One that has not begun is not waited for: its core does something else, and no task is left. */
    for (int i = 0; i < helpers; i++)
        if (sem_trywait(&pool->work) != 0) wait_for(&pool->done);
}

int ht_pool_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
    return 1;
}
