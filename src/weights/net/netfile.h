/* netfile.h - networks in files: .safetensors of ours or of others, or one .npy a layer; and out again. */
#ifndef HT_WEIGHTS_NETFILE_H
#define HT_WEIGHTS_NETFILE_H

#include "base/notes.h"
#include "heavytail/network.h"
#include "weights/net/netform.h"
#include "weights/safetensors.h"

typedef struct ht_netfile_options {
    ht_activation activation; /* unless the file says */
    bool mean_field;
    const char *order;    /* "a,b,c": the layers, first to last; NULL: found out (chain.h) */
    ht_notes *notes;      /* what was left out or not plain; may be NULL */
    ht_netform *form;     /* filled with how the file holds it, to write it likewise; may be NULL */
    const ht_params *run; /* whose model.layers, if it is set, says which layers; NULL: not known */
    ht_shape input;       /* of a sample; zeros: not known */
    int classes;          /* 0: not known */
} ht_netfile_options;

/* The network in a .safetensors file or a model in several (weights.h). In a file of ours the tensors
 * layers.0.weight, layers.0.bias, layers.1.weight, …; in a file of others all matrices, in the order that
 * their shapes and names tell, with the biases that go with them by name. Row = neuron; what is stored the
 * other way round is turned. Activation and mean field are the file's if it was written by ht_netfile_write,
 * otherwise the ones given. A network that is more than dense layers and biases is that of the file's own
 * words (networds.h), or of `run`, or guessed (netlayers.h). HT_FAIL names the file, the tensor and what is
 * wrong. HT_USAGE: an order that cannot be. ht_network_free. */
ht_network *ht_netfile_read_as(const char *path, const ht_netfile_options *options, ht_error *err);

/* Is it a network of which the file does not say which shape its samples have? Then `input` has to be known.
 */
ht_code ht_netfile_asks(const char *path, const ht_netfile_options *options, bool *asks, ht_error *err);

/* The same without an order and notes. */
ht_network *ht_netfile_read(const char *path, ht_activation activation, bool mean_field, ht_error *err);

/* The same from one .npy matrix a layer, first to last. */
ht_network *ht_netfile_read_npy(const char *const *paths, int count, ht_activation activation,
                                bool mean_field, ht_error *err);

/* Writes the network as `form` says (NULL: as ours), its numbers as F32, so that what could load the file
 * that was read loads this one; `about` stands in the metadata as heavytail.pruning. */
ht_code ht_netfile_write(const char *path, const ht_network *net, const ht_netform *form, const char *about,
                         ht_error *err);

#endif
