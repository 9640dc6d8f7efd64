/* token_losses.h - what a network on token sequences is compared with: the losses of frequencies. */
#ifndef HT_DATA_TOKEN_LOSSES_H
#define HT_DATA_TOKEN_LOSSES_H

#include "heavytail/dataset.h"
#include "heavytail/status.h"

/* Fills unigram, bigram and their entropies (heavytail/dataset.h says what they are) from both parts, whose
 * samples have `inputs` tokens, numbers below `tokens`; the rest of *losses stays. Time is linear in the
 * number of tokens and of different ones. */
ht_code ht_token_losses_count(const ht_samples *train, const ht_samples *test, size_t inputs, int tokens,
                              ht_token_losses *losses, ht_error *err);

#endif
