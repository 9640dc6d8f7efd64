/* tokens.h - a text as token numbers, and how it becomes samples: which stretches of it are the test part,
 * and what is cut from them. A sample of context T is T + 1 tokens that follow each other, T inputs and the
 * token after each; the next sample begins with the last of them, so that every token but the first of a
 * stretch is a target once. */
#ifndef HT_DATA_TOKENS_H
#define HT_DATA_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/loader.h"
#include "heavytail/status.h"

enum {
    HT_TOKENS_MAX = 100000,     /* different ones */
    HT_TEXT_STRETCHES = 8,      /* that the test part is taken from, at most */
    HT_TEXT_STRETCH_LEAST = 16, /* samples of a test stretch, where there are several */
};

typedef struct ht_stretch {
    size_t from, length; /* tokens */
    bool test;
} ht_stretch;

typedef struct ht_text_split {
    ht_stretch at[2 * HT_TEXT_STRETCHES + 1]; /* first to last; together the whole text */
    size_t count, tests;                      /* of all, of the test part */
    size_t left;                              /* tokens that fill no sample */
} ht_text_split;

/* Splits a text of `count` tokens by place: it is cut into equal parts, and of each one stretch, at a place
 * drawn by the seed, is for the test, so that the test part is `share` of all (to a sample; each part gets at
 * least one), lies together as far as can be, and still comes from all over the text. A short text is one
 * part. False when there are not two samples: count < 2·context + 2. */
bool ht_text_split_make(size_t count, size_t context, double share, uint64_t seed, ht_text_split *split);

/* The samples of one part, in an order drawn by the seed. */
ht_code ht_text_samples(const int32_t *tokens, const ht_text_split *split, bool test, size_t context,
                        uint64_t seed, ht_raw_part *part, ht_error *err);

/* Room for `count` samples. */
ht_code ht_sequences_reserve(ht_raw_part *part, size_t count, size_t context, ht_error *err);
/* Sample `index` from the context + 1 tokens at `tokens`. */
void ht_sequences_set(ht_raw_part *part, size_t index, const int32_t *tokens);

#endif
