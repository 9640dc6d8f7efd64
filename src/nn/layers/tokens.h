/* tokens.h - networks that read sequences of tokens, and whether data are such. */
#ifndef HT_NN_LAYERS_TOKENS_H
#define HT_NN_LAYERS_TOKENS_H

#include "heavytail/dataset.h"
#include "heavytail/network.h"

/* HT_USAGE when the samples are token sequences and the network does not begin with embed, or the other way
 * round. */
ht_code ht_tokens_check(const ht_network *net, const ht_dataset *data, ht_error *err);

/* HT_USAGE when one of the samples' values, is no token of the network's. */
ht_code ht_tokens_check_samples(const ht_network *net, const ht_samples *samples, ht_error *err);

#endif
