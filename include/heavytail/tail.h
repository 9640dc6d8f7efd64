/* tail.h - estimators of the tail index α (the stability index: P(|X| > x) ~ x^-α; not the exponent of a
 * density).
 *
 * Pure functions. All logarithms natural. Each returns NaN where it is not defined. */
#ifndef HEAVYTAIL_TAIL_H
#define HEAVYTAIL_TAIL_H

#include <stddef.h>

#include "heavytail/status.h"

/* Mohammadi, Mohammadpour, Ogata (Metrika 78, 2015): consecutive blocks of m values are summed;
 *   1/α = (mean log|block sum| - mean log|value|) / log m.
 * For centred, strictly stable values. x is (count); a last incomplete block is dropped. */
double ht_tail_mmo(const float *x, size_t count, size_t m);

/* The same for vectors: Euclidean norms of rows and of sums of m rows. x is (rows × columns), row-major. */
double ht_tail_mmo_multi(const float *x, size_t rows, size_t columns, size_t m);

/* Hill (Ann. Statist. 3, 1975): 1/α = mean of log|x|_(i), i ≤ k, minus log|x|_(k+1), largest first. x is
 * (count). */
double ht_tail_hill(const float *x, size_t count, size_t k);

/* Candidate block lengths of arXiv 2106.03795 for `count` values: 2, 5, 10, 20, 50, 100, 500, 1000 up to
 * count/2, each lowered to a divisor of count; then the largest divisor ≤ √count. Lengths of 1 are left out.
 * Returns how many (≤ 9). */
int ht_tail_candidates(size_t count, size_t m[9]);

/* Median over the candidates of the raw estimates. */
double ht_tail_mmo_median(const float *x, size_t count);

typedef struct ht_tail_summary {
    double mmo;  /* all weights of a layer, centred by their median; median over the candidate m */
    double hill; /* all weights, centred likewise; k = count/200, at least 10 */
    size_t hill_k;
    double centre; /* the median that was subtracted */
} ht_tail_summary;

/* What training shows: centred as arXiv 2106.03795 does. No copy is made, whatever the size. */
ht_tail_summary ht_tail_summarize(const float *x, size_t count);

/* Of rows as vectors, centred by the columns' medians: median over the candidates of ht_tail_mmo_multi. x is
 * (rows × columns); *alpha is NaN when no block length divides the rows. HT_FAIL: scratch memory is short. */
ht_code ht_tail_rows(const float *x, size_t rows, size_t columns, double *alpha, ht_error *err);

#endif
