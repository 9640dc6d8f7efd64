#include "nn/mask.h"

#include <string.h>

#include "base/alloc.h"

static size_t bytes_of(size_t weights)
{
    return (weights + 7) / 8;
}

ht_mask *ht_mask_new(const ht_network *shape, ht_error *err)
{
    ht_mask *mask = ht_alloc(1, sizeof *mask, "the mask of weights", err);
    if (!mask) return NULL;
    mask->layers = shape->depth + 1;
    for (int l = 0; l < mask->layers; l++) {
        mask->count[l] = ht_layer_size(&shape->layers[l]);
        mask->trained[l] = ht_alloc(bytes_of(mask->count[l]), 1, "the mask of weights", err);
        if (!mask->trained[l]) {
            ht_mask_free(mask);
            return NULL;
        }
        memset(mask->trained[l], 0xff, bytes_of(mask->count[l]));
    }
    return mask;
}

void ht_mask_free(ht_mask *mask)
{
    if (!mask) return;
    for (int l = 0; l < mask->layers; l++) ht_free(mask->trained[l]);
    ht_free(mask);
}

void ht_mask_take_zeros(ht_mask *mask, const ht_network *net)
{
    for (int l = 0; l < mask->layers; l++) {
        const float *w = net->layers[l].weight;
        memset(mask->trained[l], 0xff, bytes_of(mask->count[l]));
        for (size_t i = 0; i < mask->count[l]; i++)
            if (w[i] == 0) mask->trained[l][i / 8] &= (unsigned char)~(1u << (i % 8));
    }
}

void ht_mask_copy(ht_mask *to, const ht_mask *from)
{
    for (int l = 0; l < to->layers; l++) memcpy(to->trained[l], from->trained[l], bytes_of(to->count[l]));
}

double ht_mask_hidden_share(const ht_mask *mask)
{
    size_t trained = 0, all = 0;
    for (int l = 0; l + 1 < mask->layers; l++) {
        size_t count = mask->count[l];
        for (size_t i = 0; i < count; i++) trained += ht_mask_trains(mask, l, i);
        all += count;
    }
    return 1 - (double)trained / (double)all;
}

/* Eight weights under one byte, without a branch a weight. */
static void apply_byte(unsigned byte, float *w)
{
    static const uint32_t bit[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    uint32_t value[8];
    memcpy(value, w, sizeof value);
    for (int j = 0; j < 8; j++) value[j] &= (byte & bit[j]) ? ~UINT32_C(0) : 0;
    memcpy(w, value, sizeof value);
}

void ht_mask_apply(const ht_mask *mask, int layer, size_t first, size_t count, float *w)
{
    size_t i = 0;
    for (; i < count && (first + i) % 8 != 0; i++)
        if (!ht_mask_trains(mask, layer, first + i)) w[i] = 0;
    for (; i + 8 <= count; i += 8) {
        const unsigned char *byte = mask->trained[layer] + (first + i) / 8;
        uint64_t word = 0;
        /* Long runs of kept weights are the common case: 64 at a time. */
        while (i + 64 <= count && (memcpy(&word, byte, 8), word == ~UINT64_C(0))) i += 64, byte += 8;
        if (i + 8 > count) break;
        if (*byte != 0xff) apply_byte(*byte, w + i);
    }
    for (; i < count; i++)
        if (!ht_mask_trains(mask, layer, first + i)) w[i] = 0;
}
