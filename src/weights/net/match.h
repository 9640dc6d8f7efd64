/* match.h - which module of a file belongs to which matrix or norm of a network. Shapes decide; where several
 * modules have one shape the numbers in their names do, or an order that was given; where nothing tells,
 * nobody guesses. */
#ifndef HT_WEIGHTS_MATCH_H
#define HT_WEIGHTS_MATCH_H

#include "heavytail/network.h"
#include "nn/layers/layer.h"
#include "weights/net/modules.h"

typedef struct ht_match_layer {
    ht_layer *layer;   /* of the network, with tensors: */
    ht_tensor *tensor; /* its first; embeddings and attention stand here once for each of their matrices */
    int module;
    int norm; /* the batch norm that is folded into it, or -1 */
} ht_match_layer;

typedef struct ht_match {
    int count;
    ht_match_layer layer[2 * HT_LAYERS_MAX];
    int head; /* the output layer of a file, which the network ties to its token table, or -1: the table again
               */
} ht_match;

/* Notes say what was not plain. HT_FAIL names the tensor, its shape, and what the network needs there;
 * HT_USAGE: an order that cannot be. */
ht_code ht_match_find(ht_match *match, ht_network *net, const ht_modules *modules, const char *path,
                      const char *order, ht_notes *notes, ht_error *err);

#endif
