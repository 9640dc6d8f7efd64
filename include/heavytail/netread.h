/* netread.h - a network out of a file, ours or somebody else's (PyTorch, Keras, Flax, scikit-learn). */
#ifndef HEAVYTAIL_NETREAD_H
#define HEAVYTAIL_NETREAD_H

#include <stddef.h>

#include "heavytail/network.h"

HT_PUBLIC_BEGIN

/* What a file may not say; zeroed: nothing is known, and the layers are dense ones with relu between. */
typedef struct ht_network_words {
    /* Pairs key, value, a NULL at the end; NULL: none. "model.layers" is the line of layers before the
     * output's ("conv 20 5x5, pool 2, dense 500"), "model.activation" what stands between them. */
    const char *const *settings;
    const char *order; /* "a,b,c": the weight matrices, first to last; NULL: as shapes and names tell */
    ht_shape input;    /* of a sample; zeros: not known. Convolutions need it */
    int classes;       /* 0: not known */
} ht_network_words;

/* The network in a .safetensors file, a model of several files, or a directory with one of these, such as a
 * run directory. Tensors find their layers by shape, several of one shape by the numbers in their names or
 * `order`; what is stored (inputs × outputs) is turned; biases that are not there are 0; a batch norm without
 * a layer is folded into the one before it. What was left out or guessed stands in notes (size bytes, cut to
 * fit), a sentence a line; size 0: not wanted. NULL with *err set: HT_USAGE for settings and an order that
 * cannot be, HT_FAIL, with file and tensor, for what does not fit. The caller frees it (ht_network_free).
 * Any thread. */
ht_network *ht_network_read(const char *path, const ht_network_words *words, char *notes, size_t size,
                            ht_error *err);

HT_PUBLIC_END

#endif
