/* factor.h - deep weight factorization (Kolb, Weber, Bischl, Rügamer, ICLR 2025, arXiv 2502.02496): every
 * weight is the product of D factors, W = ω_1 ⊙ … ⊙ ω_D, and the factors are what is trained. Weight decay λ
 * on the factors acts as an L_{2/D} penalty on W, so that most weights shrink to nothing.
 *
 * The network's weights always hold the products. Noise moves the products by what is stated; then the
 * factors of that layer are taken balanced, |ω_d| = |w|^(1/D), which is where the penalty drives them anyway.
 * Ownership: the caller's. Tasks of a pool may work on different blocks at the same time. */
#ifndef HT_NN_FACTOR_H
#define HT_NN_FACTOR_H

#include "heavytail/network.h"

enum { HT_FACTORS_MAX = 4 };

typedef struct ht_factors {
    int count;                        /* D, 2 .. HT_FACTORS_MAX */
    int tensors, shards;              /* the network's list; most shards of a layer */
    float *(*factor)[HT_FACTORS_MAX]; /* (tensors): each like the tensor; NULL where it is no weight matrix */
    float *largest; /* (tensors × shards): largest |ω| of a shard, for the guard against overflow */
} ht_factors;

/* Zero factors. NULL with *err set when memory is short. */
ht_factors *ht_factors_new(const ht_network *net, int count, ht_error *err);
void ht_factors_free(ht_factors *factors);

/* Algorithm D.1 there: factors N(0, σ_w^(2/D)) redrawn until ε^(1/D) < |ω| < min(1, (2σ_w)^(1/D)), with
 * σ_w = √(2/fan_in) and ε = 0.003. A function of the seed and the position only. The products go into `net`.
 */
void ht_factors_init(ht_factors *factors, ht_network *net, uint64_t seed, struct ht_pool *pool);

/* The same for `count` factors of one weight's law; for tests. `key` tells sequences apart. */
void ht_factors_draw(float *factor, size_t count, int depth, double sigma, uint64_t seed, uint64_t key);

/* Part of tensor number `tensor`: `rows` rows of `columns` values, `stride` apart, from value `start` on. */
typedef struct ht_block {
    int tensor, rows, columns, stride;
    size_t start;
} ht_block;

/* ω_d ← ω_d - η (∂L/∂W · Π_{e≠d} ω_e + λ ω_d) for all d at once; the new products go to `net`. `gradient` is
 * ∂L/∂W in the block's layout. Factors below 1e-18 become 0: they could not come back. */
void ht_factors_descend(ht_factors *factors, ht_network *net, const ht_block *block, const float *gradient,
                        float lr, float decay);

/* Takes the weights of the block as given and spreads them evenly over their factors, signs kept. */
void ht_factors_balance(ht_factors *factors, ht_network *net, const ht_block *block);

/* The same for every weight that is no longer the product of its factors: after pruning. */
void ht_factors_follow(ht_factors *factors, ht_network *net);

/* Called with the shard of a block that has changed, and asked before a step. */
void ht_factors_measure(ht_factors *factors, const ht_block *block, int shard);
double ht_factors_largest(const ht_factors *factors); /* |ω| of all */

/* The products, after the factors were read from a file. */
void ht_factors_collapse(ht_factors *factors, ht_network *net);

#endif
