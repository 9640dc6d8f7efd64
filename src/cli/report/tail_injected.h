/* tail_injected.h - the noise of a run directory, as its tail's estimates are held against it. */
#ifndef HT_CLI_REPORT_TAIL_INJECTED_H
#define HT_CLI_REPORT_TAIL_INJECTED_H

#include "chart/tail_table.h"

/* No α of anything that is no run directory, of a run without noise, and of one whose noise had another type
 * or α at some step: *mixed, and its weights hold both. */
ht_tail_injected ht_tail_injected_of(const char *path, bool *mixed);

/* The same for one tensor of the run by its name: no α of weights that get no noise, the output's and those
 * of a first convolution (noise.first_conv). */
ht_tail_injected ht_tail_injected_in(const ht_tail_injected *run, const char *path, const char *tensor);

#endif
