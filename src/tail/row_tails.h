/* row_tails.h - tail indices of the rows of every hidden layer (mmo-multi), centred by the medians of their
 * columns, and the median of the layers: what arXiv 2106.03795 watches against step size over batch size. The
 * rows of a convolution are its filters (filters × channels · window); its kernels as rows (filters ·
 * channels × window), not centred, as that paper takes them, have an index and a median of their own. Pure.
 */
#ifndef HT_TAIL_ROW_TAILS_H
#define HT_TAIL_ROW_TAILS_H

#include "heavytail/network.h"
#include "heavytail/tail.h"

/* The value; NaN where it is not positive, which no tail index is: 1 / α̂ of diverged weights may be. */
double ht_tail_index(const ht_estimate *e);

typedef struct ht_row_tails {
    int layers;                                  /* 0: not measured yet */
    double layer[HT_HIDDEN_MAX], median;         /* NaN: no estimate, or an undetermined one */
    double kernel[HT_HIDDEN_MAX], kernel_median; /* NaN: of no convolution, or of 1 × 1 ones */
} ht_row_tails;

ht_code ht_row_tails_measure(ht_row_tails *tails, const ht_network *net, ht_error *err);

/* ---- as the code published with that paper measures them: mmo-paper ---- */

/* Of those that are numbers; NaN without one. */
typedef struct ht_tail_summary {
    double median, mean, least;
    int known; /* of how many */
} ht_tail_summary;

/* Sorts them, those that are no numbers away. */
ht_tail_summary ht_tail_summarize(double *values, size_t count);

/* "1.700, 1.600, 1.000 (undetermined in 1 of 5)", or "undetermined". */
enum { HT_TAIL_SUMMARY_WORDS = 160 };
void ht_tail_summary_words(const ht_tail_summary *s, size_t count, char to[HT_TAIL_SUMMARY_WORDS]);

/* Of every layer, the output's too: of dense ones the rows, of convolutions the kernels (one by one:
 * `kernel`) or the filters (`filter`), of the last layer the columns, which are the outgoing weights of
 * hidden units.
 */
typedef struct ht_paper_tails {
    int layers;
    double kernel[HT_WEIGHTS_MAX], filter[HT_WEIGHTS_MAX]; /* the same but for convolutions; NaN: as above */
    ht_tail_summary of_kernels, of_filters;
} ht_paper_tails;

ht_code ht_paper_tails_measure(ht_paper_tails *tails, const ht_network *net, ht_error *err);

/* mmo-paper of the columns of x. */
ht_code ht_paper_tail_of_columns(const ht_values *x, const ht_tail_options *options, ht_estimate *estimate,
                                 ht_error *err);

#endif
