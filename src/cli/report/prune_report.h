/* prune_report.h - what `heavytail prune` found: made here, then told as JSON (DESIGN.md), as text, or drawn
 * by render/prune_figure.h. */
#ifndef HT_CLI_REPORT_PRUNE_REPORT_H
#define HT_CLI_REPORT_PRUNE_REPORT_H

#include <stdio.h>

#include <jansson.h>

#include "cli/report/prune_input.h"
#include "heavytail/prune.h"

typedef struct ht_prune_report {
    ht_prune_spec spec;
    ht_prune_result result; /* result.test: the pruned network's score on the samples, NaN without */
    ht_prune_curve curve;   /* count 0: not wanted, or no data */
    ht_prune_reading reading;
    ht_score whole; /* the unpruned network's score */
    double
        seconds[2]; /* a pass over `timed` samples: whole, and without the dead neurons; NaN: not measured */
    size_t timed;
    int left[HT_HIDDEN_MAX]; /* neurons of each hidden layer that are not dead */
    size_t stored;           /* weights of the network without dead neurons, as --compact writes it … */
    size_t stored_bytes;     /* … with biases, positions and norms: the file's tensors */
} ht_prune_report;

/* Prunes as `spec` says, without a change to input->net. Free with ht_prune_report_free. */
ht_code ht_prune_report_make(ht_prune_report *report, const ht_prune_input *input, const ht_prune_spec *spec,
                             bool curve, ht_error *err);
void ht_prune_report_free(ht_prune_report *report);

/* Writes a JSON object: what the first report says, the members of `more` (borrowed; may be NULL), the curve
 * if wanted, the other reports as "others". False when memory or room is short. */
bool ht_prune_reports_write(FILE *to, const ht_prune_report *reports, int count, const ht_prune_input *input,
                            bool curves, json_t *more);
void ht_prune_report_print(const ht_prune_report *report, const ht_prune_input *input);

/* "node, fro_squared, error 0.1": what was asked for. */
void ht_prune_spec_format(const ht_prune_spec *spec, char *to, size_t size);

#endif
