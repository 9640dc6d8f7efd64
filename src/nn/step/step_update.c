/* step_update.c - what every kind of layer does with a block of its numbers once the gradient is there. */
#include "nn/step/step_state.h"

static float decay_of(const ht_step *s, const ht_tensor *tensor)
{
    return tensor->flags & HT_TENSOR_DECAYED ? (float)s->hyper->weight_decay : 0.0f;
}

/* Is the tensor made of factors? */
static bool is_factored(const ht_step *s, int tensor)
{
    return s->hyper->factors && s->hyper->factors->factor[tensor][0];
}

/* The optimizer, where it is none that one product can do. */
static const ht_optimizer *optimizer_of(const ht_step *s)
{
    return s->hyper->optimizer && s->hyper->optimizer->follow ? s->hyper->optimizer : NULL;
}

ht_descent ht_step_descent(const ht_step *s, const ht_block *block, float scale)
{
    const ht_hyper *hyper = s->hyper;
    const ht_tensor *tensor = &s->net->tensors[block->tensor];
    float lr = (float)hyper->lr, decay = decay_of(s, tensor), *v = s->kept[block->tensor][HT_STEP_GRADIENT];
    bool alone = hyper->factors || optimizer_of(s); /* the gradient by itself */
    if (v) return (ht_descent){v + block->start, scale, alone ? 0.0f : (float)hyper->momentum};
    return (ht_descent){tensor->data + block->start, -lr * scale, 1.0f - lr * decay};
}

/* A row of a block, of so many columns: with an optimizer of its own … */
static void adapt_row(const ht_step *s, const ht_tensor *tensor, float *const kept[], size_t row, int columns)
{
    ht_pace pace = ht_step_pace(s);
    if (!(tensor->flags & HT_TENSOR_DECAYED)) pace.weight_decay = 0;
    s->hyper->optimizer->follow(&pace, kept[HT_STEP_GRADIENT] + row, tensor->data + row,
                                kept[HT_STEP_MEAN] + row, kept[HT_STEP_SQUARE] + row, (size_t)columns);
}

/* … and with momentum. */
static void roll_row(const ht_step *s, const ht_tensor *tensor, float *v, size_t row, int columns)
{
    float lr = (float)s->hyper->lr, decay = decay_of(s, tensor), *wr = tensor->data + row, *vr = v + row;
    for (int j = 0; j < columns; j++) {
        vr[j] += decay * wr[j];
        wr[j] -= lr * vr[j];
    }
}

/* What the product has left to do. */
static void follow(const ht_step *s, const ht_block *block)
{
    const ht_tensor *tensor = &s->net->tensors[block->tensor];
    float *const *kept = s->kept[block->tensor], *v = kept[HT_STEP_GRADIENT];
    if (v && is_factored(s, block->tensor)) {
        ht_factors_descend(s->hyper->factors, s->net, block, v + block->start, (float)s->hyper->lr,
                           decay_of(s, tensor));
        return;
    }
    for (int r = 0; v && r < block->rows; r++) {
        size_t row = block->start + (size_t)r * (size_t)block->stride;
        if (optimizer_of(s))
            adapt_row(s, tensor, kept, row, block->columns);
        else
            roll_row(s, tensor, v, row, block->columns);
    }
}

/* Of a filter: one an input channel. */
static int kernels_of(const ht_tensor *tensor)
{
    return tensor->columns / (tensor->window[0] * tensor->window[1]);
}

/* Queries, keys and values: of each of three thirds a part of the rows is a head's. */
static void add_to_heads(const ht_noise *noise, const ht_tensor *tensor, float *w, int first, int rows,
                         float factor)
{
    int third = tensor->rows / 3, own = third / tensor->heads, count;
    for (int r = first; r < first + rows; r += count, w += (size_t)count * (size_t)tensor->columns) {
        count = own - r % own < first + rows - r ? own - r % own : first + rows - r;
        ht_noise_add_unit(noise, w, (size_t)r, (size_t)count, (size_t)tensor->columns,
                          (size_t)(r % third / own), factor);
    }
}

/* Of a row, each of which is a row to the noise: of filters their kernels, of what projects heads theirs. */
static int parts_of(const ht_step *s, const ht_tensor *tensor)
{
    if (s->hyper->noise_by_kernel && tensor->flags & HT_TENSOR_FILTERS) return kernels_of(tensor);
    return s->hyper->noise_by_head && tensor->heads > 0 ? tensor->heads : 1;
}

static void add_noise(const ht_step *s, const ht_block *block, int first)
{
    const ht_tensor *tensor = &s->net->tensors[block->tensor];
    ht_noise noise = s->noise;
    float *w = tensor->data + block->start;
    if (noise.type == HT_NOISE_NONE || !(tensor->flags & HT_TENSOR_NOISY)) return;
    noise.layer = tensor->number;
    double factor = ht_noise_factor(s->hyper->noise_scale, s->hyper->lr, noise.alpha);
    int parts = parts_of(s, tensor);
    if (s->hyper->noise_by_head && tensor->heads > 0 && tensor->rows > tensor->columns)
        add_to_heads(&noise, tensor, w, first, block->rows, (float)factor);
    else
        ht_noise_add(&noise, w, (size_t)first * (size_t)parts, (size_t)block->rows * (size_t)parts,
                     (size_t)(block->columns / parts), (float)factor);
    if (s->hyper->factors) ht_factors_balance(s->hyper->factors, s->net, block);
}

/* Zeroes what the mask keeps at zero: `count` values from `start` of tensor t, and what stands behind them.
 */
static void keep_zeros(const ht_step *s, int t, size_t start, size_t count)
{
    const ht_hyper *hyper = s->hyper;
    ht_mask_apply(hyper->mask, t, start, count, s->net->tensors[t].data + start);
    for (int k = 0; k < HT_STEP_ARRAYS; k++)
        if (s->kept[t][k]) ht_mask_apply(hyper->mask, t, start, count, s->kept[t][k] + start);
    for (int d = 0; is_factored(s, t) && d < hyper->factors->count; d++)
        ht_mask_apply(hyper->mask, t, start, count, hyper->factors->factor[t][d] + start);
}

void ht_step_finish(const ht_step *s, const ht_block *block, int first, int shard)
{
    size_t columns = (size_t)block->columns, rows = (size_t)block->rows, stride = (size_t)block->stride;
    follow(s, block);
    add_noise(s, block, first);
    if (columns == stride) columns *= rows, rows = 1; /* one run of weights */
    for (size_t r = 0; s->hyper->mask && r < rows; r++)
        keep_zeros(s, block->tensor, block->start + r * stride, columns);
    if (is_factored(s, block->tensor)) ht_factors_measure(s->hyper->factors, block, shard);
}
