/* tail_sample.h - what the estimators read: values in units of their own size, and what is to be known of
 * their zeros and of a grid they lie on, before anything is fitted.
 *
 * A power of two brings the largest magnitude into [½, 1): estimates have equal bits whatever power of two
 * the values are multiplied with, and no sum or square leaves the range of doubles.
 *
 * Exact zeros are of two kinds. Weights that were pruned, or never used, are zeros among values that come as
 * close to zero as they like: these zeros say nothing of the law and are left out. Rounding to a grid, or
 * pruning by size, makes zeros of small values and leaves a gap around zero: these stay, as values below
 * `step`, because without them the sample would lack its small values. Pure; any thread. */
#ifndef HT_TAIL_TAIL_SAMPLE_H
#define HT_TAIL_TAIL_SAMPLE_H

#include "heavytail/tail.h"
#include "num/values.h"

enum { HT_TAIL_MANY = 257 }; /* distinct magnitudes are counted up to here */

typedef struct ht_tail_sample {
    ht_values x;            /* with its exponent */
    size_t total, zeros;    /* all values; exact zeros among them */
    size_t negative, count; /* values below zero; values that are not zero */
    double least;           /* the smallest magnitude above zero; Inf of nothing */
    int distinct;           /* different magnitudes above zero, up to HT_TAIL_MANY */
    bool centred;           /* something was taken from every value */
    size_t lost;            /* values that are not zero, but too small for a double beside the largest */
    bool censored;          /* zeros stay: they are values below `step` */
    bool excess;            /* a gap around zero, but more zeros than it explains */
    double step;            /* censored: see above; NaN else */
    double grid;            /* all values are multiples of it; 0: of nothing */
    double typical;         /* median magnitude of what is not zero; NaN without a gap or a grid */
} ht_tail_sample;

/* HT_FAIL, naming the place, when a value is not finite. */
ht_code ht_tail_sample_take(ht_tail_sample *sample, const ht_values *x, ht_error *err);

/* Why there can be no index of such values; NULL when there can. */
const char *ht_tail_sample_refusal(const ht_tail_sample *sample);

/* A number of the sample's in the units of its values, and of their squares. */
double ht_tail_unscale(const ht_tail_sample *sample, double value);

/* Marks the estimates (HT_ESTIMATORS) of all values that a grid, or too many small values gone, may have
 * moved; before they are unscaled. */
void ht_tail_sample_doubt(const ht_tail_sample *sample, ht_estimate *estimates);

/* log of what a censored zero stands for: values evenly spread below `step`. */
double ht_tail_sample_zero_log(const ht_tail_sample *sample);

/* ---- reading ---- */

typedef struct ht_tail_reader {
    const ht_tail_sample *sample;
    bool zeros; /* or leave them out */
    size_t at;
} ht_tail_reader;

/* The next values, in order; returns how many, at most HT_CHUNK and `most`; 0 at the end, and when the work
 * is cancelled (base/cancel.h). */
size_t ht_tail_read(ht_tail_reader *reader, size_t most, double to[HT_CHUNK]);

/* The same, more at a time, for what costs something each time. */
enum { HT_TAIL_SPAN = 4 * HT_CHUNK };
size_t ht_tail_read_span(ht_tail_reader *reader, size_t most, double to[HT_TAIL_SPAN]);

#endif
