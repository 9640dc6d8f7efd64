/* encode.h - a quantized sparse network as a prefix-free code: no code is the beginning of another, so that
 * its length in bits is the logarithm of a prior and can stand in an Occam bound (certify.h). An arithmetic
 * coder with adaptive binary models (Rissanen, IBM J. Res. Dev. 20, 1976; the coder is the carry-propagating
 * one of Schindler and Pavlov) writes, in this order: the word HTC1 · inputs, width, depth, classes,
 * activation, mean field · q (where hidden layers have several widths HTC2 · inputs, depth, each width,
 * classes …) · and for each layer its scale s (32 bits) · which rows are kept · which columns
 * are kept (of those the layer before left) · for each kept row and column whether the weight is kept, then
 * its sign and its magnitude 1 .. 2^(q-1) in units of s. Everything counts, the word and the scales included.
 * Decoding needs nothing but the bytes and stops at the last one by itself. It holds weights only: networks
 * with biases are refused. Pure functions. */
#ifndef HT_CERTIFY_ENCODE_H
#define HT_CERTIFY_ENCODE_H

#include "base/text.h"
#include "heavytail/network.h"

enum { HT_ENCODE_BITS_MAX = 10 }; /* q */

typedef struct ht_quantizer {
    int bits;                    /* q: a sign and q - 1 bits of magnitude */
    float scale[HT_WEIGHTS_MAX]; /* s of each layer */
} ht_quantizer;

/* Rounds every weight to s·k, |k| ≤ 2^(q-1), in place; what rounds to 0 goes. s is the one of 40 with the
 * smallest squared error. Weights out of neurons without incoming weights reach nothing and go too. */
void ht_encode_round(ht_network *net, int bits, ht_quantizer *quantizer);

/* Are the hidden layers of one activation, and one that a code has a word for: relu, leaky-relu, tanh? */
bool ht_encode_knows(const ht_network *net);

/* Appends the code of a network that ht_encode_round has rounded. */
ht_code ht_encode_network(const ht_network *net, const ht_quantizer *quantizer, ht_text *out, ht_error *err);

/* The network of a code, bit by bit the one encoded, and its q. ht_network_free; NULL with *err set when the
 * bytes are no code, end early or go on after it. */
ht_network *ht_decode_network(const void *bytes, size_t size, int *bits, ht_error *err);

#endif
