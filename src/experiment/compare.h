/* compare.h - trains one network with each method and seed in the background: a thread of its own, and a pool
 * whose threads take one method after the other. */
#ifndef HT_EXPERIMENT_COMPARE_H
#define HT_EXPERIMENT_COMPARE_H

#include "heavytail/dataset.h"
#include "link/compare.h"

typedef struct ht_compare ht_compare;

typedef struct ht_compare_plan {
    ht_params common;               /* what all methods have in common */
    const ht_prune_method *pruning; /* every network is pruned by it; NULL: each method's own */
    int seeds;
    double seed[HT_METHOD_SEEDS];   /* 0 seeds: train.seed */
    const ht_compare_state *before; /* results of the same settings that these are added to; NULL: none */
    const char *refused;            /* why there is nothing to train; else NULL */
} ht_compare_plan;

/* One seed; of the same settings what was stopped goes on, and what is complete gets one seed more, or is
 * refused. `before` may have a count of 0. */
ht_compare_plan ht_compare_plan_next(const ht_params *common, const ht_compare_state *before);

/* Starts on `threads` threads. Borrows the data. NULL with *err set. */
ht_compare *ht_compare_start(const ht_compare_plan *plan, const ht_dataset *data, int threads, ht_error *err);

/* How it stands. Any thread; never waits for a run. */
void ht_compare_look(ht_compare *compare, ht_compare_state *state);

void ht_compare_wait(ht_compare *compare); /* until the last method is done */
void ht_compare_stop(ht_compare *compare); /* soon: what is done stays, what runs is given up */
/* Stops it; false when it has not ended within so many seconds, and what it uses must stay. */
bool ht_compare_gone(ht_compare *compare, double seconds);
void ht_compare_free(ht_compare *compare); /* stops it, waits for its threads */

#endif
