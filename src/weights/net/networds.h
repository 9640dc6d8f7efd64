/* networds.h - what a file of ours says about a network that is more than dense layers: its layers in one
 * line, as model.layers has them, whether the output is tied to the token table (model.tied), and the shape
 * of a sample, as metadata. The rest is in its tensors. */
#ifndef HT_WEIGHTS_NETWORDS_H
#define HT_WEIGHTS_NETWORDS_H

#include "heavytail/network.h"
#include "weights/weights.h"

typedef struct ht_networds {
    char layers[HT_PARAM_TEXT], input[48];
} ht_networds;

enum { HT_NETWORDS_PAIRS = 3 };

/* The pairs (key, value) of a network, at most HT_NETWORDS_PAIRS of them, into `pairs`, whose values are in
 * `words`. Returns how many pointers; 0 for a network of dense layers. A line that is too long for a
 * parameter is left out. */
size_t ht_networds_of(ht_networds *words, const ht_network *net, const char **pairs);

/* What a file says: *layers is NULL when it does not, *input zeroed. HT_FAIL for a shape that is none. */
ht_code ht_networds_read(const ht_weights *file, const char *path, const char **layers, ht_shape *input,
                         ht_error *err);

/* Does it say that the output is tied? */
bool ht_networds_tied(const ht_weights *file);

/* Does it say a shape? */
bool ht_networds_input(const ht_weights *file);

#endif
