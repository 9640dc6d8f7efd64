/* encode.h - a quantized sparse network as a prefix-free code: no code is the beginning of another, so that
 * its length in bits is the logarithm of a prior and can stand in an Occam bound (certify.h). An arithmetic
 * coder (coder.h) writes the layers (encode_shape.h) and then all of the network's numbers
 * (encode_tensors.h): q-bit weights, and biases, gains and running means as floats of a few digits.
 * Everything counts, the first word and the scales included. Decoding needs nothing but the bytes and stops
 * at the last one by itself. Pure functions. */
#ifndef HT_CERTIFY_ENCODE_H
#define HT_CERTIFY_ENCODE_H

#include "base/text.h"
#include "heavytail/network.h"

enum { HT_ENCODE_BITS_MAX = 10 }; /* q */

typedef struct ht_quantizer {
    int bits;                    /* q: a sign and q - 1 bits of magnitude */
    int digits;                  /* binary ones behind the first, of all numbers that are no weights */
    float scale[HT_WEIGHTS_MAX]; /* s of each weight matrix */
} ht_quantizer;

/* Rounds every weight to s·k, |k| ≤ 2^(q-1), in place; what rounds to 0 goes. s is the one of 40 with the
 * smallest squared error. All other numbers are rounded to q + 2 binary digits behind the first, by
 * 2^-(q+3) of themselves at most. Weights that read units which give nothing (no weights, no bias) go too. */
void ht_encode_round(ht_network *net, int bits, ht_quantizer *quantizer);

/* Appends the code of a network that ht_encode_round has rounded. HT_FAIL: model.layers has no words for its
 * layers, a number is not finite, or it is too large. */
ht_code ht_encode_network(const ht_network *net, const ht_quantizer *quantizer, ht_text *out, ht_error *err);

/* The network of a code, number by number the one encoded (layers without biases may have some that are 0,
 * or the other way round), and its q. ht_network_free; NULL with *err set when the bytes are no code, end
 * early or go on after it. */
ht_network *ht_decode_network(const void *bytes, size_t size, int *bits, ht_error *err);

#endif
