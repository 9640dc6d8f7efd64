/* recorder.h - the writer: a thread that keeps a run directory up to date while training goes on. The trainer
 * hands over lines and copies and never waits for a disk; one that is full is reported once and tried again,
 * with the checkpoint before it intact. */
#ifndef HT_ENGINE_RUN_RECORDER_H
#define HT_ENGINE_RUN_RECORDER_H

#include "engine/run/rundir.h"

typedef struct ht_recorder ht_recorder;

/* Starts the thread. Borrows all three; the directory is the recorder's until ht_recorder_stop. */
ht_recorder *ht_recorder_start(ht_rundir *dir, ht_trainer *trainer, ht_pool *pool, ht_error *err);

/* ---- the thread that trains ---- */

/* Everything that happens, in order: journal and metrics are made of it. */
void ht_recorder_take(ht_recorder *recorder, const ht_sample *sample);

/* Between steps: when run.checkpoint_seconds have passed (or the run went to another branch) the state is
 * copied and handed over. */
void ht_recorder_offer(ht_recorder *recorder);
/* Seconds until the next offer has something to do, INFINITY if nothing has happened since the last. */
double ht_recorder_next(const ht_recorder *recorder);

/* ---- any one thread ---- */

/* Has saving begun to fail, or to work again, since it was last asked? The sentence that says so. */
bool ht_recorder_message(ht_recorder *recorder, bool *good, char *text, size_t size);

/* Is the directory not what was opened any more (rundir.h)? The run goes on elsewhere, and a command without
 * a screen should end. The sentence that says what happened and where. */
bool ht_recorder_lost(ht_recorder *recorder, char *text, size_t size);

/* When training has ended: lines that wait are written, the trainer's state is saved (a checkpoint that is
 * just being written is left off for it, unless it is of that very state), and all is freed. Cancelled
 * (base/cancel.h) it is HT_FAIL within moments: the checkpoint before stays, all lines are written. NULL is
 * fine. HT_FAIL also when the run had to be saved elsewhere: the sentence says where. */
ht_code ht_recorder_stop(ht_recorder *recorder, ht_error *err);

#endif
