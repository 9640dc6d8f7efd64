/* mask.h - weights that stay zero while training goes on: one bit a weight, 1 = trained, 0 = stays zero.
 * Ownership: the caller's. Reading is thread-safe; making and taking are not. */
#ifndef HT_NN_MASK_H
#define HT_NN_MASK_H

#include "heavytail/network.h"

typedef struct ht_mask_tensor {
    size_t count;           /* weights, or biases of hidden units; 0: every number of it is trained */
    bool hidden;            /* a weight matrix, not the output's */
    unsigned char *trained; /* (⌈count/8⌉): bit i % 8 of byte i / 8 is weight i, row-major */
} ht_mask_tensor;

typedef struct ht_mask {
    int tensors; /* the network's list */
    ht_mask_tensor *of;
} ht_mask;

/* For networks of this shape; every weight is trained. NULL with *err set. */
ht_mask *ht_mask_new(const ht_network *shape, ht_error *err);
void ht_mask_free(ht_mask *mask);

/* From now on the weights that are 0 in `net` stay 0, and all others are trained. A bias stays 0 with a
 * hidden unit that has neither a bias nor a weight: it was removed. */
void ht_mask_take_zeros(ht_mask *mask, const ht_network *net);
void ht_mask_copy(ht_mask *to, const ht_mask *from); /* of the same shape */

/* The share of all weights that are trained. */
double ht_mask_share(const ht_mask *mask, const ht_network *net);
/* The share of the weights of the hidden layers that stay 0. */
double ht_mask_hidden_share(const ht_mask *mask);

/* Is number i of tensor `tensor`, which has a mask, trained? */
static inline bool ht_mask_trains(const ht_mask *mask, int tensor, size_t i)
{
    return mask->of[tensor].trained[i / 8] >> (i % 8) & 1;
}

/* From now on number i of tensor `tensor`, which has a mask, stays 0: a step makes it so. */
static inline void ht_mask_drop(ht_mask *mask, int tensor, size_t i)
{
    mask->of[tensor].trained[i / 8] &= (unsigned char)~(1u << (i % 8));
}

/* w[i] = 0 where weight first + i of the tensor stays zero, i < count. No allocation. */
void ht_mask_apply(const ht_mask *mask, int tensor, size_t first, size_t count, float *w);

#endif
