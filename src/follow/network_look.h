/* network_look.h - what is known of the weights in a file as a whole network, where there are samples for it:
 * accuracy, loss, and what is left of both when it is pruned. */
#ifndef HT_FOLLOW_NETWORK_LOOK_H
#define HT_FOLLOW_NETWORK_LOOK_H

#include "base/notes.h"
#include "heavytail/network.h"
#include "heavytail/prune.h"

typedef struct ht_network_source { /* borrowed */
    const ht_params *params;       /* model.layers, activation, how to prune */
    const ht_samples *samples;     /* what accuracy is measured on */
    const ht_samples *train;       /* what coreset is calibrated on; may be NULL */
    ht_shape input;                /* of a sample */
    int classes;
    const char *order; /* of the layers, "a,b,c"; NULL */
    bool curve;        /* the whole pruning curve, too */
} ht_network_source;

typedef struct ht_network_look { /* zeroed: not asked for */
    bool there;
    char why[300];          /* asked for and not there: why; else empty */
    ht_score whole, pruned; /* on the samples; pruned as the settings ask */
    double kappa, error;    /* units that pruning takes, of all of the hidden layers; and the ε of that */
    ht_prune_curve curve;   /* count 0: not asked for */
} ht_network_look;

/* Reads the network in `path` and measures it, with at most about `memory` bytes; one that cannot be says why
 * in look->why, which is no failure: its layers can be looked at all the same. HT_FAIL: the work was
 * cancelled. */
ht_code ht_network_look_take(ht_network_look *look, const char *path, size_t weights,
                             const ht_network_source *source, size_t memory, struct ht_pool *pool,
                             ht_notes *notes, ht_error *err);
void ht_network_look_free(ht_network_look *look);

#endif
