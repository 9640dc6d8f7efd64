/* coder.h - an arithmetic coder with adaptive binary models (Rissanen, IBM J. Res. Dev. 20, 1976; the
 * carry-propagating one of Schindler and Pavlov). One type writes and reads, so that the two cannot drift
 * apart: each function codes the value it is given, or gives back the one it read. */
#ifndef HT_CERTIFY_CODER_H
#define HT_CERTIFY_CODER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Probability of a 1 in 1/65536, and how many bits it was learnt from. */
typedef struct ht_model {
    uint16_t one;
    uint16_t seen;
} ht_model;

static const ht_model ht_model_fresh = {1 << 15, 0};

typedef struct ht_coder {
    bool reading;
    uint32_t range;
    /* writing */
    ht_text *out;
    uint64_t low;
    uint64_t held; /* bytes that a carry may still change */
    unsigned char first;
    bool begun;
    /* reading */
    const unsigned char *at, *end;
    uint32_t code;
    bool short_of_bytes;
} ht_coder;

void ht_coder_write(ht_coder *c, ht_text *out);
void ht_coder_read(ht_coder *c, const unsigned char *bytes, size_t size);
/* After this what was written is told from all else, whatever follows. */
void ht_coder_end(ht_coder *c);

/* A bit that a model has learnt to expect; bits that are as likely 0 as 1; Elias' γ code of value ≥ 1: its
 * length in ones, then its digits; a value of `bits` bits down a tree of models, (1 << bits) of them. */
bool ht_coder_bit(ht_coder *c, ht_model *m, bool bit);
uint32_t ht_coder_raw(ht_coder *c, int bits, uint32_t value);
uint32_t ht_coder_number(ht_coder *c, uint32_t value);
uint32_t ht_coder_tree(ht_coder *c, ht_model *models, int bits, uint32_t value);

#endif
