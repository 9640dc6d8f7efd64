/* layer_order.c - the values of a shape in another order: channels last (H, W, C), which convolutions want,
 * or channels first (C, H, W), which is how PyTorch flattens and how files hold samples. */
#include "nn/layers/layer.h"

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    (void)err;
    layer->last = spec->last;
    return HT_OK;
}

/* to (columns × rows) = from (rows × columns) turned, of each sample */
static void turn(const float *from, float *to, int samples, int rows, int columns)
{
    for (int s = 0; s < samples; s++, from += rows * columns, to += rows * columns)
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    int places = ht_shape_places(layer->in), channels = layer->in.channels;
    (void)pool;
    turn(span->x, h, span->samples, layer->last ? channels : places, layer->last ? places : channels);
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool)
{
    int places = ht_shape_places(layer->in), channels = layer->in.channels;
    (void)also;
    (void)pool;
    turn(delta, d, span->samples, layer->last ? places : channels, layer->last ? channels : places);
}

const ht_layer_kind ht_layer_order = {.cut = HT_CUT_SAMPLES,
                                      .flow = HT_FLOW_EACH,
                                      .shape = shape,
                                      .extent = ht_extent_same,
                                      .apply = apply,
                                      .back = back};
