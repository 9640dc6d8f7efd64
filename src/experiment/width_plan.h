/* width_plan.h - in which order a width sweep does its jobs, and what each run's seed is. Pure: the order
 * does not depend on how fast anything is. */
#ifndef HT_EXPERIMENT_WIDTH_PLAN_H
#define HT_EXPERIMENT_WIDTH_PLAN_H

#include <stdint.h>

#include "heavytail/dataset.h"
#include "link/width_sweep.h"

typedef enum ht_width_kind { HT_WIDTH_PREDICTION, HT_WIDTH_NOISY, HT_WIDTH_PLAIN } ht_width_kind;

typedef struct ht_width_job {
    ht_width_kind kind;
    int point, seed; /* of a prediction: 0 the quick one, 1 the thorough one */
    double due;      /* jobs are done by rising `due` */
} ht_width_job;

enum { HT_WIDTH_JOBS = HT_SWEEP_WIDTHS * (HT_SWEEP_SEEDS + 3) };

/* Equal steps on a log axis, in round numbers: 100 to 10 000. */
int ht_width_of(int point);

/* What all runs of a sweep that is asked for with `params` have in common: an equal width for each hidden
 * layer, and a fixed number of steps in the place of any stopping criterion, HT_SWEEP_STEPS (on large samples
 * HT_SWEEP_STEPS_LARGE), or train.steps where that is less. */
enum { HT_SWEEP_STEPS = 300, HT_SWEEP_STEPS_LARGE = 100 };
ht_params ht_width_settings(const ht_params *params, const ht_dataset *data);

/* Quick predictions first, thorough ones among the first runs: 31 seeds at each width up to 1 000, one at
 * each before the next; then most of the work is for the wider ones, of which n gets as many as 1/√n says.
 * What has ended is left out; `seeds` at most at each width. Returns how many. */
int ht_width_plan(const ht_width_sweep_state *state, int seeds, ht_width_job jobs[HT_WIDTH_JOBS]);

/* A run's train.seed: of its own for each sweep, width and number, so that no draw is in two of them. (The
 * noise of a neuron depends on the seed and its number: with one seed, a giant among the first hundred
 * neurons would stand in every width.) A function of the sweep's settings, train.seed among them. */
uint64_t ht_width_seed(const ht_params *settings, int point, int seed);

#endif
