/* rundir.h - a run on disk: preset.ini (effective parameters), journal.jsonl (every change with its step),
 * metrics.csv (the curves), checkpoint.safetensors. The directory is locked with flock while it is open. One
 * thread. */
#ifndef HT_ENGINE_RUNDIR_H
#define HT_ENGINE_RUNDIR_H

#include "engine/trainer.h"
#include "link/messages.h"

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

/* A resumed run: restores the checkpoint into the trainer and drops metrics of later steps. */
ht_code ht_rundir_resume(ht_rundir *dir, ht_trainer *trainer, ht_error *err);

/* Training starts again at step 0: the metrics so far go, the journal stays. */
ht_code ht_rundir_restart(ht_rundir *dir, ht_error *err);

/* Appends to the journal: a command (CHANGE, RESET) or a state. */
ht_code ht_rundir_journal(ht_rundir *dir, const ht_sample *sample, ht_error *err);

/* A row of metrics.csv; buffered until ht_rundir_save. */
typedef struct ht_metrics {
    uint64_t step;
    double epoch, loss, loss_min, loss_max, batch_accuracy, test_loss,
        test_accuracy; /* NaN: not measured, left empty */
} ht_metrics;

void ht_rundir_metrics(ht_rundir *dir, const ht_metrics *row);

/* Writes parameters, buffered metrics and the checkpoint. */
ht_code ht_rundir_save(ht_rundir *dir, ht_trainer *trainer, ht_error *err);

/* Reads metrics.csv of a run; *rows is the caller's (ht_free). A damaged line is an error naming it. */
ht_code ht_rundir_read_metrics(const char *path, ht_metrics **rows, size_t *count, ht_error *err);

#endif
