/* prune.h - removing hidden neurons: the order, the relative error, the accuracy after each removal.
 *
 * Relative error ε of removing rows S of W: Σ_S ‖w‖² / Σ ‖w‖² (`fro_squared`, arXiv 2306.08125) or its square
 * root (`fro`). Pruning ratio κ: the largest fraction of rows, smallest norm first, whose removal keeps ε at
 * or below a given error. Ties go to the lower index. Pure functions; the caller owns what they return. */
#ifndef HEAVYTAIL_PRUNE_H
#define HEAVYTAIL_PRUNE_H

#include "heavytail/network.h"

/* The order in which the neurons of one hidden layer go. */
typedef struct ht_prune_order {
    int count;     /* n */
    int *neuron;   /* (n): first removed first */
    double *error; /* (n + 1): ε after removing the first k */
} ht_prune_order;

ht_code ht_prune_order_make(ht_prune_order *order, const ht_layer *layer, ht_prune_method method,
                            ht_prune_metric metric, uint64_t seed, ht_error *err);
void ht_prune_order_free(ht_prune_order *order);

/* Largest k with ε(k) ≤ error. */
int ht_prune_removable(const ht_prune_order *order, double error);

typedef struct ht_prune_point {
    int removed;  /* per hidden layer */
    double ratio; /* removed / n */
    double error; /* ε, the largest of the layers' */
    double accuracy;
    double loss; /* NaN where it was not computed */
} ht_prune_point;

typedef struct ht_prune_curve {
    int count;
    ht_prune_point *points; /* by rising ratio, from 0 to 1 */
} ht_prune_curve;

/* Accuracy and ε against the fraction removed. One hidden layer: every k from 0 to n, exactly, and the loss
 * at ~200 of them, for little more than one forward pass: neurons are added to the logits from the last
 * removed to the first. Several layers: the same fraction of each, at 51 fractions. */
ht_code ht_prune_curve_make(ht_prune_curve *curve, const ht_network *net, const ht_samples *samples,
                            ht_prune_method method, ht_prune_metric metric, uint64_t seed,
                            struct ht_pool *pool, ht_error *err);
void ht_prune_curve_free(ht_prune_curve *curve);

typedef struct ht_prune_result {
    int removed, neurons; /* over all hidden layers */
    double ratio;         /* removed / neurons */
    int layer_removed[HT_DEPTH_MAX];
    ht_score train, test; /* of the pruned network */
} ht_prune_result;

/* Removes from every hidden layer what `error` allows and evaluates the rest; `train` or `test` samples may
 * be NULL. */
ht_code ht_prune_at_error(ht_prune_result *result, const ht_network *net, const ht_samples *train,
                          const ht_samples *test, ht_prune_method method, ht_prune_metric metric,
                          double error, uint64_t seed, struct ht_pool *pool, ht_error *err);

#endif
