/* occam.h - Occam gradient descent (Kausik, arXiv 2405.20194): after each epoch the fraction λ of every
 * layer's weights that are not yet zero goes, smallest magnitude first, and stays zero. λ follows the loss:
 * with ζ = (L_i - L_{i-1}) / (L_{i-1} - L_{i-2}),   λ ← clip(ζ λ, 0.1 λ0, λ0); λ0 in the first two epochs;
 * 0.1 λ0 when the epoch before did not improve or ζ is undefined. Pure. */
#ifndef HT_NN_OCCAM_H
#define HT_NN_OCCAM_H

#include "heavytail/network.h"

typedef struct ht_occam {
    uint64_t epochs;     /* validated so far */
    double lambda;       /* of the last one */
    double loss, before; /* L_i, L_{i-1} */
    uint64_t best_epoch; /* of the lowest loss, from 1; 0: none yet */
    double best_loss;
} ht_occam;

/* What Occam gradient descent did at the end of an epoch. */
typedef struct ht_occam_epoch {
    uint64_t epoch;                /* from 1 */
    double lambda, loss, accuracy; /* the scores are those before the pruning; NaN: memory was short */
    double kept;                   /* fraction of all weights that are not zero, after it */
} ht_occam_epoch;

/* Rows kept of a run: of every epoch; of longer runs of every second, every fourth … */
enum { HT_OCCAM_EPOCHS = 1024 };

/* Takes in the loss at the end of an epoch; returns the λ to prune with now. */
double ht_occam_update(ht_occam *occam, double lambda0, double loss);

/* Zeroes ⌊λ · count⌋ of the `count` weights of each layer that are not zero: the smallest magnitudes, lower
 * index first on ties. */
void ht_occam_prune(ht_network *net, double lambda);

#endif
