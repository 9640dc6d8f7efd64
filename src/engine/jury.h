/* jury.h - whether a run has reached its accuracy, found out beside training: states are frozen as they are
 * to be judged, and judged a piece at a time between steps, in their order. The first one that passes is the
 * end of the run: the caller goes back to it, so that it ends at the step and with the bits that it would end
 * with had it stood still for the verdict. The trainer's thread. */
#ifndef HT_ENGINE_JURY_H
#define HT_ENGINE_JURY_H

#include "engine/run/checkpoint.h"
#include "engine/stopping.h"

typedef struct ht_jury ht_jury;

ht_jury *ht_jury_new(ht_trainer *trainer, const ht_dataset *data, ht_pool *pool, ht_error *err); /* borrows */
void ht_jury_free(ht_jury *jury);

/* Freezes the trainer's state: the next to be judged. HT_FAIL without memory for it; nothing changes then. */
ht_code ht_jury_take(ht_jury *jury, ht_error *err);

bool ht_jury_waits(const ht_jury *jury); /* states are to be judged … */
bool ht_jury_full(const ht_jury *jury);  /* … and there is no room for one more */

/* Judges the oldest state for about 20 ms. *verdict: HT_VERDICT_OPEN: not yet; HT_VERDICT_NOT: it is gone;
 * HT_VERDICT_REACHED: it stays the oldest one until ht_jury_drop. */
ht_code ht_jury_piece(ht_jury *jury, ht_verdict *verdict, ht_error *err);

/* The oldest state. */
const ht_checkpoint *ht_jury_oldest(const ht_jury *jury);

/* All of them are given up. */
void ht_jury_drop(ht_jury *jury);

#endif
