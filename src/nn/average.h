/* average.h - the running mean of late iterates (arXiv 2106.03795 measures tails and prunings on it). The
 * first `window` iterates count the same, so over the last `window` steps of a run it is their arithmetic
 * mean; a longer one forgets with weight 1/window. Ownership: ht_average_free. One thread at a time. */
#ifndef HT_NN_AVERAGE_H
#define HT_NN_AVERAGE_H

#include "heavytail/network.h"

/* The last iterates themselves are kept, too, as many as have room: when the end of a run is moved the mean
 * is to be that of others. */
typedef struct ht_average {
    ht_network *mean; /* NULL while nothing is averaged */
    uint64_t count;   /* iterates taken in; the mean means nothing at 0 */
    float *recent;    /* (rows × size): that of step s in row s mod rows, zeros before; NULL without rows */
    uint64_t rows, kept; /* there is room for, and are there */
    size_t size;         /* weights of one */
} ht_average;

/* An empty mean of networks of this shape. */
ht_code ht_average_start(ht_average *average, const ht_network *shape, ht_error *err);
void ht_average_free(ht_average *average);

/* Room for the last `window` iterates, or as many as make HT_AVERAGE_KEEPS numbers; those that are kept of
 * steps up to `step` stay as far as there is room. On failure (memory) nothing changes. */
enum { HT_AVERAGE_KEEPS = 1 << 21 };
ht_code ht_average_reserve(ht_average *average, const ht_network *shape, uint64_t window, uint64_t step,
                           ht_error *err);
/* Keeps the iterate of `step`, if there is room. */
void ht_average_keep(ht_average *average, const ht_network *net, uint64_t step);
void ht_average_forget(ht_average *average); /* none is kept, and the mean is empty */

/* mean += (net - mean) / min(count, window), window ≥ 1. */
void ht_average_add(ht_average *average, const ht_network *net, uint64_t window, struct ht_pool *pool);

/* Makes the mean again as that of the last `count` iterates up to `step`, or of as many as are kept. */
void ht_average_again(ht_average *average, uint64_t count, uint64_t step, struct ht_pool *pool);

#endif
