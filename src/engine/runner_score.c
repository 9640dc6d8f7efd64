/* runner_score.c - test scores while training runs without a run directory: of a copy of the weights, a piece
 * at a time between steps, where all samples at once would hold training up. */
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "engine/runner_state.h"

enum { PIECE = 64 }; /* samples */

static const double long_enough = 0.025, /* seconds of training standing still that nobody notices */
    piece_share = 0.1;                   /* of the time, while a score is made */

bool ht_runner_scores(const ht_runner *r)
{
    return r->scoring && (r->state != HT_STATE_RUNNING || ht_now() >= r->score_due);
}

void ht_runner_prepare_score(ht_runner *r)
{
    ht_error unused;
    if (!r->recorder && r->evaluation_wall >= long_enough)
        r->scored = ht_network_like(ht_trainer_network(r->trainer), &unused);
}

bool ht_runner_score_slowly(ht_runner *r)
{
    if (r->recorder || r->evaluation_wall < long_enough || r->scoring) return r->scoring;
    const ht_network *net = ht_trainer_network(r->trainer);
    if (!r->scored) return false;
    for (int t = 0; t < net->tensor_count; t++)
        memcpy(r->scored->tensors[t].data, net->tensors[t].data,
               ht_tensor_size(&net->tensors[t]) * sizeof(float));
    r->score = ht_trainer_eval_sample(r->trainer, true);
    r->score.test_loss = r->score.test_accuracy = 0;
    r->score_run = r->generation;
    r->score_done = 0;
    r->evaluation_step = r->score.step;
    r->evaluation_cost = 0;
    return r->scoring = true;
}

void ht_runner_score_piece(ht_runner *r)
{
    ht_score score;
    ht_error unused;
    ht_samples all = ht_trainer_test_samples(r->trainer), piece = all;
    size_t inputs = (size_t)r->data->inputs;
    double start = ht_thread_now(), began = ht_now();
    if (r->state != HT_STATE_RUNNING ||
        r->score_run != r->generation) { /* of what is gone; or all at once now */
        r->scoring = false;
        r->evaluation_step = UINT64_MAX;
        return;
    }
    piece.x += r->score_done * inputs, piece.labels += r->score_done;
    piece.count = all.count - r->score_done < PIECE ? all.count - r->score_done : PIECE;
    const atomic_bool *off = ht_cancel_by(&r->quit);
    ht_code code = ht_network_evaluate(r->scored, &piece, NULL, r->pool, &score, &unused);
    ht_cancel_by(off);
    if (code != HT_OK) {
        r->scoring = false;
        return;
    }
    double part = (double)piece.count / (double)all.count;
    r->score.test_loss += part * score.loss, r->score.test_accuracy += part * score.accuracy;
    r->score_done += piece.count;
    r->evaluation_cost += ht_thread_now() - start;
    r->score_due = began + (ht_now() - began) / piece_share;
    if (r->score_done < all.count) return;
    r->scoring = false;
    r->evaluation_end = ht_now();
    r->score.applied_seq = r->applied_seq, r->score.state = r->state, r->score.masked = r->masked;
    ht_runner_emit(r, &r->score);
}
