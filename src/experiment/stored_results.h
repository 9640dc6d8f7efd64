/* stored_results.h - the results of a training as a run to compare with: what `train --json` prints, and a
 * sweep keeps of each of its points in cells/NAME.json. Its end alone, no curves. */
#ifndef HT_EXPERIMENT_STORED_RESULTS_H
#define HT_EXPERIMENT_STORED_RESULTS_H

#include "engine/run/stored_run.h"

/* HT_FAIL names the file, the line, what is wrong and what to do. ht_stored_run_free also after a failure. */
ht_code ht_stored_results_read(ht_stored_run *run, const char *path, ht_error *err);

#endif
