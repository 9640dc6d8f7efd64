/* netparts.h - the tensors of a model of others as what they are to a network: matrices, and the biases that
 * go with them. What is neither ends it, or is noted. */
#ifndef HT_WEIGHTS_NETPARTS_H
#define HT_WEIGHTS_NETPARTS_H

#include "base/notes.h"
#include "weights/chain.h"
#include "weights/weights.h"

enum { HT_PARTS_MAX = 64, HT_NO_TENSOR = -1 };

typedef struct ht_netparts {
    int count;
    ht_link link[HT_PARTS_MAX];  /* the matrices */
    size_t number[HT_PARTS_MAX]; /* of the tensor */
    long bias[HT_PARTS_MAX];     /* of the tensor that is its bias, or HT_NO_TENSOR */
} ht_netparts;

/* HT_FAIL names the tensor that keeps this from being a network of dense layers. Names point into the file.
 */
ht_code ht_netparts_find(ht_netparts *parts, const char *path, const ht_weights *file, ht_notes *notes,
                         ht_error *err);

#endif
