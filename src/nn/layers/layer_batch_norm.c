/* layer_batch_norm.c - batch norm (Ioffe, Szegedy, ICML 2015, arXiv 1502.03167): over the samples of a batch
 * and all places a channel gets mean 0 and variance 1, then a trained gain and, where the network has biases,
 * a bias; ε = 1e-5. Evaluated it goes by running means of both, a tenth of the latest batch at each step (the
 * variance without bias), as in PyTorch. These are state: they go with the weights, and nothing but steps
 * changes them. Values lie channels last; a task has some channels of the whole batch. */
#include <math.h>

#include "base/pool.h"
#include "nn/layers/layer.h"
#include "nn/shard.h"
#include "nn/step/step_state.h"

enum { CHANNELS = 16 }; /* of a task */

static const float momentum = 0.1f;
static const double epsilon = 1e-5;

static int describe(const ht_layer_spec *spec, const ht_layer *layer, ht_tensor tensor[HT_LAYER_TENSORS])
{
    int channels = layer->in.channels, count = 0;
    tensor[count++] = (ht_tensor){
        .name = "weight", .flags = HT_TENSOR_DECAYED | HT_TENSOR_ONES, .rows = channels, .columns = 1};
    if (spec->bias)
        tensor[count++] =
            (ht_tensor){.name = "bias", .flags = HT_TENSOR_DECAYED, .rows = channels, .columns = 1};
    tensor[count++] =
        (ht_tensor){.name = "running_mean", .flags = HT_TENSOR_STATE, .rows = channels, .columns = 1};
    tensor[count++] = (ht_tensor){
        .name = "running_var", .flags = HT_TENSOR_STATE | HT_TENSOR_ONES, .rows = channels, .columns = 1};
    return count;
}

/* One value of a channel less its own mean is 0. PyTorch refuses, too. */
static const char *constant(const ht_layer *layer, int batch)
{
    return batch == 1 && ht_shape_places(layer->in) == 1 ? "train.batch is 1 and a plain row comes in, so "
                                                           "everything it gives in training is 0: needs at "
                                                           "least 2 samples, or use norm"
                                                         : NULL;
}

static ht_tensor *running_mean(const ht_layer *layer)
{
    return &layer->tensor[layer->tensors - 2];
}

static ht_tensor *running_variance(const ht_layer *layer)
{
    return &layer->tensor[layer->tensors - 1];
}

/* Evaluated, a channel is multiplied by a factor, and a summand is added. */
static void affine(const ht_layer *layer, int c, double *factor, double *summand)
{
    const float *bias = ht_tensor_biases(&layer->tensor[0]);
    *factor = (double)layer->tensor[0].data[c] / sqrt((double)running_variance(layer)->data[c] + epsilon);
    *summand = (bias ? (double)bias[c] : 0) - (double)running_mean(layer)->data[c] * *factor;
}

static void extent(const ht_layer *layer, const ht_layer *other, ht_extent *values, const ht_extent *also)
{
    ht_extent_channels sums = {0};
    (void)also;
    for (int c = 0; c < layer->in.channels; c++) {
        double factor[2], summand[2];
        affine(layer, c, &factor[0], &summand[0]);
        affine(other, c, &factor[1], &summand[1]);
        ht_extent_channel(&sums, factor, summand);
    }
    ht_extent_scale(&sums, ht_shape_places(layer->in), values);
}

/* Kept: mean, variance and 1/√(variance + ε) of each channel; sums: Σ delta and Σ delta · y. */
static void room(const ht_layer *layer, int batch, ht_room *room)
{
    (void)batch;
    room->kept = 3 * (size_t)layer->in.channels;
    room->sums = 2 * (size_t)layer->in.channels;
}

typedef struct work {
    const ht_layer *layer;
    const ht_span *span;
    const float *delta;
    float *to;
} work;

/* Rows of channels: of all samples and places. */
static size_t rows_of(const work *w)
{
    return (size_t)w->span->samples * (size_t)ht_shape_places(w->layer->in);
}

static int channels_of(const work *w, int first)
{
    int left = w->layer->in.channels - first;
    return left < CHANNELS ? left : CHANNELS;
}

/* Sums of x, or of (x - mean)² where the means are given, of `count` channels. */
static void sum_channels(const work *w, int first, int count, const double *mean, double *sum)
{
    size_t channels = (size_t)w->layer->in.channels, rows = rows_of(w);
    for (int c = 0; c < count; c++) sum[c] = 0;
    for (size_t r = 0; r < rows; r++) {
        const float *x = w->span->x + r * channels + (size_t)first;
        for (int c = 0; c < count; c++) {
            double value = (double)x[c];
            sum[c] += mean ? (value - mean[c]) * (value - mean[c]) : value;
        }
    }
}

