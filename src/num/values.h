/* values.h - how the estimators read an ht_values: in chunks of doubles, whatever the type in memory. Pure.
 */
#ifndef HT_NUM_VALUES_H
#define HT_NUM_VALUES_H

#include <math.h>

#include "heavytail/values.h"

enum { HT_CHUNK = 1024, HT_STEP = 16 };

/* 2^-exponent in two factors, either of which is a number though the whole may not be. */
typedef struct ht_unit {
    double first, second;
} ht_unit;

static inline ht_unit ht_values_unit(const ht_values *x)
{
    int half = x->exponent / 2;
    return (ht_unit){ldexp(1, -half), ldexp(1, half - x->exponent)};
}

/* One value, not centred, times the unit. */
static inline double ht_values_at(const ht_values *x, ht_unit unit, size_t at)
{
    return (x->f32 ? (double)x->f32[at] : x->f64[at]) * unit.first * unit.second;
}

/* Takes what centres them from the values (n) from position `first` on. */
void ht_values_centre(const ht_values *x, size_t first, size_t n, double *values);

/* The values from position `first` on, less what centres them, times 2^-exponent, into `to`; returns how
 * many, at most HT_CHUNK. Exact but for the centring, as long as nothing falls below 2^-1022. */
static inline size_t ht_values_load(const ht_values *x, size_t first, size_t end, double to[HT_CHUNK])
{
    size_t n = end - first < HT_CHUNK ? end - first : HT_CHUNK, i = 0;
    ht_unit unit = ht_values_unit(x);
    double whole = unit.first * unit.second;
    if (x->f32) { /* a float's exponents never need two factors; the inner loop is what compilers make vectors
                     of */
        for (; i + HT_STEP <= n; i += HT_STEP)
            for (size_t j = 0; j < HT_STEP; j++) to[i + j] = (double)x->f32[first + i + j] * whole;
        for (; i < n; i++) to[i] = (double)x->f32[first + i] * whole;
    }
    for (; i < n; i++) to[i] = x->f64[first + i] * unit.first * unit.second;
    if (x->column_centre || x->centre != 0) ht_values_centre(x, first, n, to);
    return n;
}

/* HT_FAIL, naming the place, when a value is NaN or infinite. *largest: the largest magnitude as it is in
 * memory; 0 of nothing. */
ht_code ht_values_check(const ht_values *x, double *largest, ht_error *err);

/* Euclidean length of v (n), whatever the size of its entries. */
double ht_values_length(const double *v, size_t n);

#endif
