/* width_sweep.h - trains the same network at eight widths in the background: a thread of its own, and a pool
 * whose threads take one run after the other, in the order of width_plan.h, until it is stopped. */
#ifndef HT_EXPERIMENT_WIDTH_SWEEP_H
#define HT_EXPERIMENT_WIDTH_SWEEP_H

#include "heavytail/dataset.h"
#include "heavytail/status.h"
#include "link/width_sweep.h"

typedef struct ht_width_sweep ht_width_sweep;

/* Starts training with ht_width_settings(params) on `threads` threads, `seeds` (at most HT_SWEEP_SEEDS) at
 * each width. `before` (may be NULL) is an earlier width sweep: of the same settings it is continued, with
 * its seeds; else what it knows of the same settings without noise is taken over. Borrows the data. NULL with
 * *err set; HT_USAGE: model.layers has layers that are not dense, and no n that widths could be of. */
ht_width_sweep *ht_width_sweep_start(const ht_params *params, const ht_dataset *data, int threads, int seeds,
                                     const ht_width_sweep_state *before, ht_error *err);

/* How it stands. Any thread; never waits for a run. */
void ht_width_sweep_look(ht_width_sweep *width_sweep, ht_width_sweep_state *state);

void ht_width_sweep_stop(ht_width_sweep *width_sweep); /* soon: what is done stays, what runs is given up */
/* Stops it; false when it has not ended within so many seconds, and what it uses must stay. */
bool ht_width_sweep_gone(ht_width_sweep *width_sweep, double seconds);
void ht_width_sweep_free(ht_width_sweep *width_sweep); /* stops it, waits for its threads */

/* The same settings, but for seed and noise (or with noise)? Then the results of one hold for the other. */
bool ht_width_sweep_same(const ht_params *a, const ht_params *b, bool with_noise);

#endif
