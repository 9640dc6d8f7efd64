/* encode_round.c - a network's numbers as a code can say them. */
#include <math.h>
#include <string.h>

#include "base/cancel.h"
#include "certify/encode.h"
#include "prune/prune_reach.h"

static float round_weight(float w, float scale, int levels)
{
    float level = fminf(roundf(fabsf(w) / scale), (float)levels);
    return level == 0 ? 0.0f : copysignf(1.0f, w) * scale * level; /* not -0: the code has one zero */
}

static double squared_error(const ht_tensor *layer, float scale, int levels)
{
    double sum = 0;
    for (size_t i = 0; i < ht_tensor_size(layer); i++) {
        float w = layer->data[i];
        if (w == 0) continue;
        double d = (double)(w - round_weight(w, scale, levels));
        sum += d * d;
    }
    return sum;
}

/* From the scale that reaches the largest weight down to a hundredth of it. */
static float best_scale(const ht_tensor *layer, int levels)
{
    enum { TRIES = 40 };
    float most = 0, best = 1;
    double least = HUGE_VAL;
    for (size_t i = 0; i < ht_tensor_size(layer); i++) most = fmaxf(most, fabsf(layer->data[i]));
    for (int i = 0; i < TRIES && most > 0 && !ht_cancelled(); i++) {
        float scale = most / (float)levels * powf(0.01f, (float)i / (TRIES - 1));
        double e = scale > 0 ? squared_error(layer, scale, levels) : HUGE_VAL;
        if (e < least) least = e, best = scale;
    }
    return best;
}

/* Gives a unit anything, whatever comes in? */
static bool is_live(const ht_tensor *layer, int unit)
{
    const float *w = layer->data + (size_t)unit * (size_t)layer->columns, *bias = ht_tensor_biases(layer);
    for (int j = 0; j < layer->columns; j++)
        if (w[j] != 0) return true;
    return bias && bias[unit] != 0;
}

/* Zeroes the columns of `layer`, `each` of a unit of the one before, that read a unit which gives 0. */
static void cut_dead(ht_tensor *layer, const ht_tensor *before, int each)
{
    for (int i = 0; i < before->rows; i++) {
        if (is_live(before, i)) continue;
        for (int r = 0; r < layer->rows; r++)
            memset(layer->data + (size_t)r * (size_t)layer->columns + (size_t)i * (size_t)each, 0,
                   (size_t)each * sizeof(float));
    }
}

static void round_weights(ht_tensor *layer, ht_quantizer *quantizer, int number)
{
    int levels = 1 << (quantizer->bits - 1);
    float scale = quantizer->scale[number] = best_scale(layer, levels);
    for (size_t i = 0; i < ht_tensor_size(layer); i++)
        if (layer->data[i] != 0) layer->data[i] = round_weight(layer->data[i], scale, levels);
}

/* To the nearest float of so many digits behind the first; 0 has no sign. */
static float round_number(float x, int digits)
{
    enum { FRACTION = 23 };
    uint32_t bits, half = 1u << (FRACTION - digits - 1), rest = (half << 1) - 1;
    float rounded;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + half) & ~rest;
    memcpy(&rounded, &bits, sizeof rounded);
    if (!isfinite(rounded)) bits -= rest + 1; /* the largest there is */
    memcpy(&rounded, &bits, sizeof rounded);
    return rounded == 0 ? 0 : rounded;
}

/* Matrices come in their order, and their biases before the next one. */
void ht_encode_round(ht_network *net, int bits, ht_quantizer *quantizer)
{
    const ht_prune_reach reach = ht_prune_reach_of(net);
    quantizer->bits = bits;
    quantizer->digits = bits + 2;
    for (int t = 0, w = 0; t < net->tensor_count; t++) {
        ht_tensor *tensor = &net->tensors[t];
        if (tensor->flags & HT_TENSOR_WEIGHT) {
            if (reach.from[w] >= 0) cut_dead(tensor, net->weights[reach.from[w]], reach.each[w]);
            round_weights(tensor, quantizer, w++);
            continue;
        }
        for (size_t i = 0; i < ht_tensor_size(tensor); i++)
            if (isfinite(tensor->data[i])) tensor->data[i] = round_number(tensor->data[i], quantizer->digits);
    }
}
