/* layer_attention.c - causal self-attention with several heads (Vaswani et al. 2017, arXiv 1706.03762). Of d
 * channels at T places, channels last, c_attn (3d × d) makes q, k and v at each place; head h has the
 * channels h·d/H … of each. With S = q kᵀ / √(d/H) and P its softmax over the places up to its own, the
 * heads' P v side by side are y, and c_proj (d × d) makes of y what the layer gives. Both matrices have
 * biases where the network has. Softmax takes off the largest first, so that no finite S overflows.
 *
 * Back, from delta: dy = delta c_proj; of a head dv = Pᵀ dy, dP = dy vᵀ, dS = P ⊙ (dP - rows' sums of P ⊙
 * dP), dq = dS k / √(d/H), dk = dSᵀ q / √(d/H). These take the place of q, k, v, where the gradients of
 * c_attn, its products with what came in, find them. */
#include <math.h>
#include <string.h>

#include "kernel/kernel.h"
#include "nn/activation.h"
#include "nn/layers/layer.h"
#include "nn/step/step_state.h"
#include "num/linalg.h"

enum { ROWS = 64 }; /* of c_attn, of a task of an update */

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    const ht_shape in = layer->in;
    layer->heads = spec->heads;
    if (in.height != 1)
        return ht_error_set(err, HT_USAGE, "it reads places one after the other, and %d×%d×%d come in",
                            in.channels, in.height, in.width);
    if (in.channels % spec->heads != 0)
        return ht_error_set(err, HT_USAGE,
                            "each of %d heads has an equal part of the channels, and %d channels come in: "
                            "take a number of heads that divides %d",
                            spec->heads, in.channels, in.channels);
    return HT_OK;
}

static int describe(const ht_layer_spec *spec, const ht_layer *layer, ht_tensor tensor[HT_LAYER_TENSORS])
{
    const unsigned flags = HT_TENSOR_WEIGHT | HT_TENSOR_DECAYED | HT_TENSOR_NOISY;
    int d = layer->in.channels, count = 0;
    tensor[count++] = (ht_tensor){
        .name = "c_attn.weight", .flags = flags, .heads = spec->heads, .rows = 3 * d, .columns = d};
    if (spec->bias)
        tensor[count++] =
            (ht_tensor){.name = "c_attn.bias", .flags = HT_TENSOR_DECAYED, .rows = 3 * d, .columns = 1};
    tensor[count++] =
        (ht_tensor){.name = "c_proj.weight", .flags = flags, .heads = spec->heads, .rows = d, .columns = d};
    if (spec->bias)
        tensor[count++] =
            (ht_tensor){.name = "c_proj.bias", .flags = HT_TENSOR_DECAYED, .rows = d, .columns = 1};
    return count;
}

static const ht_tensor *projection(const ht_layer *layer)
{
    return &layer->tensor[layer->tensors / 2];
}

/* What is kept of a sample: q, k, v side by side (T × 3d), later their deltas; y (T × d); P (H × T × T). */
typedef struct kept {
    float *qkv, *y, *p;
} kept;

static size_t kept_of_sample(const ht_layer *layer)
{
    size_t t = (size_t)layer->in.width, d = (size_t)layer->in.channels;
    return 4 * t * d + (size_t)layer->heads * t * t;
}

static kept kept_of(const ht_layer *layer, float *all, int sample)
{
    size_t t = (size_t)layer->in.width, d = (size_t)layer->in.channels;
    float *own = all + (size_t)sample * kept_of_sample(layer);
    return (kept){own, own + 3 * t * d, own + 4 * t * d};
}

/* Scratch: on the way back, dy (T × d), dS (T × T) and the deltas of q, k, v (T × 3d). */
static void room(const ht_layer *layer, int batch, ht_room *room)
{
    size_t t = (size_t)layer->in.width, d = (size_t)layer->in.channels;
    room->kept = (size_t)batch * kept_of_sample(layer);
    room->scratch = 4 * t * d + t * t;
}

/* ---- forward ---- */

