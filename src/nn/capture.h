/* capture.h - what is wanted to be known of the weights, taken some rows at a time: the squared norms of the
 * rows of every hidden layer, the histogram of |w| of one or of all; and, unless it is a glimpse, a copy of
 * every layer. A training step fills it while they are in cache. Ownership: the caller's. One writer at a
 * time (a step with its pool). */
#ifndef HT_NN_CAPTURE_H
#define HT_NN_CAPTURE_H

#include "heavytail/network.h"
#include "num/histogram.h"

typedef struct ht_capture {
    ht_network *net; /* the copy; NULL: a glimpse has none */
    int hidden;      /* hidden layers */
    int first[HT_HIDDEN_MAX +
              1];   /* of each its first row in norm2, counted through; then how many there are */
    double *norm2;  /* (first[hidden]): Σ_j w_ij² */
    size_t weights; /* of all hidden layers */
    int columns[HT_HIDDEN_MAX], window[HT_HIDDEN_MAX][2]; /* as of their tensors */
    int heads[HT_HIDDEN_MAX];                             /* as of its tensor; 0: no attention */
    bool prunable[HT_HIDDEN_MAX];                         /* its rows are units */
    bool units; /* rows of all hidden matrices are units; not where heads are, or what a residual adds is none
                 */
    int layer;  /* whose histogram: set between fillings by ht_capture_pick */
    int workers; /* threads that may fill it */
    ht_histogram
        *histogram; /* (workers): one each while it is filled; [0] holds all after ht_capture_finish */
} ht_capture;

/* For networks of the shape of `shape`, filled by pools of up to `workers` threads. NULL with *err set. */
ht_capture *ht_capture_new(const ht_network *shape, int workers, ht_error *err);
ht_capture *ht_capture_new_glimpse(const ht_network *shape, int workers, ht_error *err);
void ht_capture_free(ht_capture *capture);

/* Of which layer the histogram is, from the next filling on: at first of all of them. */
void ht_capture_pick(ht_capture *capture, int layer);

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
