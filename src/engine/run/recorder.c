#include "engine/run/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/thread.h"

/* Lines to be written: all that happened, in order. The rows of a branch are written at once; those of
 * metrics.csv are of the path of the checkpoint that is there (rundir.h). */
typedef struct mail {
    ht_text journal, rows;
} mail;

struct ht_recorder {
    ht_rundir *dir;
    ht_trainer *trainer;
    ht_pool *pool;
    pthread_t thread;
    pthread_mutex_t lock; /* held for moments, never while writing */
    pthread_cond_t news;

    /* trainer's thread */
    double due;                        /* time of the next checkpoint */
    uint64_t last_step, last_revision; /* of the last copy */
    ht_checkpoint *copy;               /* the writer's while `handed` */

    /* under the lock */
    mail pending;
    bool handed, quit;
    bool alone;            /* no checkpoint will come before the end: nothing to wait for */
    bool failing, changed; /* since ht_recorder_message was last asked */
    ht_error problem;
    char lost[sizeof((ht_error *)0)->text]; /* what became of the directory; "": nothing */

    /* writer's thread */
    mail unwritten;
    bool owes_checkpoint; /* the last one could not be written */

    atomic_bool hurry; /* the checkpoint that is being written is out of date */
};

static void append(ht_text *into, ht_text *from)
{
    ht_text_add_bytes(into, from->data ? from->data : "", from->length);
    into->failed = into->failed || from->failed;
    ht_text_free(from);
}

