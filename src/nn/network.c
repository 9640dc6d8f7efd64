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
                                   .output = l == depth};
    return ht_network_build(inputs, specs, depth + 1, activation, mean_field, false, err);
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
    int widths[HT_PARAM_LAYERS] = {0}, depth = ht_params_widths(params, widths);
    return ht_network_new_widths(inputs, widths, depth, classes,
                                 (ht_activation)ht_params_get(params, HT_P_MODEL_ACTIVATION),
                                 ht_params_get(params, HT_P_MODEL_MEAN_FIELD) != 0, err);
}

ht_network *ht_network_resized(const ht_network *net, const int widths[], ht_error *err)
{
    ht_layer_spec specs[HT_WEIGHTS_MAX] = {{0}};
    int last = net->layer_count - 1;
    for (int l = 0; l <= last; l++) {
        const ht_tensor *weight = &net->layers[l].tensor[0];
        specs[l] = (ht_layer_spec){.kind = net->layers[l].kind,
                                   .units = l < last && widths ? widths[l] : weight->rows,
                                   .bias = weight->bias != NULL,
                                   .output = l == last};
    }
    return ht_network_build(net->inputs, specs, last + 1, net->activation, net->mean_field, false, err);
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
    uint64_t seed;
} init_job;

static void init_shard(void *context, int shard, int worker)
{
    const init_job *job = context;
    (void)worker;
    size_t columns = (size_t)job->weight->columns;
    float bound = 1.0f / sqrtf((float)columns);
    for (int r = 0; r < ht_shard_rows(job->weight->rows, shard); r++) {
        size_t row = (size_t)shard * HT_SHARD + (size_t)r;
        float *w = job->weight->data + row * columns;
        ht_rng rng;
        ht_rng_init(&rng, job->seed, HT_STREAM_INIT, (uint64_t)job->weight->number << 48 | row);
        for (size_t j = 0; j < columns; j++)
            w[j] = bound * (((float)(ht_rng_u32(&rng) >> 8) + 0.5f) * 0x1p-23f - 1.0f);
    }
}

void ht_network_init(ht_network *net, uint64_t seed, struct ht_pool *pool)
{
    for (int l = 0; l < net->weight_count; l++) {
        init_job job = {net->weights[l], seed};
        ht_pool_run(pool, ht_shards(net->weights[l]->rows), init_shard, &job);
    }
}
