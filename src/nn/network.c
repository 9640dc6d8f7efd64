#include "heavytail/network.h"

#include <math.h>
#include <string.h>

#include "base/pool.h"
#include "nn/layers/layer.h"
#include "nn/shard.h"
#include "num/rng.h"

ht_network *ht_network_new_widths(int inputs, const int widths[], int depth, int classes,
                                  ht_activation activation, bool mean_field, ht_error *err)
{
    ht_layer_spec specs[HT_WEIGHTS_MAX] = {{0}};
    if (depth > HT_HIDDEN_MAX) {
        ht_error_set(err, HT_FAIL, "%d hidden layers are too many: %d is the most", depth, HT_HIDDEN_MAX);
        return NULL;
    }
    for (int l = 0; l <= depth; l++)
        specs[l] = (ht_layer_spec){.kind = ht_layer_kind_at(HT_LAYER_DENSE),
                                   .units = l == depth ? classes : widths[l],
                                   .activation = activation,
                                   .output = l == depth};
    return ht_network_build((ht_shape){inputs, 1, 1}, specs, depth + 1, mean_field, false, err);
}

ht_network *ht_network_new(int inputs, int width, int depth, int classes, ht_activation activation,
                           bool mean_field, ht_error *err)
{
    int widths[HT_HIDDEN_MAX];
    for (int l = 0; l < HT_HIDDEN_MAX; l++) widths[l] = width;
    return ht_network_new_widths(inputs, widths, depth, classes, activation, mean_field, err);
}

/* A layer as it is, of another number of units where those are its own. */
static ht_layer_spec spec_of(const ht_network *net, int l, const int widths[])
{
    const ht_layer *layer = &net->layers[l];
    bool output = l == net->layer_count - 1;
    ht_layer_spec spec = {.kind = layer->kind,
                          .activation = layer->activation,
                          .output = output,
                          .back = l - 1 - layer->input,
                          .also = layer->also == HT_NO_LAYER ? 0 : l - layer->also,
                          .window = {layer->window[0], layer->window[1]},
                          .stride = layer->stride,
                          .pad = layer->pad,
                          .mean = layer->mean,
                          .global = ht_layer_is_global(layer),
                          .last = layer->last,
                          .rate = layer->rate,
                          .heads = layer->heads,
                          .vocabulary = layer->vocabulary};
    if (output) spec.units = net->classes;
    if (output) spec.tied = ht_network_is_tied(net);
    if (layer->tensors == 0) return spec;
    const ht_tensor *tensor = &layer->tensor[0];
    spec.units = layer->weight >= 0 ? tensor->rows : layer->out.channels;
    spec.bias = tensor->bias != NULL;
    spec.quiet = !(tensor->flags & HT_TENSOR_NOISY);
    if (!output && widths && layer->weight >= 0) spec.units = widths[layer->weight];
    return spec;
}

ht_network *ht_network_resized(const ht_network *net, const int widths[], ht_error *err)
{
    ht_layer_spec specs[HT_LAYERS_MAX] = {{0}};
    for (int l = 0; l < net->layer_count; l++) specs[l] = spec_of(net, l, widths);
    return ht_network_build(net->input, specs, net->layer_count, net->mean_field, false, err);
}

ht_network *ht_network_like(const ht_network *net, ht_error *err)
{
    return ht_network_resized(net, NULL, err);
}

void ht_network_assign(ht_network *to, const ht_network *from)
{
    for (int t = 0; t < from->tensor_count; t++)
        memcpy(to->tensors[t].data, from->tensors[t].data, ht_tensor_size(&from->tensors[t]) * sizeof(float));
}

ht_network *ht_network_copy(const ht_network *net, ht_error *err)
{
    ht_network *copy = ht_network_like(net, err);
    if (copy) ht_network_assign(copy, net);
    return copy;
}

ht_activation ht_network_activation(const ht_network *net, int l)
{
    const ht_layer *layer = &net->layers[net->layer_count - 1];
    while (layer->weight < 0 || layer->weight > l) layer--; /* it may have several */
    return layer->activation;
}

bool ht_network_is_dense(const ht_network *net)
{
    for (int l = 0; l < net->layer_count; l++)
        if (net->layers[l].kind != ht_layer_kind_at(HT_LAYER_DENSE) || net->layers[l].input != l - 1)
            return false;
    return true;
}

bool ht_network_one_activation(const ht_network *net)
{
    for (int l = 1; l < ht_network_hidden(net); l++)
        if (ht_network_activation(net, l) != ht_network_activation(net, 0)) return false;
    return true;
}

bool ht_network_has_biases(const ht_network *net)
{
    for (int l = 0; l < net->weight_count; l++) {
        const float *bias = ht_tensor_biases(net->weights[l]);
        for (int i = 0; bias && i < net->weights[l]->rows; i++)
            if (bias[i] != 0.0f) return true;
    }
    return false;
}

size_t ht_network_parameters(const ht_network *net)
{
    size_t count = 0;
    for (int l = 0; l < net->weight_count; l++) count += ht_tensor_size(net->weights[l]);
    return count;
}

ht_sizes ht_network_sizes(const ht_network *net)
{
    ht_sizes sizes = {.weights = ht_network_parameters(net)};
    for (int l = 0; l < net->weight_count; l++) {
        const float *w = net->weights[l]->data;
        for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++) {
            float size = fabsf(w[i]);
            sizes.nonzero += size != 0;
            sizes.above_epsilon += size > 0x1p-23f;
            sizes.above_1e4 += size > 1e-4f;
        }
    }
    return sizes;
}

