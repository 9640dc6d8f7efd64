/* draws.h - the α-stable noise of training by itself: the very numbers that a step adds to a layer, and the
 * pruning ratio of a layer of nothing else.
 *
 * A draw X is a function of (seed, step, layer, neuron, index) alone, the same bits on every machine, for any
 * cut of the work and any number of threads. Types I, II and III of arXiv 2306.08125, by row (neuron):
 *   shared     one X for all weights of a row, symmetric α-stable: E exp(iuX) = exp(-|u|^α)
 *   iid        one such X for each weight
 *   isotropic  √A · G, G standard normal for each weight, A positive (α/2)-stable for the row:
 *              E exp(iuX) = exp(-|u/√2|^α)
 * so that at α = 2 the first two are N(0, 2) and the third N(0, 1). X has the precision of a float: it is a
 * quantile, right to 3e-7 relative, from α = 0.5 to 1 to 5e-7, at 0.3 to 5e-6, out to P(|X| > x) = 2^-64;
 * none is infinite.
 *
 * Thread: an ht_law is not changed once it is made; any number of threads may draw from it. */
#ifndef HEAVYTAIL_DRAWS_H
#define HEAVYTAIL_DRAWS_H

#include <stddef.h>
#include <stdint.h>

#include "heavytail/params.h"
#include "heavytail/status.h"

HT_PUBLIC_BEGIN

/* Type, α and the table that draws are made with, 20 kB. */
typedef struct ht_law ht_law;

/* Takes some 10 ms, below α = 1 some 40: keep it. 0.3 ≤ α ≤ 2. NULL with *err set: HT_USAGE for another α or
 * type none, HT_FAIL when memory is short. ht_law_free, also of NULL. */
ht_law *ht_law_new(ht_noise_type type, double alpha, ht_error *err);
void ht_law_free(ht_law *law);

/* Which draws. */
typedef struct ht_draws {
    uint64_t seed, step; /* step: from 0, as training counts, below 2^48 */
    int layer;           /* number of the weight matrix, from 0, at most 255 */
    size_t first;        /* the neuron of row 0 */
} ht_draws;

/* x (rows × columns, row-major) = X. Exactly one of f32, f64 is set, and borrowed; a double holds the float.
 * HT_USAGE: a step, layer, neuron (2^32) or column (2^31) beyond what there are draws for. */
ht_code ht_draws_fill(const ht_law *law, const ht_draws *which, size_t rows, size_t columns, float *f32,
                      double *f64, ht_error *err);

/* w (rows × columns) += σ η^(1/α) X, `scale` being σ and `step_size` η, both ≥ 0 and finite: what a step of
 * training adds, for floats in its very bits. HT_USAGE as above. */
ht_code ht_draws_add(const ht_law *law, const ht_draws *which, double scale, double step_size, size_t rows,
                     size_t columns, float *f32, double *f64, ht_error *err);

/* A layer of nothing but noise: what κ of a network tends to whose noise outweighs its gradient. By stability
 * the number of steps does not matter. */
typedef struct ht_noise_layer {
    ht_noise_type type;
    double alpha;
    int inputs, width; /* d, n: weights of a neuron, neurons */
    ht_prune_metric metric;
    double error; /* the relative error at which κ is read off (heavytail/prune.h) */
    uint64_t seed;
} ht_noise_layer;

/* κ of `count` such layers, drawn one by one, into ratios (count). HT_USAGE for values out of range, HT_FAIL
 * when memory is short. */
ht_code ht_noise_layer_ratios(const ht_noise_layer *layer, int count, double *ratios, ht_error *err);

HT_PUBLIC_END

#endif