/* The first `count` of a row become their softmax, the others 0. */
static void softmax(float *row, int count, int all, float scale)
{
    float most = row[0], sum = 0;
    for (int j = 1; j < count; j++) most = row[j] > most ? row[j] : most;
    for (int j = 0; j < count; j++) {
        row[j] = expf((row[j] - most) * scale);
        sum += row[j];
    }
    for (int j = 0; j < count; j++) row[j] /= sum;
    for (int j = count; j < all; j++) row[j] = 0;
}

static void attend(const ht_layer *layer, const kept *k, int head)
{
    int t = layer->in.width, d = layer->in.channels, own = d / layer->heads;
    const float *q = k->qkv + (ptrdiff_t)head * own, scale = 1.0f / sqrtf((float)own);
    float *p = k->p + (size_t)head * (size_t)t * (size_t)t;
    ht_gemm_nt(t, t, own, 1.0f, q, 3 * d, q + d, 3 * d, 0.0f, p, t);
    for (int i = 0; i < t; i++) softmax(p + (size_t)i * (size_t)t, i + 1, t, scale);
    ht_gemm_nn(t, own, t, 1.0f, p, t, q + 2 * d, 3 * d, 0.0f, k->y + (ptrdiff_t)head * own, d);
}

static void note(const ht_span *span, const float *x, size_t count)
{
    if (span->most) *span->most = fmaxf(*span->most, ht_kernel()->max_abs(x, count));
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    const ht_tensor *attn = &layer->tensor[0], *proj = projection(layer);
    int t = layer->in.width, d = layer->in.channels;
    size_t size = (size_t)t * (size_t)d;
    (void)pool;
    for (int i = 0; i < span->samples; i++) {
        const kept k = kept_of(layer, span->kept, span->first + i);
        ht_gemm_nt(t, 3 * d, d, 1.0f, span->x + (size_t)i * size, d, attn->data, d, 0.0f, k.qkv, 3 * d);
        ht_add_bias(ht_tensor_biases(attn), k.qkv, t, 3 * d);
        note(span, k.qkv, 3 * size);
        for (int head = 0; head < layer->heads; head++) attend(layer, &k, head);
        ht_gemm_nt(t, d, d, 1.0f, k.y, d, proj->data, d, 0.0f, h + (size_t)i * size, d);
        ht_add_bias(ht_tensor_biases(proj), h + (size_t)i * size, t, d);
    }
}

/* ---- back ---- */

/* dP becomes dS times the scale. */
static void back_softmax(float *dp, const float *p, int count, int all, float scale)
{
    float sum = 0;
    for (int j = 0; j < count; j++) sum += dp[j] * p[j];
    for (int j = 0; j < count; j++) dp[j] = p[j] * (dp[j] - sum) * scale;
    for (int j = count; j < all; j++) dp[j] = 0;
}

static void attend_back(const ht_layer *layer, const kept *k, int head, const float *dy, float *ds,
                        float *deltas)
{
    int t = layer->in.width, d = layer->in.channels, own = d / layer->heads;
    const float *q = k->qkv + (ptrdiff_t)head * own, *p = k->p + (size_t)head * (size_t)t * (size_t)t,
                scale = 1.0f / sqrtf((float)own);
    float *dq = deltas + (ptrdiff_t)head * own;
    dy += (ptrdiff_t)head * own;
    ht_gemm_nt(t, t, own, 1.0f, dy, d, q + 2 * d, 3 * d, 0.0f, ds, t);
    for (int i = 0; i < t; i++)
        back_softmax(ds + (size_t)i * (size_t)t, p + (size_t)i * (size_t)t, i + 1, t, scale);
    ht_gemm_nn(t, own, t, 1.0f, ds, t, q + d, 3 * d, 0.0f, dq, 3 * d);
    ht_gemm_tn(t, own, t, 1.0f, ds, t, q, 3 * d, 0.0f, dq + d, 3 * d);
    ht_gemm_tn(t, own, t, 1.0f, p, t, dy, d, 0.0f, dq + 2 * d, 3 * d);
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *to,
                 struct ht_pool *pool)
{
    const ht_tensor *attn = &layer->tensor[0], *proj = projection(layer);
    int t = layer->in.width, d = layer->in.channels;
    size_t size = (size_t)t * (size_t)d;
    float *dy = span->scratch, *deltas = dy + size, *ds = deltas + 3 * size;
    (void)also;
    (void)pool;
    for (int i = 0; i < span->samples; i++) {
        const kept k = kept_of(layer, span->kept, span->first + i);
        ht_gemm_nn(t, d, d, 1.0f, delta + (size_t)i * size, d, proj->data, d, 0.0f, dy, d);
        for (int head = 0; head < layer->heads; head++) attend_back(layer, &k, head, dy, ds, deltas);
        memcpy(k.qkv, deltas, 3 * size * sizeof *deltas);
        note(span, k.qkv, 3 * size);
        if (!to) continue;
        ht_gemm_nn(t, d, 3 * d, 1.0f, k.qkv, 3 * d, attn->data, d, 0.0f, to + (size_t)i * size, d);
    }
}

