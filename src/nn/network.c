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
    return ht_network_build(inputs, specs, depth + 1, mean_field, false, err);
}

ht_network *ht_network_new(int inputs, int width, int depth, int classes, ht_activation activation,
                           bool mean_field, ht_error *err)
{
    int widths[HT_HIDDEN_MAX];
    for (int l = 0; l < HT_HIDDEN_MAX; l++) widths[l] = width;
    return ht_network_new_widths(inputs, widths, depth, classes, activation, mean_field, err);
}

ht_network *ht_network_of(const ht_params *params, int inputs, int classes, ht_error *err)
{
    ht_layer_item items[HT_PARAM_LAYERS];
    ht_layer_spec specs[HT_PARAM_LAYERS + 1] = {{0}};
    int depth = ht_params_layers(params, items);
    bool bias = ht_params_get(params, HT_P_MODEL_BIAS) != 0;
    for (int l = 0; l < depth; l++)
        specs[l] = (ht_layer_spec){.kind = ht_layer_kind_at(items[l].kind),
                                   .units = items[l].units,
                                   .activation = items[l].activation,
                                   .bias = bias};
    specs[depth] = (ht_layer_spec){
        .kind = ht_layer_kind_at(HT_LAYER_DENSE), .units = classes, .bias = bias, .output = true};
    return ht_network_build(inputs, specs, depth + 1, ht_params_get(params, HT_P_MODEL_MEAN_FIELD) != 0,
                            false, err);
}

ht_network *ht_network_resized(const ht_network *net, const int widths[], ht_error *err)
{
    ht_layer_spec specs[HT_WEIGHTS_MAX] = {{0}};
    int last = net->layer_count - 1;
    for (int l = 0; l <= last; l++) {
        const ht_tensor *weight = &net->layers[l].tensor[0];
        specs[l] = (ht_layer_spec){.kind = net->layers[l].kind,
                                   .units = l < last && widths ? widths[l] : weight->rows,
                                   .activation = net->layers[l].activation,
                                   .bias = weight->bias != NULL,
                                   .output = l == last};
    }
    return ht_network_build(net->inputs, specs, last + 1, net->mean_field, false, err);
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
    return net->layers[l].activation;
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

static void init_shard(void *context, int shard, int worker)
{
    const init_job *job = context;
    (void)worker;
    size_t columns = (size_t)job->weight->columns;
    float bound = 1.0f / sqrtf((float)columns);
    double deviation = sqrt(2.0 / (double)columns);
    for (int r = 0; r < ht_shard_rows(job->weight->rows, shard); r++) {
        size_t row = (size_t)shard * HT_SHARD + (size_t)r;
        float *w = job->weight->data + row * columns;
        ht_rng rng = draws_of(job, row);
        if (job->how == HT_INIT_UNIFORM) draw_uniform(&rng, bound, w, columns);
        for (size_t j = 0; j < columns && job->how == HT_INIT_KAIMING; j++)
            w[j] = (float)(deviation * ht_rng_normal(&rng));
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

void ht_network_init_as(ht_network *net, ht_init how, uint64_t seed, struct ht_pool *pool)
{
    for (int l = 0; l < net->weight_count; l++) {
        init_job job = {net->weights[l], how, seed};
        ht_pool_run(pool, ht_shards(net->weights[l]->rows), init_shard, &job);
        init_biases(&job);
    }
}

void ht_network_init(ht_network *net, uint64_t seed, struct ht_pool *pool)
{
    ht_network_init_as(net, HT_INIT_UNIFORM, seed, pool);
}
