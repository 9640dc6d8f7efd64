/* summary.h - a model in a few numbers: over its layers, kernels left out, which are the filters again. */
#ifndef HT_CLI_TAIL_SUMMARY_H
#define HT_CLI_TAIL_SUMMARY_H

#include <jansson.h>

#include "base/text.h"
#include "cli/tail/model_tails.h"
#include "tail/layer/columns.h"

/* What the columns that were computed allow. */
void ht_summary_text(const ht_model_tails *model, ht_spectrum_unit unit, ht_text *to);
json_t *ht_summary_json(const ht_model_tails *model, ht_spectrum_unit unit);

#endif
