/* row_tails.h - tail indices of the rows of every hidden layer (mmo-multi), centred by the medians of their
 * columns, and the median of the layers: what arXiv 2106.03795 watches against step size over batch size. The
 * rows of a convolution are its filters (filters × channels · window); its kernels as rows (filters ·
 * channels × window), not centred, as that paper takes them, have an index and a median of their own. Pure.
 */
#ifndef HT_TAIL_ROW_TAILS_H
#define HT_TAIL_ROW_TAILS_H

#include "heavytail/network.h"

typedef struct ht_row_tails {
    int layers;                                  /* 0: not measured yet */
    double layer[HT_HIDDEN_MAX], median;         /* NaN: no estimate */
    double kernel[HT_HIDDEN_MAX], kernel_median; /* NaN: of no convolution, or of 1 × 1 ones */
} ht_row_tails;

ht_code ht_row_tails_measure(ht_row_tails *tails, const ht_network *net, ht_error *err);

#endif
