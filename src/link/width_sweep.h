/* width_sweep.h - the width sweep as data: the same training at several widths and seeds, with noise and
 * without. */
#ifndef HT_LINK_WIDTH_SWEEP_H
#define HT_LINK_WIDTH_SWEEP_H

#include <stdbool.h>

#include "heavytail/params.h"

enum { HT_SWEEP_WIDTHS = 8, HT_SWEEP_SEEDS = 3 };

/* All runs of one width. What a run gave stands at its seed's place; NaN where it is not done or diverged. */
typedef struct ht_width_point {
    int width;
    double ratio[HT_SWEEP_SEEDS];                            /* κ at prune.error */
    double accuracy[HT_SWEEP_SEEDS], pruned[HT_SWEEP_SEEDS]; /* on the test samples, before and after */
    double mmo[HT_SWEEP_SEEDS];                              /* α̂ of the first layer */
} ht_width_point;

typedef struct ht_width_sweep_state {
    ht_params params; /* of all runs, but for width and seed */
    int widths, seeds;
    ht_width_point noisy[HT_SWEEP_WIDTHS];
    ht_width_point plain[HT_SWEEP_WIDTHS]; /* without noise: one seed, its κ hardly scatters */
    /* quartiles of κ if the rows were nothing but noise of this type and α; NaN where not known */
    double limit_low[HT_SWEEP_WIDTHS], limit[HT_SWEEP_WIDTHS], limit_high[HT_SWEEP_WIDTHS];
    int done, total, diverged;     /* runs */
    double fraction, seconds_left; /* of all work; left is NaN while it cannot be told */
    bool running, stopped;         /* stopped: before its end */
    char fault[200];               /* why it could not go on; else empty */
} ht_width_sweep_state;

#endif
