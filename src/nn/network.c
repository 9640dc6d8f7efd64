#include "heavytail/network.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "num/rng.h"
#include "nn/shard.h"

static ht_code make_layer(ht_layer *layer, int rows, int columns, ht_error *err)
{
    size_t size;
    layer->rows = rows;
    layer->columns = columns;
    if (__builtin_mul_overflow((size_t)rows, (size_t)columns, &size)) size = SIZE_MAX;
    layer->weight = ht_alloc(size, sizeof(float), "the weights", err);
    return layer->weight ? HT_OK : err->code;
}

static ht_code make_bias(ht_layer *layer, ht_error *err)
{
    layer->bias = ht_alloc((size_t)layer->rows, sizeof(float), "the biases", err);
    return layer->bias ? HT_OK : err->code;
}

ht_network *ht_network_new_widths(int inputs, const int widths[], int depth, int classes,
                                  ht_activation activation, bool mean_field, ht_error *err)
{
    ht_network *net = ht_alloc(1, sizeof *net, "the network", err);
    if (!net) return NULL;
    net->depth = depth;
    net->activation = activation;
    net->mean_field = mean_field;
    for (int l = 0; l <= depth; l++)
        if (make_layer(&net->layers[l], l == depth ? classes : widths[l], l == 0 ? inputs : widths[l - 1],
                       err) != HT_OK) {
            ht_network_free(net);
            return NULL;
        }
    return net;
}

ht_network *ht_network_new(int inputs, int width, int depth, int classes, ht_activation activation,
                           bool mean_field, ht_error *err)
{
    int widths[HT_DEPTH_MAX];
    for (int l = 0; l < HT_DEPTH_MAX; l++) widths[l] = width;
    return ht_network_new_widths(inputs, widths, depth, classes, activation, mean_field, err);
}

ht_network *ht_network_like(const ht_network *net, ht_error *err)
{
    int widths[HT_DEPTH_MAX];
    for (int l = 0; l < net->depth; l++) widths[l] = net->layers[l].rows;
    ht_network *like =
        ht_network_new_widths(net->layers[0].columns, widths, net->depth, net->layers[net->depth].rows,
                              net->activation, net->mean_field, err);
    for (int l = 0; like && l <= net->depth; l++)
        if (net->layers[l].bias && make_bias(&like->layers[l], err) != HT_OK) {
            ht_network_free(like);
            return NULL;
        }
    return like;
}

void ht_network_assign(ht_network *to, const ht_network *from)
{
    for (int l = 0; l <= from->depth; l++) {
        const ht_layer *layer = &from->layers[l];
        memcpy(to->layers[l].weight, layer->weight, ht_layer_size(layer) * sizeof(float));
        if (layer->bias) memcpy(to->layers[l].bias, layer->bias, (size_t)layer->rows * sizeof(float));
    }
}

ht_network *ht_network_copy(const ht_network *net, ht_error *err)
{
    ht_network *copy = ht_network_like(net, err);
    if (copy) ht_network_assign(copy, net);
    return copy;
}

void ht_network_free(ht_network *net)
{
    if (!net) return;
    for (int l = 0; l <= net->depth; l++) {
        ht_free(net->layers[l].weight);
        ht_free(net->layers[l].bias);
    }
    ht_free(net);
}

bool ht_network_has_biases(const ht_network *net)
{
    for (int l = 0; l <= net->depth; l++)
        for (int i = 0; net->layers[l].bias && i < net->layers[l].rows; i++)
            if (net->layers[l].bias[i] != 0.0f) return true;
    return false;
}

size_t ht_network_parameters(const ht_network *net)
{
    size_t count = 0;
    for (int l = 0; l <= net->depth; l++) count += ht_layer_size(&net->layers[l]);
    return count;
}

ht_sizes ht_network_sizes(const ht_network *net)
{
    ht_sizes sizes = {.weights = ht_network_parameters(net)};
    for (int l = 0; l <= net->depth; l++) {
        const float *w = net->layers[l].weight;
        for (size_t i = 0; i < ht_layer_size(&net->layers[l]); i++) {
            float size = fabsf(w[i]);
            sizes.nonzero += size != 0;
            sizes.above_epsilon += size > 0x1p-23f;
            sizes.above_1e4 += size > 1e-4f;
        }
    }
    return sizes;
}

typedef struct init_job {
    const ht_layer *layer;
    uint64_t seed, number;
} init_job;

static void init_shard(void *context, int shard, int worker)
{
    const init_job *job = context;
    (void)worker;
    size_t columns = (size_t)job->layer->columns;
    float bound = 1.0f / sqrtf((float)columns);
    for (int r = 0; r < ht_shard_rows(job->layer->rows, shard); r++) {
        size_t row = (size_t)shard * HT_SHARD + (size_t)r;
        float *w = job->layer->weight + row * columns;
        ht_rng rng;
        ht_rng_init(&rng, job->seed, HT_STREAM_INIT, job->number << 48 | row);
        for (size_t j = 0; j < columns; j++)
            w[j] = bound * (((float)(ht_rng_u32(&rng) >> 8) + 0.5f) * 0x1p-23f - 1.0f);
    }
}

void ht_network_init(ht_network *net, uint64_t seed, struct ht_pool *pool)
{
    for (int l = 0; l <= net->depth; l++) {
        init_job job = {&net->layers[l], seed, (uint64_t)l};
        ht_pool_run(pool, ht_shards(net->layers[l].rows), init_shard, &job);
    }
}
