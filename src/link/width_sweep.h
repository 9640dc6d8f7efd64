/* width_sweep.h - the width sweep as data: the same training at several widths, with ever more seeds, and
 * without noise. */
#ifndef HT_LINK_WIDTH_SWEEP_H
#define HT_LINK_WIDTH_SWEEP_H

#include <stdbool.h>

#include "heavytail/params.h"
#include "nn/row_noise.h"

enum { HT_SWEEP_WIDTHS = 8, HT_SWEEP_SEEDS = 200 };

/* All runs of one width. What a run gave stands at its seed's place; NaN where it is not done or diverged. */
typedef struct ht_width_point {
    int width;
    bool ended[HT_SWEEP_SEEDS];                              /* diverged ones, too */
    double ratio[HT_SWEEP_SEEDS];                            /* κ at prune.error */
    double accuracy[HT_SWEEP_SEEDS], pruned[HT_SWEEP_SEEDS]; /* on the test samples, before and after */
    double mmo[HT_SWEEP_SEEDS];                              /* α̂ of the first layer */
} ht_width_point;

typedef struct ht_width_sweep_state {
    ht_params params; /* of all runs, but for width and seed; train.steps is a run's */
    char unequal[64]; /* model.widths that were asked for and are not trained; "" */
    int widths;
    ht_width_point noisy[HT_SWEEP_WIDTHS];
    ht_width_point plain[HT_SWEEP_WIDTHS];        /* without noise: one seed, its κ hardly scatters */
    ht_row_prediction predicted[HT_SWEEP_WIDTHS]; /* from independent rows; count 0 where not known (yet) */
    int runs, diverged;                           /* that have ended, those of `plain` too; of these */
    bool running;
    bool complete;   /* there is nothing more to train */
    char fault[200]; /* why it could not go on; else empty */
} ht_width_sweep_state;

#endif
