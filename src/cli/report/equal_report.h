/* equal_report.h - `compare --equal-size`: Occam's network against others of its size, over seeds. */
#ifndef HT_CLI_REPORT_EQUAL_REPORT_H
#define HT_CLI_REPORT_EQUAL_REPORT_H

#include "experiment/compare.h"

/* Trains with each of the plan's seeds (its `pruning`, where there is one, is occam.method) and prints
 * medians and quartiles, or JSON. */
ht_code ht_equal_report(const ht_compare_plan *plan, const ht_dataset *data, bool json, ht_error *err);

#endif
