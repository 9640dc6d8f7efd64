/* fill.h - the numbers of a file in a network that is there: what training begins with (train.init), and how
 * networks of any layers are read. */
#ifndef HT_WEIGHTS_FILL_H
#define HT_WEIGHTS_FILL_H

#include "base/notes.h"
#include "heavytail/network.h"
#include "weights/net/netform.h"

/* Reads a .safetensors file of anybody, a checkpoint, a run's directory, or a model in several files, and
 * gives each layer of `net` the tensors of its shape: where several have it, in the order that the numbers in
 * their names say, or `order` ("a,b,c": all matrices, first to last; NULL). What is stored the other way
 * round is turned. Biases that the file does not have begin at 0; a batch norm for which `net` has no layer
 * is folded into the layer before it; both are noted, as is whatever was not plain. The numbers of `net` are
 * replaced; tensors without memory get some. HT_FAIL, with the tensor that does not fit and what is needed
 * there, or HT_USAGE for an order that cannot be; `net` is then undefined. */
ht_code ht_network_fill(ht_network *net, const char *path, const char *order, ht_notes *notes, ht_error *err);

/* The same from a file that is open; *form (may be NULL) gets how it holds the network, unless something was
 * folded. */
ht_code ht_network_fill_from(ht_network *net, ht_weights *file, const char *path, const char *order,
                             ht_netform *form, ht_notes *notes, ht_error *err);

#endif
