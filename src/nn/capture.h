/* capture.h - what is wanted to be known of the weights, taken some rows at a time: of the first hidden layer
 * the squared norms of its rows and the histogram of |w|; and, unless it is a glimpse, a copy of every layer.
 * A training step fills it while they are in cache. Ownership: the caller's. One writer at a time (a step
 * with its pool). */
#ifndef HT_NN_CAPTURE_H
#define HT_NN_CAPTURE_H

#include "heavytail/network.h"
#include "num/histogram.h"

typedef struct ht_capture {
    ht_network *net; /* the copy; NULL: a glimpse has none */
    int width;       /* rows of the first layer */
    int hidden;      /* hidden layers */
    double *norm2;   /* (width): Σ_j w_ij² */
    int workers;     /* threads that may fill it */
    ht_histogram
        *histogram; /* (workers): one each while it is filled; [0] holds all after ht_capture_finish */
} ht_capture;

/* For networks of the shape of `shape`, filled by pools of up to `workers` threads. NULL with *err set. */
ht_capture *ht_capture_new(const ht_network *shape, int workers, ht_error *err);
ht_capture *ht_capture_new_glimpse(const ht_network *shape, int workers, ht_error *err);
void ht_capture_free(ht_capture *capture);

/* One filling: begin, every row of every hidden weight matrix once (any order, any worker), finish. No
 * allocation.
 */
void ht_capture_begin(ht_capture *capture);
void ht_capture_rows(ht_capture *capture, const ht_network *from, int hidden, int first, int rows,
                     int worker);
void ht_capture_finish(ht_capture *capture, const ht_network *from);

/* What a glimpse holds, from a filled capture of the same weights. */
void ht_capture_glimpse(ht_capture *glimpse, const ht_capture *from);

/* All three at once, outside a step. */
void ht_capture_take(ht_capture *capture, const ht_network *from, struct ht_pool *pool);

#endif
