/* select.h - order statistics by selection: O(n), no full sort. */
#ifndef HT_MATH_SELECT_H
#define HT_MATH_SELECT_H

#include <stddef.h>

/* Reorders x (count) so that x[k] is what sorting upwards would put there, smaller or equal values before it.
 * Finite values. Returns x[k]. */
float ht_select(float *x, size_t count, size_t k);

#endif
