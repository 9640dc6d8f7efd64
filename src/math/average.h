/* average.h - the running mean of late iterates (arXiv 2106.03795 measures tails and prunings on it). The
 * first `window` iterates count the same, so over the last `window` steps of a run it is their arithmetic
 * mean; a longer one forgets with weight 1/window. Ownership: ht_average_free. One thread at a time. */
#ifndef HT_MATH_AVERAGE_H
#define HT_MATH_AVERAGE_H

#include "heavytail/network.h"

typedef struct ht_average {
    ht_network *mean; /* NULL while nothing is averaged */
    uint64_t count;   /* iterates taken in; the mean means nothing at 0 */
} ht_average;

/* An empty mean of networks of this shape. */
ht_code ht_average_start(ht_average *average, const ht_network *shape, ht_error *err);
void ht_average_free(ht_average *average);

/* mean += (net - mean) / min(count, window), window ≥ 1. */
void ht_average_add(ht_average *average, const ht_network *net, uint64_t window, struct ht_pool *pool);

#endif
