/* gradient_noise.h - the noise of stochastic gradients: minibatch gradient less full gradient, of one layer
 * (Simsekli, Sagun, Gürbüzbalaban, arXiv 1901.06053). */
#ifndef HT_NN_GRADIENT_NOISE_H
#define HT_NN_GRADIENT_NOISE_H

#include "heavytail/network.h"

typedef struct ht_gradient_noise {
    int layer;     /* a hidden one */
    int batch;     /* samples of a minibatch */
    uint64_t seed; /* of the permutation that makes the minibatches */
    size_t draws;  /* minibatches wanted; no more than the samples give without replacement */
} ht_gradient_noise;

/* How many whole minibatches there are, at most `wanted->draws`. */
size_t ht_gradient_noise_draws(const ht_gradient_noise *wanted, const ht_samples *samples);

/* noise (draws × layer size): a row per minibatch, laid out like the layer's weights. The network is as
 * before afterwards, but nothing else may use it meanwhile. HT_FAIL when memory is short or a gradient is not
 * finite. */
ht_code ht_gradient_noise_take(const ht_gradient_noise *wanted, ht_network *net, const ht_samples *samples,
                               struct ht_pool *pool, float *noise, ht_error *err);

#endif
