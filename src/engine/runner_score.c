/* runner_score.c - test scores. Where all samples at once would hold training up a score is made of a copy of
 * the weights, a piece at a time between steps. With a recorder it is a row of metrics and is never left out:
 * its pieces are as large as it takes to be done before the next is due. */
#include <stdint.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "engine/runner_state.h"

static double long_enough = 0.025, /* seconds of training standing still that nobody notices */
    piece_seconds = 0.005;         /* a piece takes them if that is enough */

static const double piece_share = 0.1, /* of the time, while a score is made that no row waits for */
    hasty_seconds = 0.04;              /* a piece while a checkpoint waits for the row: still no long pause */

void ht_runner_pace_scores(double slow, double piece)
{
    long_enough = slow;
    piece_seconds = piece;
}

void ht_runner_prepare_score(ht_runner *r)
{
    ht_error unused;
    if (r->evaluation_wall < long_enough) return;
    r->scored = ht_network_like(ht_trainer_network(r->trainer), &unused);
    if (r->scored) r->scorer = ht_evaluation_new(r->scored, r->pool, &unused);
}

static void tell(ht_runner *r, ht_sample *sample, ht_score score)
{
    sample->test_loss = score.loss;
    sample->test_accuracy = score.accuracy;
    sample->applied_seq = r->applied_seq;
    sample->state = r->state;
    ht_runner_emit(r, sample);
}

static void evaluate_now(ht_runner *r, bool row)
{
    ht_error err;
    ht_score score;
    double began = ht_now(), start = ht_thread_now(); /* with a pool its workers compute as long */
    /* A row of metrics is due: a run that goes on later is the whole run. */
    const atomic_bool *off = row && r->recorder ? ht_cancel_flag() : ht_cancel_by(&r->quit);
    ht_code code = ht_trainer_test_score(r->trainer, &score, &err);
    ht_cancel_by(off);
    if (code != HT_OK) {
        if (!atomic_load(&r->quit)) ht_runner_enter(r, HT_STATE_PAUSED, err.text);
        return;
    }
    r->evaluation_end = ht_now();
    r->evaluation_wall = r->evaluation_end - began;
    r->evaluation_cost = ht_thread_now() - start;
    ht_sample sample = ht_trainer_eval_sample(r->trainer, row);
    sample.masked = r->masked;
    tell(r, &sample, score);
}

/* False: it is to be made at once. */
static bool begin(ht_runner *r, bool row)
{
    ht_error unused;
    const ht_evaluation_of of = {.samples = ht_trainer_test_samples(r->trainer)};
    if (!r->scorer || r->evaluation_wall < long_enough || r->state != HT_STATE_RUNNING ||
        ht_evaluation_begin(r->scorer, &of, &unused) != HT_OK)
        return false;
    ht_network_assign(r->scored, ht_trainer_network(r->trainer));
    r->score = ht_trainer_eval_sample(r->trainer, row);
    r->score.masked = r->masked;
    r->score_due = 0;
    r->evaluation_cost = 0;
    return r->scoring = true;
}

void ht_runner_evaluate(ht_runner *r, bool row)
{
    ht_runner_end_score(r);
    r->evaluation_step = ht_trainer_steps(r->trainer);
    if (!begin(r, row)) evaluate_now(r, row);
}

bool ht_runner_owes_row(const ht_runner *r)
{
    return r->scoring && r->recorder && r->score.folded > 0;
}

bool ht_runner_scores(const ht_runner *r)
{
    return r->scoring && (r->recorder || r->state != HT_STATE_RUNNING || ht_now() >= r->score_due);
}

/* So many units, and more for some seconds. */
static void make(ht_runner *r, size_t units, double seconds)
{
    ht_error unused;
    double start = ht_thread_now(), began = ht_now();
    ht_code code = ht_evaluation_piece(r->scorer, units, began + seconds, &unused);
    r->evaluation_cost += ht_thread_now() - start;
    r->score_due = began + (ht_now() - began) / piece_share;
    if (code != HT_OK || ht_evaluation_left(r->scorer) > 0) return;
    r->scoring = false;
    r->evaluation_end = ht_now();
    tell(r, &r->score, ht_evaluation_score(r->scorer));
}

/* Until the next row or the end of the run; at least one. */
static uint64_t steps_left(const ht_runner *r)
{
    const ht_params *p = ht_trainer_params(r->trainer);
    uint64_t every = (uint64_t)ht_params_get(p, HT_P_TRAIN_EVAL_EVERY), step = ht_trainer_steps(r->trainer),
             left = every - step % every;
    double end = ht_params_get(p, HT_P_TRAIN_STEPS) - (double)step;
    return end >= 1 && end < (double)left ? (uint64_t)end : left;
}

void ht_runner_score_piece(ht_runner *r)
{
    size_t steps = (size_t)steps_left(r), left = ht_evaluation_left(r->scorer);
    bool hastes = r->recorder && r->state == HT_STATE_RUNNING,
         waited_for = ht_runner_owes_row(r) && ht_recorder_next(r->recorder) <= 0;
    const atomic_bool *off = ht_cancel_by(&r->quit);
    make(r, hastes ? (left + steps - 1) / steps : 1, waited_for ? hasty_seconds : piece_seconds);
    ht_cancel_by(off);
}

void ht_runner_end_score(ht_runner *r)
{
    const atomic_bool *off = ht_cancel_by(NULL);
    if (ht_runner_owes_row(r)) make(r, SIZE_MAX, 0);
    ht_cancel_by(off);
    if (r->scoring) r->evaluation_step = UINT64_MAX; /* of what is given up */
    r->scoring = false;
}
