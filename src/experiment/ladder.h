/* ladder.h - trains a ladder of widths in the background: a thread of its own, and a pool whose threads take
 * one run after the other. The first pass goes up all widths with one seed, so that the whole curve shows
 * early; the rest comes widest first, so that the cores end together. */
#ifndef HT_EXPERIMENT_LADDER_H
#define HT_EXPERIMENT_LADDER_H

#include "heavytail/dataset.h"
#include "heavytail/status.h"
#include "link/ladder.h"

typedef struct ht_ladder ht_ladder;

/* Without a goal in the settings each run has so many steps. */
enum { HT_LADDER_STEPS = 300 };

/* Starts training with `params` on `threads` threads. `before` (may be NULL) is an earlier ladder: what it
 * knows of the same settings without noise is taken over. Borrows the data. NULL with *err set. */
ht_ladder *ht_ladder_start(const ht_params *params, const ht_dataset *data, int threads,
                           const ht_ladder_state *before, ht_error *err);

/* How it stands. Any thread; never waits for a run. */
void ht_ladder_look(ht_ladder *ladder, ht_ladder_state *state);

void ht_ladder_stop(ht_ladder *ladder); /* soon: what is done stays, what runs is given up */
/* Stops it; false when it has not ended within so many seconds, and what it uses must stay. */
bool ht_ladder_gone(ht_ladder *ladder, double seconds);
void ht_ladder_free(ht_ladder *ladder); /* stops it, waits for its threads */

/* The same settings, but for seed and noise (or with noise)? Then the results of one hold for the other. */
bool ht_ladder_same(const ht_params *a, const ht_params *b, bool with_noise);

#endif
