/* layer_conv.c - convolutions (cross-correlations): a filter of channels × window weights at every place. The
 * tensor is (filters × channels·window), as PyTorch's (filters, channels, height, width); values lie channels
 * last. The kernels (kernel/conv.h) cut the work. */
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/layers/layer.h"
#include "nn/step/step_state.h"

enum { ROWS = 32 }; /* filters of a task of an update */

static int pad_of(const ht_layer *layer, int side)
{
    return layer->pad == HT_PAD_SAME ? layer->window[side] / 2 : layer->pad;
}

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    const ht_shape in = layer->in;
    const int side[2] = {in.height, in.width};
    int out[2];
    layer->stride = spec->stride ? spec->stride : 1;
    layer->pad = spec->pad;
    for (int i = 0; i < 2; i++) {
        layer->window[i] = spec->window[i];
        int pad = pad_of(layer, i);
        out[i] = (side[i] + 2 * pad - spec->window[i]) / layer->stride + 1;
        if (spec->window[i] > side[i] + 2 * pad) return ht_layer_misfit(spec->window, in, pad, err);
    }
    layer->out = (ht_shape){spec->units, out[0], out[1]};
    return HT_OK;
}

static int describe(const ht_layer_spec *spec, const ht_layer *layer, ht_tensor tensor[HT_LAYER_TENSORS])
{
    tensor[0] = (ht_tensor){.name = "weight",
                            .flags = HT_TENSOR_WEIGHT | HT_TENSOR_DECAYED | HT_TENSOR_NOISY |
                                     HT_TENSOR_PRUNABLE | HT_TENSOR_FILTERS,
                            .rows = spec->units,
                            .columns = layer->in.channels * spec->window[0] * spec->window[1],
                            .window = {spec->window[0], spec->window[1]}};
    tensor[1] = (ht_tensor){.name = "bias", .flags = HT_TENSOR_DECAYED, .rows = spec->units, .columns = 1};
    return spec->bias ? 2 : 1;
}

/* The pooling of the largest of what is rectified, in cache. */
static bool joins(const ht_layer *layer, const ht_layer *next)
{
    return layer->activation == HT_RELU && next->kind == &ht_layer_pool && !next->mean &&
           next->window[0] == next->window[1] && next->activation == HT_LINEAR;
}

static void extent(const ht_layer *layer, const ht_layer *other, ht_extent *values, const ht_extent *also)
{
    const int pad[2] = {pad_of(layer, 0), pad_of(layer, 1)}, stride[2] = {layer->stride, layer->stride};
    (void)also;
    ht_extent_matrix(layer, other, ht_extent_windows(layer, pad, stride), values);
}

/* Of the layer whose work is done, too; NULL: there is none. Layers of a network lie side by side. */
static const ht_layer *joined(const ht_layer *layer)
{
    return layer->ends_at != layer->number ? layer + (layer->ends_at - layer->number) : NULL;
}

static ht_conv plan_of(const ht_layer *layer, int batch)
{
    const ht_layer *pool = joined(layer);
    ht_conv conv = {.batch = batch,
                    .h = layer->in.height,
                    .w = layer->in.width,
                    .channels = layer->in.channels,
                    .filters = layer->out.channels,
                    .kernel_h = layer->window[0],
                    .kernel_w = layer->window[1],
                    .stride = layer->stride,
                    .pad_h = pad_of(layer, 0),
                    .pad_w = pad_of(layer, 1),
                    .rectify = layer->activation == HT_RELU,
                    .pool = pool ? pool->window[0] : 0,
                    .pool_stride = !pool              ? 0
                                   : pool->stride > 0 ? pool->stride
                                                      : pool->window[0]};
    ht_conv_plan(&conv);
    return conv;
}

static void room(const ht_layer *layer, int batch, ht_room *room)
{
    ht_conv conv = plan_of(layer, batch);
    *room = (ht_room){.packed = conv.packed,
                      .kept = conv.kept,
                      .shared = conv.shared,
                      .sums = conv.sums,
                      .scratch = conv.scratch};
    if (joined(layer)) room->bytes = (size_t)batch * (size_t)joined(layer)->outputs;
}

