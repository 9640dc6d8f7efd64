/* tail_report.h - estimates as JSON (DESIGN.md) and as tables for people. */
#ifndef HT_CLI_REPORT_TAIL_REPORT_H
#define HT_CLI_REPORT_TAIL_REPORT_H

#include <jansson.h>

#include "base/text.h"
#include "chart/tail_table.h"
#include "weights/tensor.h"
#include "heavytail/tail.h"

/* What the picture of a convolution, seen as filters, lacks: its kernels as rows. */
typedef struct ht_tail_kernels {
    size_t count; /* 0: there are none */
    ht_estimate by_rows[HT_ROW_ESTIMATORS];
    ht_estimate of_norms[HT_ESTIMATORS];
} ht_tail_kernels;

/* One object a view ("all", "rows", "row_norms"; "kernels", "kernel_norms") into `views`; of more than two
 * dimensions they say so ("dims", "as"). */
void ht_tail_json(json_t *views, const ht_file_tensor *tensor, const ht_tail_picture *picture,
                  const ht_tail_kernels *kernels, const ht_tail_injected *injected);

/* Nothing to estimate: why. */
void ht_tail_json_broken(json_t *views, const ht_tensor_info *info, const char *why);

/* First the estimates to trust first, then all; beside an injected α whether they cover it. */
void ht_tail_table(ht_text *to, const ht_file_tensor *tensor, const ht_tail_picture *picture,
                   const ht_tail_kernels *kernels, const ht_tail_injected *injected);

/* What the words for quality mean that occur in the picture, what is compared with the noise (`mixed`: and
 * why it is not), and the conventions: lines for the end of a table. */
void ht_tail_legend(ht_text *to, const bool seen[HT_QUALITIES], const ht_tail_injected *injected, bool mixed);

/* The table of estimators, for help. */
void ht_tail_help(ht_text *to);

#endif
