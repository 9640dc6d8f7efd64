/* netform.h - how a file of others holds a network: what its tensors are called, in their order, and how they
 * lie, so that a copy can be written likewise. Zeroed: as ours do, layers.0.weight, layers.0.bias,
 * layers.1.weight … */
#ifndef HT_WEIGHTS_NETFORM_H
#define HT_WEIGHTS_NETFORM_H

#include "base/notes.h"
#include "heavytail/network.h"
#include "weights/weights.h"

typedef struct ht_netform {
    int count;
    struct ht_form_tensor {
        char name[HT_TENSOR_NAME];
        size_t number; /* in the file */
        int tensor;    /* of the network's list */
        bool turned;   /* a weight (inputs × outputs); a vector (1 × outputs) */
        int ndim;      /* of a vector: 1, or 2 */
    } tensor[4 * HT_WEIGHTS_MAX];
} ht_netform;

/* Tensor `number` of the file is number `tensor` of the network. `form` may be NULL. */
void ht_netform_add(ht_netform *form, const ht_weights *file, size_t number, int tensor, bool turned);

/* The same of a vector. */
void ht_netform_add_vector(ht_netform *form, const ht_weights *file, size_t number, int tensor);

/* All are there. In the order of the file; ours (noted) when one has no place or a name too long to be kept.
 */
void ht_netform_finish(ht_netform *form, const char *path, ht_notes *notes);

/* What a tensor of a network is in a file of ours: filters have four dimensions, what is no weight matrix is
 * a vector. */
ht_sides ht_netform_sides(const ht_tensor *tensor);

#endif
