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
#include "nn/layers/layer.h"
#include "nn/step/step_state.h"

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

/* What is kept of a sample: q, k, v side by side (T × 3d), later their deltas; y (T × d); P (H × T × row). */
typedef struct kept {
    float *qkv, *y, *p;
} kept;

static size_t kept_of_sample(const ht_layer *layer)
{
    size_t t = (size_t)layer->in.width, d = (size_t)layer->in.channels;
    return 4 * t * d + (size_t)layer->heads * t * ht_place_row(layer->in.width);
}

static kept kept_of(const ht_layer *layer, float *all, int sample)
{
    size_t t = (size_t)layer->in.width, d = (size_t)layer->in.channels;
    float *own = all + (size_t)sample * kept_of_sample(layer);
    return (kept){own, own + 3 * t * d, own + 4 * t * d};
}

static ht_head head_of(const ht_layer *layer)
{
    int d = layer->in.channels, own = d / layer->heads;
    return (ht_head){.places = layer->in.width,
                     .channels = own,
                     .stride = 3 * d,
                     .y_stride = d,
                     .row = (int)ht_place_row(layer->in.width),
                     .scale = 1.0f / sqrtf((float)own)};
}

/* Scratch: on the way back dy (T × d) and the deltas of q, k, v (T × 3d); what a head wants. */
static void room(const ht_layer *layer, int batch, ht_room *room)
{
    size_t t = (size_t)layer->in.width, d = (size_t)layer->in.channels;
    room->packed = ht_place_packed(3 * (int)d, (int)d) + ht_place_packed((int)d, (int)d);
    room->kept = (size_t)batch * kept_of_sample(layer);
    room->scratch = 4 * t * d + ht_head_room(layer->in.width, (int)d / layer->heads);
}

/* c_attn, then c_proj. */
static float *packed_projection(const ht_layer *layer, float *packed)
{
    return packed + ht_place_packed(3 * layer->in.channels, layer->in.channels);
}

static void pack(const ht_layer *layer, float *packed)
{
    int d = layer->in.channels;
    ht_kernel()->places->pack(layer->tensor[0].data, 3 * d, d, packed);
    ht_kernel()->places->pack(projection(layer)->data, d, d, packed_projection(layer, packed));
}

static void note(const ht_span *span, const float *x, size_t count)
{
    if (span->most) *span->most = fmaxf(*span->most, ht_kernel()->max_abs(x, count));
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    const ht_place_kernels *kernel = ht_kernel()->places;
    const ht_head head = head_of(layer);
    int t = layer->in.width, d = layer->in.channels;
    size_t size = (size_t)t * (size_t)d;
    (void)pool;
    if (!span->ready) pack(layer, span->packed);
    for (int i = 0; i < span->samples; i++) {
        const kept k = kept_of(layer, span->kept, span->first + i);
        kernel->forward(span->packed, 3 * d, d, ht_tensor_biases(&layer->tensor[0]),
                        span->x + (size_t)i * size, t, k.qkv);
        note(span, k.qkv, 3 * size);
        for (int n = 0; n < layer->heads; n++) {
            const float *q = k.qkv + (ptrdiff_t)n * head.channels;
            kernel->attend(&head, q, q + d, q + 2 * d, k.p + (ptrdiff_t)n * t * head.row,
                           k.y + (ptrdiff_t)n * head.channels, span->scratch);
        }
        kernel->forward(packed_projection(layer, span->packed), d, d, ht_tensor_biases(projection(layer)),
                        k.y, t, h + (size_t)i * size);
    }
}

/* Of a sample: into the place of q, k, v. */
static void back_sample(const ht_layer *layer, const ht_span *span, const kept *k, const float *delta)
{
    const ht_place_kernels *kernel = ht_kernel()->places;
    const ht_head head = head_of(layer);
    int t = layer->in.width, d = layer->in.channels;
    size_t size = (size_t)t * (size_t)d;
    float *dy = span->scratch, *deltas = dy + size, *room = deltas + 3 * size;
    kernel->back(packed_projection(layer, span->packed), d, d, delta, t, dy);
    for (int n = 0; n < layer->heads; n++) {
        ptrdiff_t at = (ptrdiff_t)n * head.channels;
        const float *const qkv[3] = {k->qkv + at, k->qkv + d + at, k->qkv + 2 * d + at};
        float *const to[3] = {deltas + at, deltas + d + at, deltas + 2 * d + at};
        kernel->attend_back(&head, qkv, k->p + (ptrdiff_t)n * t * head.row, dy + at, to, room);
    }
    memcpy(k->qkv, deltas, 3 * size * sizeof *deltas);
    note(span, k->qkv, 3 * size);
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *to,
                 struct ht_pool *pool)
{
    int t = layer->in.width, d = layer->in.channels;
    size_t size = (size_t)t * (size_t)d;
    (void)also;
    (void)pool;
    for (int i = 0; i < span->samples; i++) {
        const kept k = kept_of(layer, span->kept, span->first + i);
        back_sample(layer, span, &k, delta + (size_t)i * size);
        if (to) ht_kernel()->places->back(span->packed, 3 * d, d, k.qkv, t, to + (size_t)i * size);
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
    const ht_layer *layer = &s->net->layers[l];
    int columns = tensor->columns;
    ht_block block = {ht_tensor_index(s->net, tensor), part.count, columns, columns,
                      (size_t)part.first * (size_t)columns};
    ht_descent to = ht_step_descent(s, &block, 1);
    const pair of = pair_of(s, l, tensor, 0);
    bool inner = tensor != projection(layer);
    size_t sample = kept_of_sample(layer), values = (size_t)layer->inputs;
    const ht_place_sums sums = {.delta = of.delta,
                                .x = of.x,
                                .delta_sample = inner ? sample : values,
                                .x_sample = inner ? values : sample,
                                .samples = s->batch,
                                .places = layer->in.width,
                                .units = tensor->rows,
                                .inputs = columns,
                                .first = part.first,
                                .rows = part.count};
    ht_kernel()->places->gather(&sums, to.to, to.factor, to.keep);
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
    .pack = pack,
    .apply = apply,
    .back = back,
    .rows = ROWS,
    .update = update,
};
