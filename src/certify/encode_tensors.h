/* encode_tensors.h - the numbers of a network in a code, tensor by tensor.
 * A weight matrix, rows × columns, of filters channels × window: its scale s (32 bits) · which rows are kept
 * · which columns are kept, of those that read a unit which gives something · for each kept row and column
 * whether the weight is kept, then its sign and its magnitude 1 .. 2^(q-1) in units of s.
 * Biases, gains, running means and variances (HTC3): a bit for a tensor that is as it was at the start,
 * 0 or 1; else of each number its sign, its exponent (8 bits, modelled) and its `digits` first digits. So
 * they cost digits + 1 + a few bits each, and are rounded by a share of themselves, whatever their size. */
#ifndef HT_CERTIFY_ENCODE_TENSORS_H
#define HT_CERTIFY_ENCODE_TENSORS_H

#include "certify/coder.h"
#include "certify/encode.h"

/* Writes them, or reads them into the network and the quantizer's scales. `all`: not the weights alone. */
ht_code ht_encode_tensors(ht_coder *c, ht_network *net, ht_quantizer *quantizer, bool all, ht_error *err);

#endif
