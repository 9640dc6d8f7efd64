#include "engine/recorder.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/thread.h"

/* Lines on their way to the disk. */
typedef struct mail {
    ht_text journal, rows;
    uint64_t cut; /* rows after this step are no longer true; UINT64_MAX: all are */
} mail;

struct ht_recorder {
    ht_rundir *dir;
    ht_trainer *trainer;
    ht_pool *pool;
    pthread_t thread;
    pthread_mutex_t lock; /* held for moments, never while writing */
    pthread_cond_t news;

    /* trainer's thread */
    double due;                      /* time of the next checkpoint */
    uint64_t last_step, last_change; /* of the last copy */
    ht_checkpoint *copy;             /* the writer's while `handed` */

    /* under the lock */
    mail pending;
    bool handed, quit;
    bool failing, changed; /* since ht_recorder_news was last asked */
    ht_error problem;

    /* writer's thread */
    mail unwritten;
    bool owes_checkpoint; /* the last one could not be written */
};

/* Takes over what `from` holds, in order. */
static void merge(mail *into, mail *from)
{
    ht_text_add_bytes(&into->journal, from->journal.data ? from->journal.data : "", from->journal.length);
    if (from->cut < UINT64_MAX) {
        ht_metrics_cut(&into->rows, from->cut);
        if (from->cut < into->cut) into->cut = from->cut;
    }
    ht_text_add_bytes(&into->rows, from->rows.data ? from->rows.data : "", from->rows.length);
    into->journal.failed = into->journal.failed || from->journal.failed;
    into->rows.failed = into->rows.failed || from->rows.failed;
    ht_text_free(&from->journal);
    ht_text_free(&from->rows);
    from->cut = UINT64_MAX;
}

static void free_mail(mail *m)
{
    ht_text_free(&m->journal);
    ht_text_free(&m->rows);
}

/* Told once each time it changes. */
static void report(ht_recorder *r, const ht_error *err)
{
    pthread_mutex_lock(&r->lock);
    bool failing = err != NULL;
    if (failing != r->failing || (failing && strcmp(err->text, r->problem.text) != 0)) {
        r->changed = true;
        r->failing = failing;
        if (err) r->problem = *err;
    }
    pthread_mutex_unlock(&r->lock);
}

static void write_all(ht_recorder *r, bool checkpoint)
{
    ht_error err;
    mail *m = &r->unwritten;
    ht_code code = ht_rundir_append(r->dir, &m->journal, &m->rows, &m->cut, &err);
    /* Lines come first: a checkpoint whose way there is not in the journal could not be replayed. */
    if (code == HT_OK && checkpoint) {
        code = ht_rundir_save(r->dir, r->copy, &err);
        r->owes_checkpoint = code != HT_OK;
    }
    /* Short lines may find room on a disk that is full for checkpoints: all is well only after one of these.
     */
    if (code != HT_OK || !r->owes_checkpoint) report(r, code == HT_OK ? NULL : &err);
}

static void wait_for_work(ht_recorder *r)
{
    /* Rows alone wake nobody; and a full disk may have room again. */
    struct timespec until = ht_deadline(1);
    while (!r->quit && !r->handed && r->pending.journal.length == 0)
        if (pthread_cond_timedwait(&r->news, &r->lock, &until) == ETIMEDOUT) break;
}