static void patch(const ht_layer *layer, const float *x, int place, float *to)
{
    const ht_shape in = layer->in;
    int top = place / layer->out.width * layer->stride - pad_of(layer, 0),
        left = place % layer->out.width * layer->stride - pad_of(layer, 1),
        area = layer->window[0] * layer->window[1];
    for (int at = 0; at < area; at++) {
        int row = top + at / layer->window[1], column = left + at % layer->window[1];
        bool inside = row >= 0 && row < in.height && column >= 0 && column < in.width;
        const float *values =
            inside ? x + ((size_t)row * (size_t)in.width + (size_t)column) * (size_t)in.channels : NULL;
        for (int c = 0; c < in.channels; c++) to[c * area + at] = values ? values[c] : 0.0f;
    }
}

/* ---- phases of the kernels ---- */

typedef struct work {
    ht_conv conv;
    ht_conv_data data;
    ht_conv_phase phase;
    const ht_span *span;
} work;

static work work_of(const ht_layer *layer, const ht_span *span)
{
    const ht_tensor *weight = &layer->tensor[0];
    return (work){.conv = plan_of(layer, span->samples),
                  .data = {.in = span->x,
                           .weights = weight->data,
                           .bias = ht_tensor_biases(weight),
                           .out = span->gives,
                           .where = span->bytes,
                           .packed = span->packed,
                           .kept = span->kept,
                           .shared = span->shared,
                           .sums = span->sums},
                  .span = span};
}

static void run_task(void *context, int task, int worker)
{
    const work *w = context;
    ht_kernel()->conv->run(&w->conv, &w->data, w->phase, task,
                           w->span->scratch + (size_t)worker * w->span->stride);
}

static void run(work *w, ht_conv_phase phase, struct ht_pool *pool)
{
    w->phase = phase;
    ht_pool_run(pool, w->conv.tasks[phase], run_task, w);
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    work w = work_of(layer, span);
    w.data.out = h;
    run(&w, HT_CONV_PACK, pool);
    run(&w, HT_CONV_ENTER, pool);
    run(&w, HT_CONV_FORWARD, pool);
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool)
{
    work w = work_of(layer, span);
    (void)also;
    w.data.out_delta = delta;
    w.data.in_delta = d;
    run(&w, HT_CONV_RETURN, pool);
    if (!d) return;
    run(&w, HT_CONV_PACK_BACK, pool);
    run(&w, HT_CONV_INPUTS, pool);
}

static void gradient(const ht_layer *layer, const ht_span *span, const float *delta, float *to,
                     struct ht_pool *pool)
{
    work w = work_of(layer, span);
    (void)to;
    w.data.out_delta = delta;
    run(&w, HT_CONV_WEIGHTS, pool);
}

/* ---- the update ---- */

static void update(ht_step *s, int l, int shard)
{
    const ht_layer *layer = &s->net->layers[l];
    const ht_tensor *weight = &layer->tensor[0];
    int first = shard * ROWS, m = ht_layer_shard_rows(layer, shard), columns = weight->columns;
    const ht_span span = ht_step_span(s, l, 0, s->batch);
    work w = work_of(layer, &span);
    ht_block block = {ht_tensor_index(s->net, weight), m, columns, columns, (size_t)first * (size_t)columns};
    ht_descent to = ht_step_descent(s, &block, 1);
    w.data.out_delta = ht_step_delta(s, l);
    ht_kernel()->conv->gather(&w.conv, &w.data, first, m, to.to, to.factor, to.keep);
    ht_step_finish(s, &block, first, shard);
    if (!weight->bias) return;
    block = (ht_block){ht_tensor_index(s->net, weight->bias), 1, m, m, (size_t)first};
    to = ht_step_descent(s, &block, 1);
    ht_kernel()->conv->gather_bias(&w.conv, &w.data, first, m, to.to, to.factor, to.keep);
    ht_step_finish(s, &block, first, shard);
}

const ht_layer_kind ht_layer_conv = {
    .cut = HT_CUT_ITSELF,
    .flow = HT_FLOW_COLUMNS,
    .channels_last = true,
    .shape = shape,
    .describe = describe,
    .joins = joins,
    .patch = patch,
    .extent = extent,
    .room = room,
    .apply = apply,
    .back = back,
    .gradient = gradient,
    .rows = ROWS,
    .update = update,
};
