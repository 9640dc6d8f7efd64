/* values.h - how the estimators read an ht_values: in chunks of doubles, whatever the type in memory. Pure.
 */
#ifndef HT_MATH_VALUES_H
#define HT_MATH_VALUES_H

#include "heavytail/tail.h"

enum { HT_CHUNK = 1024 };

/* The values from position `first` on, less what centres them, into `to`; returns how many, at most HT_CHUNK.
 */
static inline size_t ht_values_load(const ht_values *x, size_t first, size_t end, double to[HT_CHUNK])
{
    size_t n = end - first < HT_CHUNK ? end - first : HT_CHUNK;
    if (x->f32)
        for (size_t i = 0; i < n; i++) to[i] = (double)x->f32[first + i] - x->centre;
    else
        for (size_t i = 0; i < n; i++) to[i] = x->f64[first + i] - x->centre;
    for (size_t i = 0, j = x->column_centre ? first % x->columns : 0; x->column_centre && i < n; i++) {
        to[i] -= x->column_centre[j];
        if (++j == x->columns) j = 0;
    }
    return n;
}

/* HT_FAIL, naming the place, when a value is NaN or infinite. */
ht_code ht_values_check(const ht_values *x, ht_error *err);

/* log|x|; a zero does not end everything: 2^-52 is added, invisible otherwise (as the published code does).
 */
double ht_log_magnitude(double x);

#endif
