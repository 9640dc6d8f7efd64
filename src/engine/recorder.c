#include "engine/recorder.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/thread.h"

/* Lines on their way to the disk. When a future is left, its rows stay true for the checkpoint that is there,
 * until one of the way taken instead is: the cut and the rows after it wait for that. */
typedef struct mail {
    ht_text journal, rows;
    uint64_t cut; /* rows after this step are of the future that was left; UINT64_MAX: there is none */
    ht_text next; /* rows after the cut */
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
    mail pending; /* since the last copy was handed over */
    mail sealed;  /* before that */
    bool handed, quit;
    bool alone;            /* no checkpoint will come before the end: nothing to wait for */
    bool failing, changed; /* since ht_recorder_news was last asked */
    ht_error problem;

    /* writer's thread */
    mail unwritten;       /* with a copy: nothing that is younger, but for the journal */
    bool owes_checkpoint; /* the last one could not be written */
};

static bool waits(const mail *m)
{
    return m->cut < UINT64_MAX;
}

/* Where rows go that are made now. */
static ht_text *latest(mail *m)
{
    return waits(m) ? &m->next : &m->rows;
}

static void leave_future(mail *m, uint64_t step)
{
    ht_metrics_cut(&m->next, step);
    if (step < m->cut) m->cut = step;
}

static void append(ht_text *into, ht_text *from)
{
    ht_text_add_bytes(into, from->data ? from->data : "", from->length);
    into->failed = into->failed || from->failed;
    ht_text_free(from);
}

/* Takes over what `from` holds, in order. */
static void merge(mail *into, mail *from)
{
    append(&into->journal, &from->journal);
    append(latest(into), &from->rows);
    if (waits(from)) leave_future(into, from->cut);
    append(latest(into), &from->next);
    from->cut = UINT64_MAX;
}

static bool failed(const mail *m)
{
    return m->journal.failed || m->rows.failed || m->next.failed;
}

static void free_mail(mail *m)
{
    ht_text_free(&m->journal);
    ht_text_free(&m->rows);
    ht_text_free(&m->next);
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

/* Lines come first: a checkpoint whose way there is not in the journal could not be replayed. */
static ht_code write_lines(ht_recorder *r, ht_error *err)
{
    uint64_t none = UINT64_MAX;
    return ht_rundir_append(r->dir, &r->unwritten.journal, &r->unwritten.rows, &none, err);
}

static ht_code write_next(ht_recorder *r, ht_error *err)
{
    return ht_rundir_append(r->dir, &r->unwritten.journal, &r->unwritten.next, &r->unwritten.cut, err);
}

/* `settled`: the way that was taken last is that of the copy, or there will be none. */
static void write_all(ht_recorder *r, bool checkpoint, bool settled)
{
    ht_error err;
    ht_code code = write_lines(r, &err);
    if (code == HT_OK && checkpoint) {
        code = ht_rundir_save(r->dir, r->copy, &err);
        r->owes_checkpoint = code != HT_OK;
    }
    if (code == HT_OK && settled && waits(&r->unwritten)) code = write_next(r, &err);
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

/* Under the lock. The journal tells of all ways, its lines need not wait. */
static void collect(ht_recorder *r)
{
    merge(&r->unwritten, &r->sealed);
    if (r->alone || !(r->handed || waits(&r->pending)))
        merge(&r->unwritten, &r->pending);
    else
        append(&r->unwritten.journal, &r->pending.journal);
}

static void *recorder_main(void *argument)
{
    ht_recorder *r = argument;
    bool quit = false;
    while (!quit) {
        pthread_mutex_lock(&r->lock);
        wait_for_work(r);
        bool handed = r->handed, settled = handed || r->alone;
        quit = r->quit;
        collect(r);
        pthread_mutex_unlock(&r->lock);
        const mail *m = &r->unwritten;
        bool lines = m->journal.length || m->rows.length || (settled && waits(m));
        if (lines || handed || failed(m)) write_all(r, handed, settled);
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
    r->pending.cut = r->sealed.cut = r->unwritten.cut = UINT64_MAX;
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
    bool turn = s->change > 0 && s->kind != HT_SAMPLE_CHANGE, alone = !(interval(r) > 0);
    pthread_mutex_lock(&r->lock);
    ht_journal_add(&r->pending.journal, s);
    if (s->kind == HT_SAMPLE_RESET || s->kind == HT_SAMPLE_REWIND) {
        leave_future(&r->pending, s->step);
        r->alone = alone;
    }
    if (s->kind == HT_SAMPLE_EVAL) ht_metrics_add(latest(&r->pending), s);
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
    merge(&r->sealed, &r->pending);
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
    merge(&r->unwritten, &r->sealed);
    merge(&r->unwritten, &r->pending);
    ht_checkpoint now = ht_checkpoint_of(r->trainer);
    ht_code code = write_lines(r, err);
    if (code == HT_OK) code = ht_rundir_save(r->dir, &now, err);
    if (code == HT_OK) code = write_next(r, err);
    free_mail(&r->pending);
    free_mail(&r->sealed);
    free_mail(&r->unwritten);
    ht_checkpoint_free(r->copy);
    pthread_cond_destroy(&r->news);
    pthread_mutex_destroy(&r->lock);
    ht_free(r);
    return code;
}
