/* generate.h - text from a network that reads token sequences: token after token, each drawn from what the
 * network says comes next. One thread. */
#ifndef HT_NN_GENERATE_H
#define HT_NN_GENERATE_H

#include <stddef.h>
#include <stdint.h>

#include "heavytail/network.h"

typedef struct ht_generator ht_generator;

/* Borrows the network, whose weights may change between two tokens. NULL with *err set: memory is short. */
ht_generator *ht_generator_new(const ht_network *net, ht_error *err);
void ht_generator_free(ht_generator *generator);

/* The token after tokens[0 .. count-1], count ≥ 1, of which the network sees the last T. It is drawn from
 * softmax(logits / temperature) by `uniform`, which is in (0, 1): the first token at which the sum of
 * probabilities, in the order of the vocabulary, exceeds it. Temperature 0: the most probable one, the first
 * of several. The work is one evaluation of T positions. HT_FAIL when it is cancelled or the logits are not
 * finite. */
ht_code ht_generator_next(ht_generator *generator, const int32_t *tokens, size_t count, double temperature,
                          double uniform, int32_t *next, ht_error *err);

#endif
