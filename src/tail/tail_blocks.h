/* tail_blocks.h - estimators from consecutive blocks of values: mmo, mmo-multi, paulauskas. Pure. */
#ifndef HT_TAIL_TAIL_BLOCKS_H
#define HT_TAIL_TAIL_BLOCKS_H

#include "heavytail/tail.h"
#include "tail/tail_sample.h"

/* Fills estimate->value, std_error, low, high, m, n_tail, quality. m = 0 chooses. */
void ht_blocks_mmo(const ht_tail_sample *sample, size_t m, ht_estimate *estimate);
void ht_blocks_paulauskas(const ht_tail_sample *sample, size_t m, ht_estimate *estimate);

/* Rows as vectors, rows of zeros left out and counted; x with its exponent. HT_FAIL when memory for sums of
 * rows is short. */
ht_code ht_blocks_mmo_multi(const ht_values *x, size_t m, ht_estimate *estimate, ht_error *err);

#endif