/* Takes over what `from` holds. */
static void merge(mail *into, mail *from)
{
    append(&into->journal, &from->journal);
    append(&into->rows, &from->rows);
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

/* Has the directory been moved or replaced? Asked before anything is written, and when that has failed. */
static ht_code look_around(ht_recorder *r, ht_error *err)
{
    ht_code code = ht_rundir_check(r->dir, err);
    const char *displaced = ht_rundir_displaced(r->dir);
    if (code != HT_OK || !displaced) return code;
    ht_error text;
    bool whole;
    const char *lacks = ht_rundir_lacks(r->dir, &whole);
    ht_error_set(&text, HT_FAIL, "%s; it goes on in %s%s%s%s", displaced, ht_rundir_path(r->dir),
                 lacks ? ", where " : "", lacks ? lacks : "", lacks ? " lacks what was cut away" : "");
    pthread_mutex_lock(&r->lock);
    ht_text_copy(r->lost, sizeof r->lost, text.text);
    pthread_mutex_unlock(&r->lock);
    return HT_OK;
}

static bool is_lost(const ht_recorder *r)
{
    return ht_rundir_displaced(r->dir) != NULL;
}

static ht_code save_copy(ht_recorder *r, ht_error *err)
{
    const atomic_bool *before = ht_cancel_by(&r->hurry);
    ht_code code = ht_rundir_save(r->dir, r->copy, err);
    ht_cancel_by(before);
    return code;
}

/* Lines come first: a checkpoint whose path is not in the journal could not be replayed. `settled`: no
 * checkpoint will come for which metrics.csv should wait. */
static ht_code write_once(ht_recorder *r, bool checkpoint, bool settled, ht_error *err)
{
    if (look_around(r, err) != HT_OK ||
        ht_rundir_append(r->dir, &r->unwritten.journal, &r->unwritten.rows, err) != HT_OK ||
        (checkpoint && save_copy(r, err) != HT_OK))
        return err->code;
    return settled ? ht_rundir_show(r->dir, UINT64_MAX, err) : HT_OK;
}

static void write_all(ht_recorder *r, bool checkpoint, bool settled)
{
    ht_error err, ignored;
    bool lost = is_lost(r);
    ht_code code = write_once(r, checkpoint, settled, &err);
    /* It failed because the directory was taken away just then: that is told, and not this. */
    if (code != HT_OK && look_around(r, &ignored) == HT_OK && is_lost(r) && !lost)
        code = write_once(r, checkpoint, settled, &err);
    if (checkpoint) r->owes_checkpoint = code != HT_OK;
    /* Short lines may find room on a disk that is full for checkpoints: all is well only after one of these.
     */
    if (code != HT_OK || !r->owes_checkpoint) report(r, code == HT_OK ? NULL : &err);
}

static void wait_for_work(ht_recorder *r)
{
    /* Rows alone do not wake the thread; and a full disk may have room again. */
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
        bool handed = r->handed, alone = r->alone;
        quit = r->quit;
        merge(&r->unwritten, &r->pending);
        pthread_mutex_unlock(&r->lock);
        write_all(r, handed, alone && !handed);
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
    r->due = ht_now() + interval(r);
    r->last_step = ht_trainer_steps(trainer);
    r->last_revision = ht_trainer_revision(trainer);
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
    bool turn = s->revision > 0 && s->kind != HT_SAMPLE_CHANGE, alone = !(interval(r) > 0);
    pthread_mutex_lock(&r->lock);
    ht_journal_add(&r->pending.journal, s);
    if (s->kind == HT_SAMPLE_RESET || s->kind == HT_SAMPLE_REWIND) {
        /* A reset goes on from nothing. */
        uint64_t keep = s->kind == HT_SAMPLE_REWIND ? s->keep : s->revision - 1;
        ht_metrics_branch(&r->pending.rows, s->revision, keep, s->step);
        r->alone = alone;
    }
    if (s->kind == HT_SAMPLE_EVAL) ht_metrics_add(&r->pending.rows, s);
    if (r->pending.journal.length) pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
    /* What was saved before belongs to another branch. */
    if (turn) r->due = ht_now();
}

double ht_recorder_next(const ht_recorder *r)
{
    bool same =
        r->last_step == ht_trainer_steps(r->trainer) && r->last_revision == ht_trainer_revision(r->trainer);
    if (same || !(interval(r) > 0)) return INFINITY;
    return fmax(0, r->due - ht_now());
}

void ht_recorder_offer(ht_recorder *r)
{
    ht_error err;
    if (ht_recorder_next(r) > 0) return;
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
    r->last_revision = ht_trainer_revision(r->trainer);
    pthread_mutex_lock(&r->lock);
    r->handed = true;
    pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
}

bool ht_recorder_message(ht_recorder *r, bool *good, char *text, size_t size)
{
    pthread_mutex_lock(&r->lock);
    bool changed = r->changed;
    r->changed = false;
    *good = !r->failing;
    if (changed) ht_text_copy(text, size, r->failing ? r->problem.text : "saving the run works again");
    pthread_mutex_unlock(&r->lock);
    return changed;
}

bool ht_recorder_lost(ht_recorder *r, char *text, size_t size)
{
    pthread_mutex_lock(&r->lock);
    bool lost = r->lost[0] != '\0';
    if (lost) ht_text_copy(text, size, r->lost);
    pthread_mutex_unlock(&r->lock);
    return lost;
}

static ht_code finish(ht_recorder *r, const ht_checkpoint *now, ht_error *err)
{
    if (ht_rundir_check(r->dir, err) != HT_OK ||
        ht_rundir_append(r->dir, &r->unwritten.journal, &r->unwritten.rows, err) != HT_OK)
        return err->code;
    return ht_rundir_finish(r->dir, now, err);
}

/* Where the run is, and what is missing there. */
static ht_code tell_place(const ht_recorder *r, const char *displaced, uint64_t step, ht_error *err)
{
    bool whole;
    const char *path = ht_rundir_path(r->dir), *lacks = ht_rundir_lacks(r->dir, &whole);
    if (!whole)
        return ht_error_set(err, HT_FAIL,
                            "%s; its network is saved in %s as of step %" PRIu64
                            ", but %s there lacks what was cut away, so the run can neither be resumed nor "
                            "replayed: `heavytail prune %s` and `tail` read it",
                            displaced, path, step, lacks, path);
    return ht_error_set(err, HT_FAIL,
                        "%s; it is saved in %s as of step %" PRIu64
                        ": `heavytail train --run %s` takes it up%s%s%s",
                        displaced, path, step, path, lacks ? "; " : "", lacks ? lacks : "",
                        lacks ? " there lacks what was cut away" : "");
}

/* The last state; and where it is, if not where it should be. */
static ht_code save_last(ht_recorder *r, ht_error *err)
{
    ht_error ignored;
    ht_checkpoint now = ht_checkpoint_of(r->trainer);
    bool lost = is_lost(r);
    ht_code code = finish(r, &now, err);
    if (code != HT_OK && ht_rundir_check(r->dir, &ignored) == HT_OK && is_lost(r) && !lost)
        code = finish(r, &now, err);
    const char *displaced = ht_rundir_displaced(r->dir);
    if (!displaced) return code;
    if (code != HT_OK) return ht_error_prefix(err, "%s", displaced);
    return tell_place(r, displaced, now.state.step, err);
}

/* The writer's last checkpoint is waited for only if it is of the state that is to be saved. */
static void end_thread(ht_recorder *r)
{
    static const double moment = 0.05;
    bool same =
        r->last_step == ht_trainer_steps(r->trainer) && r->last_revision == ht_trainer_revision(r->trainer);
    atomic_store(&r->hurry, !same);
    pthread_mutex_lock(&r->lock);
    r->quit = true;
    pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
    while (!ht_thread_join_within(r->thread, moment))
        if (ht_cancelled()) atomic_store(&r->hurry, true);
}

ht_code ht_recorder_stop(ht_recorder *r, ht_error *err)
{
    if (!r) return HT_OK;
    end_thread(r);
    merge(&r->unwritten, &r->pending);
    ht_code code = save_last(r, err);
    free_mail(&r->pending);
    free_mail(&r->unwritten);
    ht_checkpoint_free(r->copy);
    pthread_cond_destroy(&r->news);
    pthread_mutex_destroy(&r->lock);
    ht_free(r);
    return code;
}
