/* rundir.h - a run on disk: preset.ini (effective parameters), journal.jsonl (every change with its step;
 * journal.h), metrics.csv (the curves), checkpoint.safetensors. The directory is locked with flock while it
 * is open, and all is written through its descriptor (runfiles.h). One thread at a time.
 *
 * metrics.csv is that of the path to the checkpoint: when the run goes to another branch, the other's rows
 * leave it and its own come back (branches.h). */
#ifndef HT_ENGINE_RUN_RUNDIR_H
#define HT_ENGINE_RUN_RUNDIR_H

#include "base/text.h"
#include "engine/run/checkpoint.h"
#include "engine/run/journal.h"
#include "engine/run/runfiles.h"
#include "engine/trainer.h"

/* ---- the files of any directory, which nobody holds ---- */

/* "directory/name" of one of its files. */
ht_code ht_rundir_file(const char *dir, ht_runfile file, char to[HT_RUN_PATH], ht_error *err);
bool ht_rundir_has(const char *dir, ht_runfile file);
/* preset.ini tells that it is a run's. */
bool ht_rundir_is_run(const char *dir);
/* The settings of the run in it; HT_FAIL where there is none. */
ht_code ht_rundir_settings(const char *dir, ht_params *params, ht_error *err);

/* ---- one that is held ---- */

typedef struct ht_rundir ht_rundir;

/* Opens or makes a run directory and locks it. A directory in use by another process is refused. */
ht_rundir *ht_rundir_open(const char *path, ht_error *err);
void ht_rundir_close(ht_rundir *dir);

/* Does it hold a run already (a preset.ini)? */
bool ht_rundir_has_run(const ht_rundir *dir);

/* The stored parameters of the run. */
ht_code ht_rundir_params(ht_rundir *dir, ht_params *params, ht_error *err);

/* Checks that `wanted` agrees with the stored parameters wherever a change would need a new network or new
 * data. HT_USAGE, naming the first key that differs. */
ht_code ht_rundir_agrees(const ht_params *stored, const ht_params *wanted, const char *path, ht_error *err);

/* A fresh run: writes preset.ini, starts journal and metrics. */
ht_code ht_rundir_begin(ht_rundir *dir, const ht_params *params, ht_error *err);

/* A resumed run: restores the checkpoint into the trainer, with the parameters that the journal has for it,
 * and drops metrics of later steps. Without a checkpoint the run ended before its first one and begins again.
 */
ht_code ht_rundir_resume(ht_rundir *dir, ht_trainer *trainer, ht_error *err);

/* What the journal has as labels of the run that was resumed; none before. */
const ht_labels *ht_rundir_labels(const ht_rundir *dir);

/* ---- metrics.csv ---- */

typedef struct ht_metrics {
    uint64_t step;
    /* NaN: not measured, left empty. loss, batch_accuracy: means over the steps of the row */
    double epoch, loss, loss_min, loss_max, batch_accuracy, test_loss, test_accuracy;
    double multiply_adds, compute; /* as of the trainer; files of older programs lack them */
} ht_metrics;

/* Appends the row of an EVAL sample; a look that closes no row adds nothing. */
void ht_metrics_add(ht_text *rows, const ht_sample *eval);
/* From here on the rows are of another branch: change `revision` took the run to the state of `step` in which
 * `keep` was the last change; step 0 after a reset. */
void ht_metrics_branch(ht_text *rows, uint64_t revision, uint64_t keep, uint64_t step);

/* Reads metrics.csv of a run; *rows is the caller's (ht_free). A damaged line is an error naming it, and
 * *rows are those before it. */
ht_code ht_rundir_read_metrics(const char *path, ht_metrics **rows, size_t *count, ht_error *err);

/* ---- while it runs ---- */

/* Is it still the directory that was opened, with the files as we left them? If not, HT_OK says that the run
 * goes on elsewhere: where the directory was moved, or in a copy of all that was written. HT_FAIL: it cannot,
 * and nothing may be written. */
ht_code ht_rundir_check(ht_rundir *dir, ht_error *err);
/* What became of the directory that was opened, a sentence without its end; NULL while it is well. */
const char *ht_rundir_displaced(const ht_rundir *dir);
/* Files in which what was written before is missing, since another program had cut them when the run was
 * saved aside, as a list; NULL: none. *whole: without them the run can still be resumed and replayed. */
const char *ht_rundir_lacks(const ht_rundir *dir, bool *whole);
const char *ht_rundir_path(const ht_rundir *dir); /* where the run is written now */

/* Appends lines of the journal and rows of metrics (with the branches they are of), and empties what has been
 * written. On failure the rest can be tried again. */
ht_code ht_rundir_append(ht_rundir *dir, ht_text *journal, ht_text *rows, ht_error *err);

/* Makes metrics.csv that of the path to the state after change `revision`; UINT64_MAX: the last one. */
ht_code ht_rundir_show(ht_rundir *dir, uint64_t revision, ht_error *err);

/* Writes a checkpoint, the metrics of its path, and the parameters beside it. A line in the journal tells of
 * it first, so that it can be found there; everything is on the disk when this returns. On failure the
 * checkpoint before it is intact; the work can be cancelled (base/cancel.h). */
ht_code ht_rundir_save(ht_rundir *dir, const ht_checkpoint *checkpoint, ht_error *err);
/* The same at the end, when there is no going back: rows of other paths are dropped. A checkpoint that is
 * there as this session wrote it, of the very state, is not written again. */
ht_code ht_rundir_finish(ht_rundir *dir, const ht_checkpoint *checkpoint, ht_error *err);

/* The journal as it is on disk, for pictures. Takes at most `limit` bytes: HT_FAIL when it is longer. */
ht_code ht_rundir_journal(const char *path, ht_text *text, size_t limit, ht_error *err);
ht_code ht_rundir_own_journal(const ht_rundir *dir, ht_text *text, size_t limit, ht_error *err);

#endif
