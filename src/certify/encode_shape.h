/* encode_shape.h - what a code says before the numbers: the form, as a word of four letters, and the layers.
 *   HTC1  dense layers, no biases, one activation (relu, leaky-relu, tanh), hidden layers of one width:
 *         inputs, width, depth, classes, activation, mean field, q
 *   HTC2  the same with several widths: inputs, depth, each width, classes …
 *   HTC3  all others: channels, height and width of a sample, classes, mean field, whether there are biases,
 *         q, digits, and the line of model.layers, letter by letter
 * Nothing of the layers is taken as known: a network of any layers has a code, as long as the line has room
 * for it (ht_network_line). */
#ifndef HT_CERTIFY_ENCODE_SHAPE_H
#define HT_CERTIFY_ENCODE_SHAPE_H

#include "certify/coder.h"
#include "certify/encode.h"

typedef struct ht_encode_shape {
    int form; /* of HTCn */
    uint32_t inputs, depth, width[HT_HIDDEN_MAX], classes, activation, mean_field, bits;
    uint32_t channels, height, across, biases, digits;
    char line[HT_PARAM_TEXT];
} ht_encode_shape;

enum {
    HT_ENCODE_WORD = 4,
    HT_ENCODE_FORMS = 3,
    HT_ENCODE_NUMBERS_MAX = 1 << 25 /* of a network: a bound for larger ones is vacuous anyway */
};
extern const char ht_encode_word[HT_ENCODE_FORMS][HT_ENCODE_WORD];

/* All numbers of its tensors. */
size_t ht_encode_numbers(const ht_network *net);

void ht_encode_shape_of(ht_encode_shape *shape, const ht_network *net, const ht_quantizer *quantizer);

/* Writes it, or reads it into *shape, whose form is known. */
void ht_encode_shape_code(ht_coder *c, ht_encode_shape *shape);

/* The network that it says: zeros. NULL: it makes no sense, or is larger than a code may be. */
ht_network *ht_encode_shape_make(const ht_encode_shape *shape, ht_error *err);

#endif
