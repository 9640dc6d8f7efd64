#include "nn/mask.h"

#include <string.h>

#include "base/alloc.h"

static size_t bytes_of(size_t weights)
{
    return (weights + 7) / 8;
}

/* The hidden weight matrix whose biases are tensor number t, or NULL. */
static const ht_tensor *unit_of_bias(const ht_network *net, int t)
{
    for (int l = 0; l < ht_network_hidden(net); l++)
        if (net->weights[l]->bias == &net->tensors[t]) return net->weights[l];
    return NULL;
}

ht_mask *ht_mask_new(const ht_network *shape, ht_error *err)
{
    static const char what[] = "the mask of weights";
    ht_mask *mask = ht_alloc(1, sizeof *mask, what, err);
    if (!mask) return NULL;
    mask->tensors = shape->tensor_count;
    mask->of = ht_alloc((size_t)mask->tensors, sizeof *mask->of, what, err);
    for (int t = 0; mask->of && t < mask->tensors; t++) {
        const ht_tensor *tensor = &shape->tensors[t];
        ht_mask_tensor *m = &mask->of[t];
        bool weight = tensor->flags & HT_TENSOR_WEIGHT;
        if (!weight && !unit_of_bias(shape, t)) continue;
        m->count = ht_tensor_size(tensor);
        m->hidden = weight && !(tensor->flags & HT_TENSOR_OUTPUT);
        m->trained = ht_alloc(bytes_of(m->count), 1, what, err);
        if (!m->trained) return ht_mask_free(mask), NULL;
        memset(m->trained, 0xff, bytes_of(m->count));
    }
    if (mask->of) return mask;
    ht_mask_free(mask);
    return NULL;
}

void ht_mask_free(ht_mask *mask)
{
    if (!mask) return;
    for (int t = 0; mask->of && t < mask->tensors; t++) ht_free(mask->of[t].trained);
    ht_free(mask->of);
    ht_free(mask);
}

static bool is_empty(const ht_tensor *weight, size_t row)
{
    const float *w = weight->data + row * (size_t)weight->columns;
    for (int j = 0; j < weight->columns; j++)
        if (w[j] != 0) return false;
    return true;
}

void ht_mask_take_zeros(ht_mask *mask, const ht_network *net)
{
    for (int t = 0; t < mask->tensors; t++) {
        ht_mask_tensor *m = &mask->of[t];
        const ht_tensor *unit = unit_of_bias(net, t);
        const float *w = net->tensors[t].data;
        if (m->count) memset(m->trained, 0xff, bytes_of(m->count));
        for (size_t i = 0; i < m->count; i++)
            if (w[i] == 0 && (!unit || is_empty(unit, i))) ht_mask_drop(mask, t, i);
    }
}

void ht_mask_copy(ht_mask *to, const ht_mask *from)
{
    for (int t = 0; t < to->tensors; t++)
        if (to->of[t].count) memcpy(to->of[t].trained, from->of[t].trained, bytes_of(to->of[t].count));
}

double ht_mask_share(const ht_mask *mask, const ht_network *net)
{
    size_t trained = 0, all = 0;
    for (int w = 0; w < net->weight_count; w++) {
        int t = ht_tensor_index(net, net->weights[w]);
        for (size_t i = 0; i < mask->of[t].count; i++) trained += ht_mask_trains(mask, t, i);
        all += mask->of[t].count;
    }
    return (double)trained / (double)all;
}

double ht_mask_hidden_share(const ht_mask *mask)
{
    size_t trained = 0, all = 0;
    for (int t = 0; t < mask->tensors; t++) {
        const ht_mask_tensor *m = &mask->of[t];
        if (!m->hidden) continue;
        for (size_t i = 0; i < m->count; i++) trained += ht_mask_trains(mask, t, i);
        all += m->count;
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

void ht_mask_apply(const ht_mask *mask, int tensor, size_t first, size_t count, float *w)
{
    size_t i = 0;
    if (!mask->of[tensor].trained) return;
    for (; i < count && (first + i) % 8 != 0; i++)
        if (!ht_mask_trains(mask, tensor, first + i)) w[i] = 0;
    for (; i + 8 <= count; i += 8) {
        const unsigned char *byte = mask->of[tensor].trained + (first + i) / 8;
        uint64_t word = 0;
        /* Long runs of kept weights are the common case: 64 at a time. */
        while (i + 64 <= count && (memcpy(&word, byte, 8), word == ~UINT64_C(0))) i += 64, byte += 8;
        if (i + 8 > count) break;
        if (*byte != 0xff) apply_byte(*byte, w + i);
    }
    for (; i < count; i++)
        if (!ht_mask_trains(mask, tensor, first + i)) w[i] = 0;
}
