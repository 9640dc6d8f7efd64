/* prune_curve.h - the exact pruning curve of a network with one hidden layer. See heavytail/prune.h. */
#ifndef HT_MATH_PRUNE_CURVE_H
#define HT_MATH_PRUNE_CURVE_H

#include "heavytail/prune.h"

ht_code ht_prune_exact_curve(ht_prune_curve *curve, const ht_network *net, const ht_samples *samples,
                             const ht_prune_order *order, struct ht_pool *pool, ht_error *err);

#endif
