/* prune_prefix.h - evaluating a network again and again of which only units are left out: what its first
 * layers give, up to the first one with units, is computed once; then units are masked and the rest is
 * evaluated. */
#ifndef HT_PRUNE_PRUNE_PREFIX_H
#define HT_PRUNE_PRUNE_PREFIX_H

#include "heavytail/network.h"

typedef struct ht_prune_prefix ht_prune_prefix;

/* Of a network that does not change and its samples, both borrowed. *prefix is NULL, with HT_OK, where there
 * is nothing to share: what the first layers give takes more than 64 MB, other layers read what comes before
 * it, or hardly anything comes after it. */
ht_code ht_prune_prefix_make(ht_prune_prefix **prefix, const ht_network *net, const ht_samples *samples,
                             struct ht_pool *pool, ht_error *err);
void ht_prune_prefix_free(ht_prune_prefix *prefix);

/* ht_network_evaluate of the network and samples, but for rounding. `keep` has an array for every hidden
 * weight matrix. */
ht_code ht_prune_prefix_evaluate(ht_prune_prefix *prefix, const float *const *keep, struct ht_pool *pool,
                                 ht_score *score, ht_error *err);

#endif