typedef struct init_job {
    const ht_tensor *weight;
    ht_init how;
    double deviation; /* of normal weights; 0: they are uniform */
    uint64_t seed;
} init_job;

/* Sequences of random numbers: one a row of a matrix, and one for the biases of a layer. */
static ht_rng draws_of(const init_job *job, uint64_t row)
{
    ht_rng rng;
    ht_rng_init(&rng, job->seed, HT_STREAM_INIT, (uint64_t)job->weight->number << 48 | row);
    return rng;
}

static void draw_uniform(ht_rng *rng, float bound, float *to, size_t count)
{
    for (size_t j = 0; j < count; j++)
        to[j] = bound * (((float)(ht_rng_u32(rng) >> 8) + 0.5f) * 0x1p-23f - 1.0f);
}

/* Of GPT-2: of all weights and tables; less where many are added up. */
static const double gpt_deviation = 0.02;

/* Of the residuals: those that add what this matrix gives (dropout or not), and all. */
static void count_residuals(const ht_network *net, const ht_tensor *weight, int *own, int *all)
{
    *own = *all = 0;
    for (int l = 0; l < net->layer_count; l++) {
        const ht_layer *layer = &net->layers[l];
        if (layer->also == HT_NO_LAYER) continue;
        int from = layer->input;
        while (from >= 0 && net->layers[from].tensors == 0) from = net->layers[from].input;
        const ht_layer *last = from >= 0 ? &net->layers[from] : NULL;
        bool adds = last && weight >= last->tensor && weight < last->tensor + last->tensors;
        for (const ht_tensor *t = weight + 1; adds && t < last->tensor + last->tensors; t++)
            adds = !(t->flags & HT_TENSOR_WEIGHT);
        *own += adds;
        ++*all;
    }
}

static double deviation_of(const ht_network *net, const ht_tensor *w, ht_init how)
{
    bool filters = w->flags & HT_TENSOR_FILTERS;
    double fan_out = (double)w->window[0] * w->window[1] * w->rows;
    int own, all;
    if (how == HT_INIT_UNIFORM) return 0;
    if (how != HT_INIT_GPT) return sqrt(2.0 / (how == HT_INIT_PAPER && filters ? fan_out : w->columns));
    count_residuals(net, w, &own, &all);
    return gpt_deviation / (own > 0 ? sqrt(all) : 1);
}

static void init_shard(void *context, int shard, int worker)
{
    const init_job *job = context;
    (void)worker;
    size_t columns = (size_t)job->weight->columns;
    float bound = 1.0f / sqrtf((float)columns);
    double deviation = job->deviation;
    for (int r = 0; r < ht_shard_rows(job->weight->rows, shard); r++) {
        size_t row = (size_t)shard * HT_SHARD + (size_t)r;
        float *w = job->weight->data + row * columns;
        ht_rng rng = draws_of(job, row);
        if (deviation == 0) draw_uniform(&rng, bound, w, columns);
        for (size_t j = 0; j < columns && deviation > 0; j++) w[j] = (float)(deviation * ht_rng_normal(&rng));
    }
}

static void init_biases(const init_job *job)
{
    static const uint64_t biases = 1ull << 47; /* no row has this number */
    const ht_tensor *bias = job->weight->bias;
    ht_rng rng = draws_of(job, biases);
    if (bias && job->how == HT_INIT_UNIFORM)
        draw_uniform(&rng, 1.0f / sqrtf((float)job->weight->columns), bias->data, ht_tensor_size(bias));
    else if (bias)
        memset(bias->data, 0, ht_tensor_size(bias) * sizeof(float));
}

static void init_ones(ht_network *net)
{
    for (int t = 0; t < net->tensor_count; t++)
        for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]) && net->tensors[t].flags & HT_TENSOR_ONES;
             i++)
            net->tensors[t].data[i] = 1;
}

/* As GPT-2 begins: small, so that an output that is tied to them says little at first. */
static void init_table(const ht_tensor *tensor, uint64_t which, uint64_t seed)
{
    static const uint64_t tables = 1ull << 46; /* no weight matrix has these numbers */
    size_t columns = (size_t)tensor->columns;
    for (size_t row = 0; row < (size_t)tensor->rows; row++) {
        ht_rng rng;
        ht_rng_init(&rng, seed, HT_STREAM_INIT, tables | which << 40 | row);
        for (size_t j = 0; j < columns; j++)
            tensor->data[row * columns + j] = (float)(gpt_deviation * ht_rng_normal(&rng));
    }
}

static void init_tables(ht_network *net, uint64_t seed)
{
    for (int t = 0; t < net->tensor_count; t++)
        if (net->tensors[t].flags & HT_TENSOR_TABLE) init_table(&net->tensors[t], (uint64_t)t, seed);
}

void ht_network_init_as(ht_network *net, ht_init how, uint64_t seed, struct ht_pool *pool)
{
    init_ones(net);
    init_tables(net, seed);
    for (int l = 0; l < net->weight_count; l++) {
        const ht_tensor *weight = net->weights[l];
        init_job job = {weight, how, deviation_of(net, weight, how), seed};
        if (weight->flags & HT_TENSOR_TABLE) continue; /* of a tied output */
        ht_pool_run(pool, ht_shards(net->weights[l]->rows), init_shard, &job);
        init_biases(&job);
    }
}

void ht_network_init(ht_network *net, uint64_t seed, struct ht_pool *pool)
{
    ht_network_init_as(net, HT_INIT_UNIFORM, seed, pool);
}
