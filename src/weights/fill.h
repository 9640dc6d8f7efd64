/* fill.h - the weights of a file in a network that is there: what training begins with (train.init). */
#ifndef HT_WEIGHTS_FILL_H
#define HT_WEIGHTS_FILL_H

#include "base/notes.h"
#include "heavytail/network.h"

/* Reads a .safetensors file of anybody, or a checkpoint, or that of a run's directory, and takes its layers
 * in their order (netfile.h); shapes must be those of `net`, whose numbers are replaced. A file without
 * biases leaves those of `net` at 0, which is noted. HT_FAIL, with the layer that does not fit and what
 * would; `net` is then undefined. */
ht_code ht_network_fill(ht_network *net, const char *path, ht_notes *notes, ht_error *err);

#endif
