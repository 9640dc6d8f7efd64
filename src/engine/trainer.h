/* trainer.h - one training run: network, data order, step counter. Synchronous; runner.h puts it on a thread.
 *
 * Everything that happens is a function of the parameters and the step, so a run resumes and replays bit by
 * bit. One thread at a time. */
#ifndef HT_ENGINE_TRAINER_H
#define HT_ENGINE_TRAINER_H

#include "base/notes.h"
#include "base/pool.h"
#include "engine/validation.h"
#include "heavytail/dataset.h"
#include "heavytail/network.h"
#include "heavytail/params.h"
#include "nn/average.h"
#include "nn/occam.h"
#include "link/messages.h"
#include "nn/step/step.h"

typedef struct ht_trainer ht_trainer;

/* How a run ends. */
typedef enum ht_end { HT_END_NOT, HT_END_DONE, HT_END_CONVERGED, HT_END_DIVERGED, HT_END_STOPPED } ht_end;

const char *ht_end_word(ht_end end); /* "done", as in JSON; "" while it goes on */

/* Borrows `data` and `pool`. Weights are initialized from train.seed, or those of train.init. NULL with *err
 * set. */
ht_trainer *ht_trainer_new(const ht_params *params, const ht_dataset *data, ht_pool *pool, ht_error *err);
/* The same for a run that has a checkpoint: a file of train.init that cannot be read any more is only a note.
 */
ht_trainer *ht_trainer_new_resumed(const ht_params *params, const ht_dataset *data, ht_pool *pool,
                                   ht_error *err);
void ht_trainer_free(ht_trainer *t);

/* One step. When the result says `refused`, nothing has changed: the weights are the last finite ones. */
ht_step_result ht_trainer_step(ht_trainer *t);

/* The same; the new weights also go into `capture` (may be NULL) while they are in cache. */
ht_step_result ht_trainer_step_captured(ht_trainer *t, ht_capture *capture);

/* ---- changes: what a journal must hold. Each that succeeds counts one up ---- */

/* Changes a parameter that takes effect at the next step (LIVE or VIEW). On failure the old value stays; that
 * counts too. */
ht_code ht_trainer_set(ht_trainer *t, ht_param p, double value, ht_error *err);
/* Says what preset the settings are of; no change that counts: nothing is trained otherwise. */
void ht_trainer_set_preset(ht_trainer *t, const char *name);

/* Back to step 0 with the initial weights of `seed`, which becomes train.seed. The mask goes. */
void ht_trainer_reset(ht_trainer *t, uint64_t seed);

/* Removes weights; with keep_mask they stay removed while training goes on. After a failure the weights may
 * be pruned in part. */
ht_code ht_trainer_prune(ht_trainer *t, const ht_prune_intent *intent, ht_prune_result *result,
                         ht_error *err);

/* From now on the weights that are 0 now stay 0 (one bit a weight is allocated). On failure nothing changes.
 */
ht_code ht_trainer_mask_zeros(ht_trainer *t, ht_error *err);
void ht_trainer_unmask(ht_trainer *t); /* all weights are trained again */

uint64_t ht_trainer_revision(const ht_trainer *t);              /* changes so far */
void ht_trainer_set_revision(ht_trainer *t, uint64_t revision); /* when a journal is continued */

const ht_params *ht_trainer_params(const ht_trainer *t);
const ht_notes *ht_trainer_notes(const ht_trainer *t); /* what was guessed or left out in train.init's file */
ht_network *ht_trainer_network(ht_trainer *t);
/* What tails and prunings are measured on: the mean of late iterates if train.average asks for one and it has
 * begun, else the network. */
const ht_network *ht_trainer_measured(const ht_trainer *t);
/* What a state holds beside the weights, all like them: an array a layer. */
typedef enum ht_array {
    HT_ARRAY_MOMENTUM,
    HT_ARRAY_FACTORS, /* and the HT_FACTORS_MAX - 1 after it */
    HT_ARRAY_AVERAGE = HT_ARRAY_FACTORS + HT_FACTORS_MAX,
    HT_ARRAY_BEST,
    HT_ARRAY_MEAN,   /* of the optimizer: of gradients … */
    HT_ARRAY_SQUARE, /* … and of their squares */
    HT_ARRAYS
} ht_array;

const char *ht_array_name(ht_array array); /* "momentum", "factors.0" …, static */
/* NULL where there is none now: no momentum, another optimizer, fewer factors, nothing averaged yet, no best
 * epoch. */
float *ht_trainer_array(ht_trainer *t, ht_array array, int tensor);

/* After weights and arrays were written from outside. */
void ht_trainer_settle(ht_trainer *t);

ht_average *ht_trainer_average(ht_trainer *t); /* its mean is NULL without train.average */
/* Iterates that the mean lacks because they were not kept when the end of the run was moved, or because the
 * checkpoint is one of an older program; 0: it is that of a run in one piece. */
