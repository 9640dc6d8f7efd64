/* layer_positionwise.c - a dense layer on a sequence: the same weights at every position (the "position-wise"
 * layers of arXiv 1706.03762, a convolution with a window of one place). The tensor is (neurons × channels),
 * as a dense layer's; values lie channels last, so that it is one product with (samples · positions) rows.
 * As output layer it gives logits at each position; what becomes of them is step_tokens.c's and evaluate.c's.
 * With a tied output it has no tensors: its weights are the token table (network_build.c). */
#include <string.h>

#include "kernel/kernel.h"
#include "nn/layers/layer.h"
#include "nn/step/step_state.h"

enum { ROWS = 64 }; /* neurons of a task of an update */

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    (void)err;
    layer->out = (ht_shape){spec->units, layer->in.height, layer->in.width};
    return HT_OK;
}

static int describe(const ht_layer_spec *spec, const ht_layer *layer, ht_tensor tensor[HT_LAYER_TENSORS])
{
    const unsigned hidden = HT_TENSOR_NOISY | HT_TENSOR_PRUNABLE;
    tensor[0] = (ht_tensor){.name = "weight",
                            .flags = HT_TENSOR_WEIGHT | HT_TENSOR_DECAYED |
                                     (spec->output ? (unsigned)HT_TENSOR_OUTPUT : hidden),
                            .rows = spec->units,
                            .columns = layer->in.channels};
    tensor[1] = (ht_tensor){.name = "bias", .flags = HT_TENSOR_DECAYED, .rows = spec->units, .columns = 1};
    return spec->tied ? 0 : spec->bias ? 2 : 1;
}

static void extent(const ht_layer *layer, const ht_layer *other, ht_extent *values, const ht_extent *also)
{
    (void)also;
    ht_extent_matrix(layer, other, 1, values);
}

static void patch(const ht_layer *layer, const float *x, int place, float *to)
{
    size_t channels = (size_t)layer->in.channels;
    memcpy(to, x + (size_t)place * channels, channels * sizeof *to);
}

/* ---- the passes ---- */

static void pack(const ht_layer *layer, float *packed)
{
    const ht_tensor *weight = &layer->tensor[0];
    ht_kernel()->places->pack(weight->data, weight->rows, weight->columns, packed);
}

static void room(const ht_layer *layer, int batch, ht_room *room)
{
    (void)batch;
    room->packed = ht_place_packed(layer->out.channels, layer->in.channels);
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    const ht_tensor *weight = &layer->tensor[0];
    (void)pool;
    if (!span->ready) pack(layer, span->packed);
    ht_kernel()->places->forward(span->packed, weight->rows, weight->columns, ht_tensor_biases(weight),
                                 span->x, span->samples * ht_shape_places(layer->in), h);
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool)
{
    const ht_tensor *weight = &layer->tensor[0];
    (void)also;
    (void)pool;
    if (d)
        ht_kernel()->places->back(span->packed, weight->rows, weight->columns, delta,
                                  span->samples * ht_shape_places(layer->in), d);
}

/* ---- the update ---- */

/* Biases of units first .. first + m - 1. */
static void update_biases(ht_step *s, int l, int shard, int first, int m)
{
    const ht_tensor *weight = &s->net->layers[l].tensor[0];
    int rows = s->batch * ht_shape_places(s->net->layers[l].in);
    if (!weight->bias) return;
    ht_block block = {ht_tensor_index(s->net, weight->bias), 1, m, m, (size_t)first};
    ht_descent to = ht_step_descent(s, &block, 1);
    for (int j = 0; j < m; j++) {
        double sum = 0;
        const float *delta = ht_step_delta(s, l) + first + j;
        for (int r = 0; r < rows; r++) sum += (double)delta[(size_t)r * (size_t)weight->rows];
        to.to[j] = to.keep * to.to[j] + to.factor * (float)sum;
    }
    ht_step_finish(s, &block, first, shard);
}

static void update(ht_step *s, int l, int shard)
{
    const ht_layer *layer = &s->net->layers[l];
    const ht_tensor *weight = &layer->tensor[0];
    int first = shard * ROWS, m = ht_layer_shard_rows(layer, shard), columns = weight->columns;
    if (weight->flags & HT_TENSOR_OUTPUT) {
        ht_step_update_tokens(s, first, m, shard);
        return;
    }
    ht_block block = {ht_tensor_index(s->net, weight), m, columns, columns, (size_t)first * (size_t)columns};
    ht_descent to = ht_step_descent(s, &block, 1);
    const ht_place_sums sums = {.delta = ht_step_delta(s, l),
                                .x = ht_step_input(s, l),
                                .samples = 1,
                                .places = s->batch * ht_shape_places(layer->in),
                                .units = weight->rows,
                                .inputs = columns,
                                .first = first,
                                .rows = m};
    ht_kernel()->places->gather(&sums, to.to, to.factor, to.keep);
    ht_step_finish(s, &block, first, shard);
    update_biases(s, l, shard, first, m);
}

const ht_layer_kind ht_layer_positionwise = {
    .cut = HT_CUT_SAMPLES,
    .flow = HT_FLOW_COLUMNS,
    .channels_last = true,
    .causal = true,
    .shape = shape,
    .describe = describe,
    .extent = extent,
    .patch = patch,
    .room = room,
    .pack = pack,
    .apply = apply,
    .back = back,
    .rows = ROWS,
    .update = update,
};
