/* netfile.h - networks in files: .safetensors of ours or of others, or one .npy a layer; and out again. */
#ifndef HT_DATA_NETFILE_H
#define HT_DATA_NETFILE_H

#include "heavytail/network.h"

/* The network in a .safetensors file: the tensors layers.0.weight, layers.1.weight, …; in a file of others
 * every matrix whose name ends in "weight" (or every matrix), in the file's order. Row = neuron, and a layer
 * takes in what the one before gives out. Biases must be zero: our networks have none. Activation and mean
 * field are the file's if it was written by ht_netfile_write, otherwise the ones given. HT_FAIL names the
 * file, the tensor and what is wrong. ht_network_free. */
ht_network *ht_netfile_read(const char *path, ht_activation activation, bool mean_field, ht_error *err);

/* The same from one .npy matrix a layer, first to last. */
ht_network *ht_netfile_read_npy(const char *const *paths, int count, ht_activation activation,
                                bool mean_field, ht_error *err);

/* Writes layers.0.weight …; `about` stands in the metadata as heavytail.pruning. */
ht_code ht_netfile_write(const char *path, const ht_network *net, const char *about, ht_error *err);

#endif
