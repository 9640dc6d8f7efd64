/* select.h - order statistics without sorting and without a copy: counting passes over the values by the
 * digits of a key that orders like the value. O(n) time, 500 KB of the caller's stack. Pure. */
#ifndef HT_NUM_SELECT_H
#define HT_NUM_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "num/values.h"

/* For qsort of doubles, upwards. */
int ht_by_double(const void *a, const void *b);

enum { HT_RANKS = 12 };

/* value[i] is what sorting upwards would put at position rank[i] < count: of the values less their centre,
 * or of their magnitudes; NaN when the work is cancelled (base/cancel.h). ranks ≤ HT_RANKS; values are
 * finite. */
void ht_select(const ht_values *x, bool magnitude, const size_t *rank, int ranks, double *value);

/* The `kept` largest magnitudes, largest first, into value (kept); not all of them when the work is
 * cancelled. scratch: (kept). */
void ht_select_largest(const ht_values *x, size_t kept, double *value, double *scratch);

/* Upwards; scratch: (n). No NaN. */
void ht_sort(double *v, size_t n, double *scratch);

/* The mean of the two values in the middle; NaN of nothing. */
float ht_median(const float *x, size_t count);

#endif