/* ---- the update ---- */

/* Where deltas and inputs of a matrix are, of a sample. */
typedef struct pair {
    const float *delta, *x;
} pair;

static pair pair_of(const ht_step *s, int l, const ht_tensor *tensor, int sample)
{
    const ht_layer *layer = &s->net->layers[l];
    const kept k = kept_of(layer, s->layer[l].kept, sample);
    size_t at = (size_t)sample * (size_t)layer->inputs;
    if (tensor == projection(layer)) return (pair){ht_step_delta(s, l) + at, k.y};
    return (pair){k.qkv, ht_step_input(s, l) + at};
}

/* Some rows of a matrix: to ← keep · to + factor · Σ deltaᵀ x, samples in their order. */
static void update_rows(ht_step *s, int l, const ht_tensor *tensor, ht_rows part, int shard)
{
    int places = s->net->layers[l].in.width, columns = tensor->columns;
    ht_block block = {ht_tensor_index(s->net, tensor), part.count, columns, columns,
                      (size_t)part.first * (size_t)columns};
    ht_descent to = ht_step_descent(s, &block, 1);
    for (int b = 0; b < s->batch; b++) {
        const pair of = pair_of(s, l, tensor, b);
        ht_gemm_tn(part.count, columns, places, to.factor, of.delta + part.first, tensor->rows, of.x, columns,
                   b == 0 ? to.keep : 1.0f, to.to, columns);
    }
    ht_step_finish(s, &block, part.first, shard);
}

static void update_biases(ht_step *s, int l, const ht_tensor *tensor, ht_rows part, int shard)
{
    ht_block block = {ht_tensor_index(s->net, tensor->bias), part.count, 1, 1, (size_t)part.first};
    ht_descent to = ht_step_descent(s, &block, 1);
    for (int r = 0; r < part.count; r++) {
        double sum = 0;
        for (int b = 0; b < s->batch; b++) {
            const float *delta = pair_of(s, l, tensor, b).delta + part.first + r;
            for (int i = 0; i < s->net->layers[l].in.width; i++)
                sum += (double)delta[(size_t)i * (size_t)tensor->rows];
        }
        to.to[r] = to.keep * to.to[r] + to.factor * (float)sum;
    }
    ht_step_finish(s, &block, part.first, shard);
}

static void update(ht_step *s, int l, int shard)
{
    const ht_layer *layer = &s->net->layers[l];
    const ht_tensor *both[2] = {&layer->tensor[0], projection(layer)};
    for (int m = 0; m < 2; m++) {
        ht_rows part = ht_layer_part(layer, both[m], shard);
        if (part.count == 0) continue;
        update_rows(s, l, both[m], part, shard);
        if (both[m]->bias) update_biases(s, l, both[m], part, shard);
    }
}

const ht_layer_kind ht_layer_attention = {
    .cut = HT_CUT_SAMPLES,
    .channels_last = true,
    .causal = true,
    .shape = shape,
    .describe = describe,
    .room = room,
    .apply = apply,
    .back = back,
    .rows = ROWS,
    .update = update,
};
