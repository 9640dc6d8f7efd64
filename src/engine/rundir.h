/* rundir.h - a run on disk: preset.ini (effective parameters), journal.jsonl (every change with its step;
 * journal.h), metrics.csv (the curves), checkpoint.safetensors. The directory is locked with flock while it
 * is open. One thread at a time. */
#ifndef HT_ENGINE_RUNDIR_H
#define HT_ENGINE_RUNDIR_H

#include "base/text.h"
#include "engine/checkpoint.h"
#include "engine/journal.h"
#include "engine/trainer.h"

typedef struct ht_rundir ht_rundir;

/* Opens or makes a run directory and locks it. A directory in use by another process is refused. */
ht_rundir *ht_rundir_open(const char *path, ht_error *err);
void ht_rundir_close(ht_rundir *dir);

/* Does it hold a run already (a preset.ini)? */
bool ht_rundir_has_run(const ht_rundir *dir);

/* The stored parameters of the run. */
ht_code ht_rundir_params(const ht_rundir *dir, ht_params *params, ht_error *err);

/* Checks that `wanted` agrees with the stored parameters wherever a change would need a new network or new
 * data. HT_USAGE, naming the first key that differs. */
ht_code ht_rundir_agrees(const ht_params *stored, const ht_params *wanted, const char *path, ht_error *err);

/* A fresh run: writes preset.ini, starts journal and metrics. */
ht_code ht_rundir_begin(ht_rundir *dir, const ht_params *params, ht_error *err);

/* A resumed run: restores the checkpoint into the trainer, with the parameters that the journal has for it,
 * and drops metrics of later steps. Without a checkpoint the run ended before its first one and begins again.
 */
ht_code ht_rundir_resume(ht_rundir *dir, ht_trainer *trainer, ht_error *err);

/* ---- metrics.csv ---- */

typedef struct ht_metrics {
    uint64_t step;
    /* NaN: not measured, left empty. loss, batch_accuracy: means over the steps of the row */
    double epoch, loss, loss_min, loss_max, batch_accuracy, test_loss, test_accuracy;
} ht_metrics;

/* Appends the row of an EVAL sample; a look that closes no row adds nothing. */
void ht_metrics_add(ht_text *rows, const ht_sample *eval);
/* Leaves out the rows after `step`. */
void ht_metrics_cut(ht_text *rows, uint64_t step);

/* Reads metrics.csv of a run; *rows is the caller's (ht_free). A damaged line is an error naming it. */
ht_code ht_rundir_read_metrics(const char *path, ht_metrics **rows, size_t *count, ht_error *err);

/* ---- while it runs ---- */

/* Appends lines of the journal and rows of metrics, and empties what has been written; drops rows already
 * written after step `cut` first (UINT64_MAX: none). On failure the rest can be tried again. */
ht_code ht_rundir_append(ht_rundir *dir, ht_text *journal, ht_text *rows, uint64_t *cut, ht_error *err);

/* Writes a checkpoint, and the parameters beside it. A line in the journal tells of it first, so that it can
 * be found there; everything is on the disk when this returns. On failure the checkpoint before it is intact.
 */
ht_code ht_rundir_save(ht_rundir *dir, const ht_checkpoint *checkpoint, ht_error *err);

/* The journal as it is on disk, for pictures. Takes at most `limit` bytes: HT_FAIL when it is longer. */
ht_code ht_rundir_journal(const char *path, ht_text *text, size_t limit, ht_error *err);

#endif
