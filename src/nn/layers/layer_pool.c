/* layer_pool.c - pooling: the largest value, or the mean, of windows of places; a channel by itself. Values
 * lie channels last. */
#include <math.h>

#include "kernel/kernel.h"
#include "nn/layers/layer.h"

/* Windows lie side by side where nothing else is said. */
static int stride_of(const ht_layer *layer, int side)
{
    return layer->stride > 0 ? layer->stride : layer->window[side];
}

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    const ht_shape in = layer->in;
    layer->mean = spec->mean || spec->global;
    layer->window[0] = spec->global ? in.height : spec->window[0];
    layer->window[1] = spec->global ? in.width : spec->window[1];
    layer->stride = spec->stride;
    if (layer->window[0] > in.height || layer->window[1] > in.width)
        return ht_layer_misfit(layer->window, in, 0, err);
    if (!layer->mean && layer->window[0] * layer->window[1] > HT_POOLING_MOST * HT_POOLING_MOST)
        return ht_error_set(err, HT_USAGE, "windows of max have at most %d places",
                            HT_POOLING_MOST * HT_POOLING_MOST);
    layer->out.height = (in.height - layer->window[0]) / stride_of(layer, 0) + 1;
    layer->out.width = (in.width - layer->window[1]) / stride_of(layer, 1) + 1;
    return HT_OK;
}

/* Neither the largest nor the mean of a window changes by more than the Euclidean norm of its change, the
 * mean by 1/√places of it. */
static void extent(const ht_layer *layer, const ht_layer *other, ht_extent *values, const ht_extent *also)
{
    const int pad[2] = {0, 0}, stride[2] = {stride_of(layer, 0), stride_of(layer, 1)};
    double places = layer->mean ? layer->window[0] * layer->window[1] : 1;
    double factor = sqrt(ht_extent_windows(layer, pad, stride) / places);
    (void)other;
    (void)also;
    *values = (ht_extent){factor * values->size, factor * values->change};
}

static ht_pooling pooling_of(const ht_layer *layer)
{
    return (ht_pooling){.h = layer->in.height,
                        .w = layer->in.width,
                        .channels = layer->in.channels,
                        .size = {layer->window[0], layer->window[1]},
                        .stride = {stride_of(layer, 0), stride_of(layer, 1)},
                        .average = layer->mean};
}

/* Where the largest of each window was. */
static void room(const ht_layer *layer, int batch, ht_room *room)
{
    room->bytes = layer->mean ? 0 : (size_t)batch * (size_t)layer->outputs;
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    const ht_pooling pooling = pooling_of(layer);
    (void)pool;
    ht_kernel()->conv->pool(&pooling, span->x, span->samples, h, span->bytes);
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool)
{
    const ht_pooling pooling = pooling_of(layer);
    (void)also;
    (void)pool;
    ht_kernel()->conv->pool_back(&pooling, delta, span->bytes, span->samples, d);
}

const ht_layer_kind ht_layer_pool = {.cut = HT_CUT_SAMPLES,
                                     .flow = HT_FLOW_EACH,
                                     .channels_last = true,
                                     .shape = shape,
                                     .extent = extent,
                                     .room = room,
                                     .apply = apply,
                                     .back = back};
