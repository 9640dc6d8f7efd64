/* occam.h - Occam gradient descent (Kausik, arXiv 2405.20194): after each epoch the fraction λ of every
 * layer's weights that are not yet zero goes, smallest magnitude first, and stays zero. λ follows the loss:
 * with ζ = (L_i - L_{i-1}) / (L_{i-1} - L_{i-2}),   λ ← clip(ζ λ, 0.1 λ0, λ0); λ0 in the first two epochs.
 * Two rules (occam.rule): ours is the paper's, and the published one that of the code released with it
 * (github.com/bnkausik, ogd_mnist.py, ogd_cifar.py, May 2024).
 *
 *                              ours                           published
 *   the epoch before did not   λ = 0.1 λ0                     ζλ as ever: after two epochs that worsen ζ > 0,
 *   improve                                                   and λ may grow
 *   how many of n weights go   ⌊λ n⌋; of equal ones the       those below the quantile at λ (between order
 *                              first                          statistics h = λ (n - 1) linearly): equal ones
 *                                                             together
 *   when they become 0         at once                        with the next update: the next step's gradient
 * is that of the network before
 *
 * In both λ = 0.1 λ0 where ζ is undefined (0 / 0), where the released code ends with an error. What is held
 * back differs, too (params/batch.h, engine/validation.h). Pure. */
#ifndef HT_NN_OCCAM_H
#define HT_NN_OCCAM_H

#include "heavytail/network.h"
#include "nn/mask.h"

typedef struct ht_occam {
    uint64_t epochs;     /* validated so far */
    uint64_t seen;       /* with occam.every: targets trained on since */
    double lambda;       /* of the last one */
    double loss, before; /* L_i, L_{i-1} */
    uint64_t best_epoch; /* of the lowest loss, from 1; 0: none yet */
    double best_loss;
} ht_occam;

/* What Occam gradient descent did at the end of an epoch. */
typedef struct ht_occam_epoch {
    uint64_t epoch;                /* from 1 */
    double lambda, loss, accuracy; /* the scores are those before the pruning; NaN: memory was short */
    double kept;                   /* fraction of all weights that stay, after it */
    double multiply_adds;          /* of those, for a sample forward (multiply_adds.h) … */
    double compute;                /* … and of all training up to here; NaN: not known */
} ht_occam_epoch;

/* Rows kept of a run: of every epoch; of longer runs of every second, every fourth … */
enum { HT_OCCAM_EPOCHS = 1024 };

/* Takes in the loss at the end of an epoch; returns the λ to prune with now. */
double ht_occam_update(ht_occam *occam, ht_occam_rule rule, double lambda0, double loss);

/* Zeroes ⌊λ · count⌋ of the `count` weights of each layer that are not zero: the smallest magnitudes, lower
 * index first on ties. */
void ht_occam_prune(ht_network *net, double lambda);

/* The published rule's: the mask of the weights that are not zero and not below their layer's quantile; `net`
 * stays as it is. Of a layer of zeros nothing is trained. */
void ht_occam_mask(ht_mask *mask, const ht_network *net, double lambda);

#endif
