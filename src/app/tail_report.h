/* tail_report.h - estimates as JSON (DESIGN.md) and as tables for people. */
#ifndef HT_APP_TAIL_REPORT_H
#define HT_APP_TAIL_REPORT_H

#include <jansson.h>

#include "base/text.h"
#include "data/tensor.h"
#include "heavytail/tail.h"

/* One object a view ("all", "rows", "row_norms") into `views`. */
void ht_tail_json(json_t *views, const ht_tensor *tensor, const ht_tail_picture *picture);

void ht_tail_table(ht_text *to, const ht_tensor *tensor, const ht_tail_picture *picture);

/* What the words for quality mean that occur in the picture, and the conventions: lines for the end of a
 * table. */
void ht_tail_legend(ht_text *to, const bool seen[HT_QUALITIES]);

/* The table of estimators, for help. */
void ht_tail_help(ht_text *to);

#endif
