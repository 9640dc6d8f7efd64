/* markov.h - a chain of order 2 over 16 characters, known to the last probability: each character depends on
 * the two before it and on nothing else, so the entropy of its texts is exactly known. */
#ifndef HT_DATA_MARKOV_H
#define HT_DATA_MARKOV_H

#include <stddef.h>
#include <stdint.h>

#include "num/rng.h"

enum { HT_MARKOV_KINDS = 16 };

typedef struct ht_markov {
    /* next[a][b][c]: how probable c is after a b; none is 0 */
    double next[HT_MARKOV_KINDS][HT_MARKOV_KINDS][HT_MARKOV_KINDS];
    double pairs[HT_MARKOV_KINDS][HT_MARKOV_KINDS]; /* how frequent a b is: the stationary distribution */
} ht_markov;

/* The characters, sorted. */
extern const char ht_markov_characters[HT_MARKOV_KINDS + 1];

/* The chain of a seed. */
void ht_markov_make(uint64_t seed, ht_markov *chain);

/* How probable c is for one who knows the character before it only, and for one who knows none. */
double ht_markov_after(const ht_markov *chain, int b, int c);
double ht_markov_alone(const ht_markov *chain, int c);

/* Entropy of a character, in nats, for one who knows `known` (0, 1, 2) characters before it. Of 2 it is the
 * entropy rate (Cover and Thomas, Elements of Information Theory, 4.2): more do not help. */
double ht_markov_entropy(const ht_markov *chain, int known);

/* A text of `count` ≥ 2 characters that begins as the stationary distribution says. */
void ht_markov_text(const ht_markov *chain, ht_rng *rng, int32_t *text, size_t count);

#endif
