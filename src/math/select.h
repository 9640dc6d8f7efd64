/* select.h - order statistics without sorting and without a copy: two counting passes over the values, by the
 * upper and then the lower half of a key that orders like the value. O(n) time, 256 KB of the caller's stack.
 * Pure. */
#ifndef HT_MATH_SELECT_H
#define HT_MATH_SELECT_H

#include <stdbool.h>
#include <stddef.h>

/* For qsort of doubles, upwards. */
int ht_by_double(const void *a, const void *b);

/* What is ranked: x[i] - centre, or its magnitude. Values are finite. */
typedef struct ht_ranked {
    const float *x; /* (count) */
    size_t count;
    float centre;
    bool magnitude;
} ht_ranked;

/* The value that sorting upwards would put at position k < count. */
float ht_select(const ht_ranked *values, size_t k);

/* The median as NumPy has it: the mean of the two in the middle when the count is even. */
float ht_median(const float *x, size_t count);

#endif
