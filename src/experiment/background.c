#include "experiment/background.h"

#include "base/cancel.h"
#include "base/text.h"
#include "base/thread.h"

static void run_job(void *context, int number, int worker)
{
    ht_background *b = context;
    const ht_background_work *w = &b->work;
    ht_error err;
    (void)worker;
    ht_cancel_by(&b->stop);
    if (ht_cancelled()) return;
    ht_code code = w->run(w->context, number, &err);
    if (ht_cancelled()) {
        if (w->cut) w->cut(w->context, number);
    } else if (code != HT_OK) {
        pthread_mutex_lock(&b->lock);
        ht_text_copy(b->fault, sizeof b->fault, err.text);
        pthread_mutex_unlock(&b->lock);
        atomic_store(&b->stop, true);
    }
}

static void *background_main(void *argument)
{
    ht_background *b = argument;
    ht_pool_run(b->pool, b->work.jobs, run_job, b);
    pthread_mutex_lock(&b->lock);
    b->work.ended(b->work.context, b->fault);
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

ht_code ht_background_start(ht_background *b, const ht_background_work *work, int threads, ht_error *err)
{
    *b = (ht_background){.work = *work};
    pthread_mutex_init(&b->lock, NULL);
    b->pool = ht_pool_new(threads, err);
    if (!b->pool) return HT_FAIL;
    b->started = ht_thread_start(&b->thread, background_main, b, work->name, err) == HT_OK;
    return b->started ? HT_OK : HT_FAIL;
}

void ht_background_stop(ht_background *b)
{
    atomic_store(&b->stop, true);
}

void ht_background_wait(ht_background *b)
{
    if (b->started) pthread_join(b->thread, NULL);
    b->started = false;
}

bool ht_background_gone(ht_background *b, double seconds)
{
    if (!b->started) return true;
    ht_background_stop(b);
    b->started = !ht_thread_join_within(b->thread, seconds);
    return !b->started;
}

void ht_background_free(ht_background *b)
{
    ht_background_stop(b);
    ht_background_wait(b);
    ht_pool_free(b->pool);
    pthread_mutex_destroy(&b->lock);
}
