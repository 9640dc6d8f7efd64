/* timeline.h - states kept in memory to go back to: the ring of checkpoints behind rewind, and one more for
 * undo. Their spacing grows with age: when the memory is full, the state goes whose neighbours are closest
 * together for their age. One thread (the trainer's). */
#ifndef HT_ENGINE_TIMELINE_H
#define HT_ENGINE_TIMELINE_H

#include "engine/run/checkpoint.h"

typedef struct ht_timeline ht_timeline;

ht_timeline *ht_timeline_new(ht_error *err);
void ht_timeline_free(ht_timeline *timeline);

/* May a state be kept without training standing still for its memory? Else it has been asked for: later. */
bool ht_timeline_ready(ht_timeline *timeline, ht_trainer *trainer);

/* Keeps the trainer's state; all of them stay within run.memory_mb. A state of the same step is replaced,
 * later ones go. HT_FAIL when there is no memory for even one. */
ht_code ht_timeline_store(ht_timeline *timeline, ht_trainer *trainer, ht_pool *pool, ht_error *err);

/* The stored state at or before `step`, or NULL; the timeline's, until the next call that stores or drops. */
const ht_checkpoint *ht_timeline_find(const ht_timeline *timeline, uint64_t step);

/* Forgets the states after `step`: training goes on from there. True if there were any. */
bool ht_timeline_drop_after(ht_timeline *timeline, uint64_t step);
void ht_timeline_clear(ht_timeline *timeline); /* all of them; undo stays */

/* Keeps the trainer's state as what undo goes back to. */
ht_code ht_timeline_mark(ht_timeline *timeline, ht_trainer *trainer, ht_pool *pool, ht_error *err);
/* That state, or NULL. ht_timeline_swap takes it out; the caller frees it. */
const ht_checkpoint *ht_timeline_marked(const ht_timeline *timeline);
ht_checkpoint *ht_timeline_swap(ht_timeline *timeline, ht_checkpoint *other);

/* What the screen may know of it. */
void ht_timeline_describe(const ht_timeline *timeline, ht_trainer *trainer, ht_stored *stored);

#endif