uint64_t ht_trainer_unaveraged(const ht_trainer *t);
ht_factors *ht_trainer_factors(ht_trainer *t);       /* NULL unless model.factors is 2 or more */
const ht_mask *ht_trainer_mask(const ht_trainer *t); /* NULL without */
bool ht_trainer_masked(const ht_trainer *t);
size_t ht_trainer_samples(const ht_trainer *t); /* trained on: without those held back */

/* The network at the end of the epoch of lowest loss, before its pruning; NULL until one was validated:
 * with occam.lambda0, or with samples held back. */
const ht_network *ht_trainer_best(const ht_trainer *t);

/* The epochs since the trainer was made or reset, at most HT_OCCAM_EPOCHS rows (validation.h); the trainer's
 * memory, valid until its next step. */
const ht_occam_epoch *ht_trainer_occam(const ht_trainer *t, size_t *count);
/* Takes over the rows that belong to a state. */
void ht_trainer_set_occam(ht_trainer *t, const ht_occam_epoch *rows, size_t count);
uint64_t ht_trainer_steps(const ht_trainer *t);
double ht_trainer_epoch(const ht_trainer *t); /* passes over the training set, with fraction */
double ht_trainer_lr(const ht_trainer *t);    /* step size of the next step, after the schedule */

/* True every train.eval_every steps. */
bool ht_trainer_eval_due(const ht_trainer *t);

/* Loss and accuracy on the first test samples, at most 1000: what the curves over steps show. */
ht_code ht_trainer_test_score(ht_trainer *t, ht_score *score, ht_error *err);

/* Is the training set to be judged at this step, by train.stop_accuracy and train.stop_loss? Cheap. */
bool ht_trainer_stop_due(const ht_trainer *t);
/* What was asked for held at `step`, which train.stop_after counts from. */
void ht_trainer_note_reached(ht_trainer *t, uint64_t step);
/* It held, and train.stop_after steps have been made since. */
bool ht_trainer_converged(const ht_trainer *t);
bool ht_trainer_ends(const ht_trainer *t); /* that, or train.steps are done */

/* Does a stop condition hold now? Cheap unless an evaluation on the training set is due and the running
 * minibatch accuracy is within 0.05 of train.stop_accuracy (and the loss within four times train.stop_loss).
 * *end: HT_END_NOT, HT_END_DONE (train.steps) or HT_END_CONVERGED (what was asked for, and train.stop_after).
 */
ht_code ht_trainer_stop(ht_trainer *t, ht_end *end, ht_error *err);

double ht_trainer_seconds(const ht_trainer *t); /* spent in steps since step 0 */

/* What is known of the steps since the last evaluation: the next row of metrics.csv. */
typedef struct ht_trainer_row {
    uint64_t steps;
    double loss_sum, loss_min, loss_max, accuracy_sum;
} ht_trainer_row;

/* An EVAL sample of this step, its scores left out; with `row` it also takes the row. */
ht_sample ht_trainer_eval_sample(ht_trainer *t, bool row);
/* What scores are measured on. */
ht_samples ht_trainer_test_samples(const ht_trainer *t);

/* Evaluates on the first test samples into an EVAL sample; with `row` it also takes the row. */
ht_code ht_trainer_evaluate(ht_trainer *t, bool row, ht_sample *sample, ht_error *err);

/* Multiply-adds (nn/layers/multiply_adds.h): of the weights that are trained, for a sample forward; and of
 * all training, each step three times that for each sample of its batch. NaN: the checkpoint that was resumed
 * is of a program that did not count. */
double ht_trainer_multiply_adds(const ht_trainer *t);
double ht_trainer_compute(const ht_trainer *t);

enum { HT_UNCOUNTED = -1 };

/* What training depends on beside weights, momentum, mask and parameters; `revision` and `seconds` say where
 * it stands in its journal. */
typedef struct ht_trainer_state {
    uint64_t step, epoch, cursor;
    double running_accuracy, running_loss;
    uint64_t
        reached; /* the step at which the stopping criterion held; 0: not yet, or train.stop_after is 0 */
    ht_trainer_row row;
    ht_occam occam;    /* with occam.lambda0 */
    double compute;    /* multiply-adds of all steps; HT_UNCOUNTED: part of them was not counted */
    uint64_t averaged; /* iterates in the mean */
    uint64_t recent;   /* the last iterates that are kept beside it */
    uint64_t revision;
    double seconds;
} ht_trainer_state;

ht_trainer_state ht_trainer_state_get(const ht_trainer *t);
/* Sets the counters, all but `revision`. HT_FAIL when they do not fit the data; nothing changes then. */
ht_code ht_trainer_state_set(ht_trainer *t, const ht_trainer_state *state, ht_error *err);

/* Takes over a state, the parameters that training depends on (not the VIEW ones) and the mask (NULL: none):
 * one change. On failure nothing changes. Weights and arrays are the caller's to copy. */
ht_code ht_trainer_adopt(ht_trainer *t, const ht_trainer_state *state, const ht_params *params,
                         const ht_mask *mask, ht_error *err);

#endif
