/* values.h - numbers to look at: a matrix or a vector in float or double, borrowed. Pure functions, any
 * thread. */
#ifndef HEAVYTAIL_VALUES_H
#define HEAVYTAIL_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

HT_PUBLIC_BEGIN

/* A matrix (rows × columns), row-major, or a vector (columns = 1). Exactly one of f32, f64 is set. Borrowed.
 * What is to be taken from every value before anything else: `column_centre` (columns), when set, then
 * `centre`; with `zeros_stay` not from what is exactly zero, as a weight that was pruned. `exponent` is the
 * estimators' own: they read values times 2^-exponent, so that nothing they compute depends on the unit or
 * leaves the range of doubles; callers leave it 0. */
typedef struct ht_values {
    const float *f32;
    const double *f64;
    size_t rows, columns;
    double centre;
    const double *column_centre;
    bool zeros_stay;
    int exponent;
} ht_values;

static inline size_t ht_values_count(const ht_values *x)
{
    return x->rows * x->columns;
}

/* The median of all values (the mean of the two in the middle) before `centre` is taken; NaN of nothing. */
double ht_values_median(const ht_values *x);
/* The same of the values that are not zero, before `centre` is taken; 0 of nothing. */
double ht_values_live_median(const ht_values *x);
/* Medians of what is not zero in the columns as they are in memory into median (columns); 0 of zeros. */
ht_code ht_values_column_medians(const ht_values *x, double *median, ht_error *err);
/* Euclidean norms of the rows, not centred, times 2^-exponent, into norm (rows). */
void ht_values_norms(const ht_values *x, double *norm);

HT_PUBLIC_END

#endif
