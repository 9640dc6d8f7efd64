#include "nn/tap.h"

#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/shard.h"

ht_tap *ht_tap_new(const ht_network *shape, int workers, ht_error *err)
{
    const ht_layer *first = &shape->layers[0];
    ht_tap *tap = ht_alloc(1, sizeof *tap, "a copy of the weights", err);
    if (!tap) return NULL;
    tap->workers = workers;
    tap->net = ht_network_like(shape, err);
    tap->norm2 = tap->net ? ht_alloc((size_t)first->rows, sizeof *tap->norm2, "the neuron norms", err) : NULL;
    tap->histogram =
        tap->norm2 ? ht_alloc((size_t)workers, sizeof *tap->histogram, "the histogram", err) : NULL;
    if (tap->histogram) return tap;
    ht_tap_free(tap);
    return NULL;
}

void ht_tap_free(ht_tap *tap)
{
    if (!tap) return;
    ht_network_free(tap->net);
    ht_free(tap->norm2);
    ht_free(tap->histogram);
    ht_free(tap);
}

void ht_tap_begin(ht_tap *tap)
{
    memset(tap->histogram, 0, (size_t)tap->workers * sizeof *tap->histogram);
}

void ht_tap_shard(ht_tap *tap, const ht_network *from, int layer, int shard, int worker)
{
    const ht_layer *source = &from->layers[layer];
    size_t first = (size_t)shard * HT_SHARD, rows = (size_t)ht_shard_rows(source->rows, shard);
    size_t d = (size_t)source->columns;
    const float *w = source->weight + first * d;
    memcpy(tap->net->layers[layer].weight + first * d, w, rows * d * sizeof *w);
    if (layer > 0) return;
    for (size_t r = 0; r < rows; r++) tap->norm2[first + r] = ht_kernel()->sum_squares(w + r * d, d);
    ht_histogram_add(&tap->histogram[worker], w, rows * d);
}

void ht_tap_finish(ht_tap *tap, const ht_network *from)
{
    const ht_layer *out = &from->layers[from->depth];
    memcpy(tap->net->layers[from->depth].weight, out->weight, ht_layer_size(out) * sizeof(float));
    for (int i = 1; i < tap->workers; i++) ht_histogram_merge(&tap->histogram[0], &tap->histogram[i]);
}

typedef struct take_job {
    ht_tap *tap;
    const ht_network *from;
    int shards;
} take_job;

static void take_shard(void *context, int task, int worker)
{
    const take_job *job = context;
    ht_tap_shard(job->tap, job->from, task / job->shards, task % job->shards, worker);
}

void ht_tap_take(ht_tap *tap, const ht_network *from, struct ht_pool *pool)
{
    take_job job = {tap, from, ht_shards(from->layers[0].rows)};
    ht_tap_begin(tap);
    ht_pool_run(pool, job.shards * from->depth, take_shard, &job);
    ht_tap_finish(tap, from);
}
