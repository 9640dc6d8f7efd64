/* layer_pool.c - pooling: the largest value, or the mean, of windows of places; a channel by itself. Values
 * lie channels last. */
#include "kernel/kernel.h"
#include "nn/layers/layer.h"

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    const ht_shape in = layer->in;
    layer->mean = spec->mean || spec->global;
    layer->window[0] = spec->global ? in.height : spec->window[0];
    layer->window[1] = spec->global ? in.width : spec->window[1];
    layer->stride = spec->stride ? spec->stride : layer->window[0];
    if (layer->window[0] > in.height || layer->window[1] > in.width)
        return ht_error_set(err, HT_USAGE, "a window of %d×%d does not fit what comes in, %d×%d×%d",
                            layer->window[0], layer->window[1], in.channels, in.height, in.width);
    if (!spec->global && layer->window[0] != layer->window[1])
        return ht_error_set(err, HT_USAGE, "windows are squares; this one is %d×%d", layer->window[0],
                            layer->window[1]);
    if (!layer->mean && layer->window[0] > HT_POOLING_MOST)
        return ht_error_set(err, HT_USAGE, "windows of max are at most %d×%d", (int)HT_POOLING_MOST,
                            (int)HT_POOLING_MOST);
    layer->out.height = (in.height - layer->window[0]) / layer->stride + 1;
    layer->out.width = (in.width - layer->window[1]) / layer->stride + 1;
    return HT_OK;
}

/* One place is left: the mean of all, whatever the shape. */
static bool is_global(const ht_layer *layer)
{
    return layer->mean && ht_shape_places(layer->out) == 1 && layer->window[0] == layer->in.height &&
           layer->window[1] == layer->in.width;
}

static ht_pooling pooling_of(const ht_layer *layer)
{
    return (ht_pooling){.h = layer->in.height,
                        .w = layer->in.width,
                        .channels = layer->in.channels,
                        .size = layer->window[0],
                        .stride = layer->stride,
                        .average = layer->mean};
}

/* Where the largest of each window was. */
static void room(const ht_layer *layer, int batch, ht_room *room)
{
    room->bytes = layer->mean ? 0 : (size_t)batch * (size_t)layer->outputs;
}

static void mean_of_all(const ht_layer *layer, const float *x, int samples, float *h)
{
    int places = ht_shape_places(layer->in), channels = layer->in.channels;
    for (int s = 0; s < samples; s++, h += channels) {
        for (int c = 0; c < channels; c++) h[c] = 0;
        for (int i = 0; i < places; i++, x += channels)
            for (int c = 0; c < channels; c++) h[c] += x[c];
        for (int c = 0; c < channels; c++) h[c] /= (float)places;
    }
}

static void share_of_all(const ht_layer *layer, const float *delta, int samples, float *d)
{
    int places = ht_shape_places(layer->in), channels = layer->in.channels;
    for (int s = 0; s < samples; s++, delta += channels)
        for (int i = 0; i < places; i++, d += channels)
            for (int c = 0; c < channels; c++) d[c] = delta[c] / (float)places;
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    const ht_pooling pooling = pooling_of(layer);
    (void)pool;
    if (is_global(layer))
        mean_of_all(layer, span->x, span->samples, h);
    else
        ht_kernel()->conv->pool(&pooling, span->x, span->samples, h, span->bytes);
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool)
{
    const ht_pooling pooling = pooling_of(layer);
    (void)also;
    (void)pool;
    if (is_global(layer))
        share_of_all(layer, delta, span->samples, d);
    else
        ht_kernel()->conv->pool_back(&pooling, delta, span->bytes, span->samples, d);
}

const ht_layer_kind ht_layer_pool = {.cut = HT_CUT_SAMPLES,
                                     .flow = HT_FLOW_EACH,
                                     .channels_last = true,
                                     .shape = shape,
                                     .room = room,
                                     .apply = apply,
                                     .back = back};