static void *recorder_main(void *argument)
{
    ht_recorder *r = argument;
    bool quit = false;
    while (!quit) {
        pthread_mutex_lock(&r->lock);
        wait_for_work(r);
        bool handed = r->handed;
        quit = r->quit;
        merge(&r->unwritten, &r->pending);
        pthread_mutex_unlock(&r->lock);
        const mail *m = &r->unwritten;
        bool lines = m->journal.length || m->rows.length || m->cut < UINT64_MAX;
        if (lines || handed || m->journal.failed || m->rows.failed) write_all(r, handed);
        if (!handed) continue;
        pthread_mutex_lock(&r->lock);
        r->handed = false;
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

/* Waits are on the clock of ht_deadline. */
static void init_news(pthread_cond_t *news)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(news, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static double interval(const ht_recorder *r)
{
    return ht_params_get(ht_trainer_params(r->trainer), HT_P_RUN_CHECKPOINT);
}

ht_recorder *ht_recorder_start(ht_rundir *dir, ht_trainer *trainer, ht_pool *pool, ht_error *err)
{
    ht_recorder *r = ht_alloc(1, sizeof *r, "the recorder", err);
    if (!r) return NULL;
    r->dir = dir;
    r->trainer = trainer;
    r->pool = pool;
    r->pending.cut = r->unwritten.cut = UINT64_MAX;
    r->due = ht_now() + interval(r);
    r->last_step = ht_trainer_steps(trainer);
    r->last_change = ht_trainer_change(trainer);
    pthread_mutex_init(&r->lock, NULL);
    init_news(&r->news);
    if (ht_thread_start(&r->thread, recorder_main, r, "the recorder's thread", err) == HT_OK) return r;
    pthread_cond_destroy(&r->news);
    pthread_mutex_destroy(&r->lock);
    ht_free(r);
    return NULL;
}

void ht_recorder_take(ht_recorder *r, const ht_sample *s)
{
    bool turn = s->change > 0 && s->kind != HT_SAMPLE_CHANGE;
    pthread_mutex_lock(&r->lock);
    ht_journal_add(&r->pending.journal, s);
    if (s->kind == HT_SAMPLE_RESET || s->kind == HT_SAMPLE_REWIND) {
        ht_metrics_cut(&r->pending.rows, s->step);
        if (s->step < r->pending.cut) r->pending.cut = s->step;
    }
    if (s->kind == HT_SAMPLE_EVAL) ht_metrics_add(&r->pending.rows, s);
    if (r->pending.journal.length) pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
    /* What was saved before belongs to another branch. */
    if (turn) r->due = ht_now();
}

double ht_recorder_patience(const ht_recorder *r)
{
    bool same =
        r->last_step == ht_trainer_steps(r->trainer) && r->last_change == ht_trainer_change(r->trainer);
    if (same || !(interval(r) > 0)) return INFINITY;
    return fmax(0, r->due - ht_now());
}

void ht_recorder_offer(ht_recorder *r)
{
    ht_error err;
    if (ht_recorder_patience(r) > 0) return;
    pthread_mutex_lock(&r->lock);
    bool busy = r->handed;
    pthread_mutex_unlock(&r->lock);
    if (busy) return; /* the disk is slower than run.checkpoint_seconds: as soon as it is done */
    r->due = ht_now() + interval(r);
    if (!r->copy && !(r->copy = ht_checkpoint_new(r->trainer, &err))) {
        report(r, &err);
        return;
    }
    if (ht_checkpoint_take(r->copy, r->trainer, r->pool, &err) != HT_OK) {
        report(r, &err);
        return;
    }
    r->last_step = ht_trainer_steps(r->trainer);
    r->last_change = ht_trainer_change(r->trainer);
    pthread_mutex_lock(&r->lock);
    r->handed = true;
    pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
}

bool ht_recorder_news(ht_recorder *r, bool *good, char *text, size_t size)
{
    pthread_mutex_lock(&r->lock);
    bool changed = r->changed;
    r->changed = false;
    *good = !r->failing;
    if (changed) ht_text_copy(text, size, r->failing ? r->problem.text : "saving the run works again");
    pthread_mutex_unlock(&r->lock);
    return changed;
}

ht_code ht_recorder_stop(ht_recorder *r, ht_error *err)
{
    if (!r) return HT_OK;
    pthread_mutex_lock(&r->lock);
    r->quit = true;
    pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    mail *m = &r->unwritten;
    ht_checkpoint now = ht_checkpoint_of(r->trainer);
    ht_code code = ht_rundir_append(r->dir, &m->journal, &m->rows, &m->cut, err);
    if (code == HT_OK) code = ht_rundir_save(r->dir, &now, err);
    free_mail(&r->pending);
    free_mail(m);
    ht_checkpoint_free(r->copy);
    pthread_cond_destroy(&r->news);
    pthread_mutex_destroy(&r->lock);
    ht_free(r);
    return code;
}