/* The batch's own mean, variance and scale of some channels; or (evaluated) the running ones. */
static void measure(const work *w, int first, int count)
{
    double mean[CHANNELS], variance[CHANNELS], rows = (double)rows_of(w);
    int channels = w->layer->in.channels;
    float *kept = w->span->kept + first;
    if (w->span->hyper) {
        sum_channels(w, first, count, NULL, mean);
        for (int c = 0; c < count; c++) mean[c] /= rows;
        sum_channels(w, first, count, mean, variance);
        for (int c = 0; c < count; c++) variance[c] /= rows;
    }
    for (int c = 0; c < count; c++) {
        if (!w->span->hyper) {
            mean[c] = (double)running_mean(w->layer)->data[first + c];
            variance[c] = (double)running_variance(w->layer)->data[first + c];
        }
        kept[c] = (float)mean[c];
        kept[channels + c] = (float)variance[c];
        kept[2 * channels + c] = (float)(1 / sqrt(variance[c] + epsilon));
    }
}

static void forward_task(void *context, int task, int worker)
{
    const work *w = context;
    int first = task * CHANNELS, count = channels_of(w, first), channels = w->layer->in.channels;
    const float *gain = w->layer->tensor[0].data + first, *bias = ht_tensor_biases(&w->layer->tensor[0]);
    const float *mean = w->span->kept + first, *scale = mean + 2 * channels;
    size_t rows = rows_of(w);
    (void)worker;
    measure(w, first, count);
    for (size_t r = 0; r < rows; r++) {
        size_t at = r * (size_t)channels + (size_t)first;
        for (int c = 0; c < count; c++)
            w->to[at + (size_t)c] =
                (w->span->x[at + (size_t)c] - mean[c]) * scale[c] * gain[c] + (bias ? bias[first + c] : 0.0f);
    }
}

/* d = gain · scale · (delta - mean of delta - y · mean of delta·y), y the normalized values */
static void backward_task(void *context, int task, int worker)
{
    const work *w = context;
    int first = task * CHANNELS, count = channels_of(w, first), channels = w->layer->in.channels;
    const float *gain = w->layer->tensor[0].data + first, *mean = w->span->kept + first,
                *scale = mean + 2 * channels;
    double sum[CHANNELS] = {0}, with[CHANNELS] = {0};
    size_t rows = rows_of(w);
    (void)worker;
    for (size_t r = 0; r < rows; r++) {
        size_t at = r * (size_t)channels + (size_t)first;
        for (int c = 0; c < count; c++) {
            double d = (double)w->delta[at + (size_t)c];
            sum[c] += d;
            with[c] += d * (double)((w->span->x[at + (size_t)c] - mean[c]) * scale[c]);
        }
    }
    for (int c = 0; c < count; c++) {
        w->span->sums[first + c] = (float)with[c];
        w->span->sums[channels + first + c] = (float)sum[c];
    }
    for (size_t r = 0; r < rows && w->to; r++) {
        size_t at = r * (size_t)channels + (size_t)first;
        for (int c = 0; c < count; c++) {
            float y = (w->span->x[at + (size_t)c] - mean[c]) * scale[c];
            w->to[at + (size_t)c] = gain[c] * scale[c] *
                                    (w->delta[at + (size_t)c] - (float)(sum[c] / (double)rows) -
                                     y * (float)(with[c] / (double)rows));
        }
    }
}

static int tasks_of(const ht_layer *layer)
{
    return (layer->in.channels + CHANNELS - 1) / CHANNELS;
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    work w = {.layer = layer, .span = span, .to = h};
    ht_pool_run(pool, tasks_of(layer), forward_task, &w);
}

static void back(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool)
{
    work w = {.layer = layer, .span = span, .delta = delta, .to = d};
    (void)also;
    ht_pool_run(pool, tasks_of(layer), backward_task, &w);
}

/* ---- the update ---- */

static void descend(ht_step *s, const ht_tensor *tensor, const float *gradient, int first, int m, int shard)
{
    ht_block block = {ht_tensor_index(s->net, tensor), m, 1, 1, (size_t)first};
    ht_descent to = ht_step_descent(s, &block, 1);
    for (int c = 0; c < m; c++) to.to[c] = to.keep * to.to[c] + to.factor * gradient[first + c];
    ht_step_finish(s, &block, first, shard);
}

static void update(ht_step *s, int l, int shard)
{
    const ht_layer *layer = &s->net->layers[l];
    const ht_step_layer *room = &s->layer[l];
    int first = shard * HT_SHARD, m = ht_layer_shard_rows(layer, shard), channels = layer->in.channels;
    double rows = (double)s->batch * ht_shape_places(layer->in);
    float unbiased = rows > 1 ? (float)(rows / (rows - 1)) : 1.0f;
    descend(s, &layer->tensor[0], room->sums, first, m, shard);
    if (layer->tensor[0].bias) descend(s, layer->tensor[0].bias, room->sums + channels, first, m, shard);
    float *mean = running_mean(layer)->data, *variance = running_variance(layer)->data;
    for (int c = first; c < first + m; c++) {
        mean[c] = (1 - momentum) * mean[c] + momentum * room->kept[c];
        variance[c] = (1 - momentum) * variance[c] + momentum * unbiased * room->kept[channels + c];
    }
}

const ht_layer_kind ht_layer_batch_norm = {
    .cut = HT_CUT_ITSELF,
    .channels_last = true,
    .describe = describe,
    .constant = constant,
    .extent = extent,
    .room = room,
    .apply = apply,
    .back = back,
    .rows = HT_SHARD,
    .update = update,
};
