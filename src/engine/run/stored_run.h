/* stored_run.h - a run directory as it stands, for who wants to compare: settings, curves, labels, and what
 * its weights say. Nothing in the directory changes, and another process may be writing to it: what is not
 * there yet is told as such. */
#ifndef HT_ENGINE_RUN_STORED_RUN_H
#define HT_ENGINE_RUN_STORED_RUN_H

#include "engine/run/rundir.h"

/* The files as they were when they were read: who finds others reads again. */
typedef struct ht_run_stamp {
    uint64_t mark;  /* of size, time and number of each file */
    double written; /* the last of them, in seconds since 1970; 0: none is there */
} ht_run_stamp;

typedef struct ht_stored_run {
    ht_run_stamp stamp;
    ht_params params;
    ht_metrics *rows; /* (count) of metrics.csv */
    size_t count;
    ht_labels labels;
    bool has_state; /* the journal tells how it stands: */
    ht_state state;
    bool saved;        /* there is a checkpoint: */
    ht_report *report; /* histogram, norms, κ (one hidden layer, method node), quick tail; count 0: none */
} ht_stored_run;

ht_run_stamp ht_stored_run_stamp(const char *path); /* of the directory; or of one file */

/* HT_FAIL names the file, what is wrong and what to do; settings and rows (count > 0) of a run whose journal
 * or checkpoint is damaged are there all the same. Can be cancelled (base/cancel.h). ht_stored_run_free also
 * after a failure. */
ht_code ht_stored_run_read(ht_stored_run *run, const char *dir, ht_error *err);
void ht_stored_run_free(ht_stored_run *run);

#endif
