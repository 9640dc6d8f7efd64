/* layer_norm.c - layer norm (Ba, Kiros, Hinton 2016, arXiv 1607.06450): the channels of a place, of a plain
 * row all its values, get mean 0 and variance 1, then a trained gain and, where the network has biases, a
 * bias. ε = 1e-5, as in PyTorch. Values with a shape lie channels last. */
#include <math.h>

#include "kernel/kernel.h"
#include "nn/layers/layer.h"
#include "nn/shard.h"
#include "nn/step/step_state.h"

static int describe(const ht_layer_spec *spec, const ht_layer *layer, ht_tensor tensor[HT_LAYER_TENSORS])
{
    int channels = layer->in.channels;
    tensor[0] = (ht_tensor){
        .name = "weight", .flags = HT_TENSOR_DECAYED | HT_TENSOR_ONES, .rows = channels, .columns = 1};
    tensor[1] = (ht_tensor){.name = "bias", .flags = HT_TENSOR_DECAYED, .rows = channels, .columns = 1};
    return spec->bias ? 2 : 1;
}

/* One value less its own mean is 0. */
static const char *constant(const ht_layer *layer, int batch)
{
    (void)batch;
    return layer->in.channels == 1 ? "one channel comes in, so everything it gives is 0: needs at least 2"
                                   : NULL;
}

static const double epsilon = 1e-5;

/* Of the normalized values, and then of the gains and biases. */
static void extent(const ht_layer *layer, const ht_layer *other, ht_extent *values, const ht_extent *also)
{
    double most = sqrt((double)layer->outputs);
    const float *bias = ht_tensor_biases(&layer->tensor[0]), *others = ht_tensor_biases(&other->tensor[0]);
    ht_extent_channels sums = {0};
    (void)also;
    for (int c = 0; c < layer->in.channels; c++) {
        const double gains[2] = {(double)layer->tensor[0].data[c], (double)other->tensor[0].data[c]};
        const double biases[2] = {bias ? (double)bias[c] : 0, others ? (double)others[c] : 0};
        ht_extent_channel(&sums, gains, biases);
    }
    *values = (ht_extent){most, fmin(values->change / sqrt(epsilon), 2 * most)};
    ht_extent_scale(&sums, ht_shape_places(layer->in), values);
}

/* Kept of each place: its mean and 1/√(variance + ε), two doubles. */
static void room(const ht_layer *layer, int batch, ht_room *room)
{
    enum { EACH = 2 * sizeof(double) / sizeof(float) };
    room->kept = (size_t)batch * (size_t)ht_shape_places(layer->in) * EACH;
}

static double *measured(const ht_layer *layer, const ht_span *span)
{
    return (double *)(void *)span->kept + (size_t)span->first * (size_t)ht_shape_places(layer->in) * 2;
}

static int places_of(const ht_layer *layer, const ht_span *span)
{
    return span->samples * ht_shape_places(layer->in);
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    (void)pool;
    ht_kernel()->places->normalize(span->x, places_of(layer, span), layer->in.channels, epsilon,
                                   layer->tensor[0].data, ht_tensor_biases(&layer->tensor[0]),
                                   measured(layer, span), h);
}

/* With y the normalized values and g = gain · delta: d = scale (g - mean of g - y · mean of g·y). */
static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool)
{
    (void)also;
    (void)pool;
    ht_kernel()->places->normalize_back(span->x, places_of(layer, span), layer->in.channels,
                                        measured(layer, span), layer->tensor[0].data, delta, d);
}

/* Gains, then biases. */
static void gradient(const ht_layer *layer, const ht_span *span, const float *delta, float *to,
                     struct ht_pool *pool)
{
    int channels = layer->in.channels;
    (void)pool;
    for (int c = 0; c < channels * layer->tensors; c++) to[c] = 0;
    ht_kernel()->places->normalize_gains(span->x, places_of(layer, span), channels, measured(layer, span),
                                         delta, to, layer->tensors > 1 ? to + channels : NULL);
}

const ht_layer_kind ht_layer_norm = {
    .cut = HT_CUT_SAMPLES,
    .causal = true,
    .channels_last = true,
    .describe = describe,
    .constant = constant,
    .extent = extent,
    .room = room,
    .apply = apply,
    .back = back,
    .gradient = gradient,
    .rows = HT_SHARD,
    .update = ht_step_update_sums,
};
