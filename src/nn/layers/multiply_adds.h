/* multiply_adds.h - how much computing a network is, in multiplications with a weight (network.h), whatever
 * our own kernels do about zeros. Pure; whole numbers, exact in a double. */
#ifndef HT_NN_LAYERS_MULTIPLY_ADDS_H
#define HT_NN_LAYERS_MULTIPLY_ADDS_H

#include "nn/mask.h"

/* At how many places weight matrix w of the network's list is applied to one sample: 1 for dense layers. */
size_t ht_weight_places(const ht_network *net, int w);

/* Of all its weights, zeros too. */
double ht_multiply_adds_whole(const ht_network *net);

/* Of the weights that training keeps: those that the mask (NULL: there is none) does not hold at zero. */
double ht_multiply_adds_trained(const ht_network *net, const ht_mask *mask);

/* What a step costs by the usual count: forward once, back twice (the gradients of weights and of what they
 * read), for each sample. */
static inline double ht_multiply_adds_step(double forward, int samples)
{
    return 3 * forward * samples;
}

#endif
