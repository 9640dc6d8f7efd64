/* summary.h - a few numbers in place of many: mean, standard deviation, quartiles. Pure. */
#ifndef HT_NUM_SUMMARY_H
#define HT_NUM_SUMMARY_H

#include <stddef.h>

typedef struct ht_summary {
    size_t count;             /* finite values; the others are left out */
    double mean, sd;          /* sd of a sample (n - 1); NaN below two values */
    double low, median, high; /* quartiles: q25, q50, q75 */
} ht_summary;

/* Sorts `values` (count) upwards, the ones that are not finite at the end. All NaN without a finite value. */
ht_summary ht_summarize(double *values, size_t count);

/* The quantile q (0..1) of `sorted` (count), linear between order statistics (type 7 of Hyndman and Fan, Am.
 * Statist. 50, 1996; what R and NumPy do by default). NaN when there is none. */
double ht_quantile(const double *sorted, size_t count, double q);

#endif
