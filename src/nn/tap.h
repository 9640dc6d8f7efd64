/* tap.h - what the analyst wants to know of the weights, taken shard by shard: a copy of every layer, and of
 * the first hidden layer the squared norms of its rows and the histogram of |w|. A training step fills it
 * while each shard is in cache. Ownership: the caller's. One writer at a time (a step with its pool). */
#ifndef HT_NN_TAP_H
#define HT_NN_TAP_H

#include "heavytail/network.h"
#include "num/histogram.h"

typedef struct ht_tap {
    ht_network *net;         /* the copy */
    double *norm2;           /* (width): Σ_j w_ij² */
    int workers;             /* threads that may fill it */
    ht_histogram *histogram; /* (workers): one each while it is filled; [0] holds all after ht_tap_finish */
} ht_tap;

/* For networks of the shape of `shape`, filled by pools of up to `workers` threads. NULL with *err set. */
ht_tap *ht_tap_new(const ht_network *shape, int workers, ht_error *err);
void ht_tap_free(ht_tap *tap);

/* One filling: begin, every shard of every hidden layer once (any order, any worker), finish. No allocation.
 */
void ht_tap_begin(ht_tap *tap);
void ht_tap_shard(ht_tap *tap, const ht_network *from, int hidden, int shard, int worker);
void ht_tap_finish(ht_tap *tap, const ht_network *from);

/* All three at once, outside a step. */
void ht_tap_take(ht_tap *tap, const ht_network *from, struct ht_pool *pool);

#endif
