/* values.h - how the estimators read an ht_values: in chunks of doubles, whatever the type in memory. Pure.
 */
#ifndef HT_NUM_VALUES_H
#define HT_NUM_VALUES_H

#include <math.h>

#include "heavytail/values.h"

enum { HT_CHUNK = 1024 };

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

/* The values from position `first` on, less what centres them, times 2^-exponent, into `to`; returns how
 * many, at most HT_CHUNK. Exact but for the centring, as long as nothing falls below 2^-1022. */
size_t ht_values_load(const ht_values *x, size_t first, size_t end, double to[HT_CHUNK]);

/* HT_FAIL, naming the place, when a value is NaN or infinite. *largest: the largest magnitude as it is in
 * memory; 0 of nothing. */
ht_code ht_values_check(const ht_values *x, double *largest, ht_error *err);

/* Euclidean length of v (n), whatever the size of its entries. */
double ht_values_length(const double *v, size_t n);

#endif
