#include "nn/capture.h"

#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/shard.h"

ht_capture *ht_capture_new(const ht_network *shape, int workers, ht_error *err)
{
    const ht_layer *first = &shape->layers[0];
    ht_capture *capture = ht_alloc(1, sizeof *capture, "a copy of the weights", err);
    if (!capture) return NULL;
    capture->workers = workers;
    capture->net = ht_network_like(shape, err);
    capture->norm2 =
        capture->net ? ht_alloc((size_t)first->rows, sizeof *capture->norm2, "the neuron norms", err) : NULL;
    capture->histogram =
        capture->norm2 ? ht_alloc((size_t)workers, sizeof *capture->histogram, "the histogram", err) : NULL;
    if (capture->histogram) return capture;
    ht_capture_free(capture);
    return NULL;
}

void ht_capture_free(ht_capture *capture)
{
    if (!capture) return;
    ht_network_free(capture->net);
    ht_free(capture->norm2);
    ht_free(capture->histogram);
    ht_free(capture);
}

void ht_capture_begin(ht_capture *capture)
{
    memset(capture->histogram, 0, (size_t)capture->workers * sizeof *capture->histogram);
}

void ht_capture_shard(ht_capture *capture, const ht_network *from, int layer, int shard, int worker)
{
    const ht_layer *source = &from->layers[layer];
    size_t first = (size_t)shard * HT_SHARD, rows = (size_t)ht_shard_rows(source->rows, shard);
    size_t d = (size_t)source->columns;
    const float *w = source->weight + first * d;
    memcpy(capture->net->layers[layer].weight + first * d, w, rows * d * sizeof *w);
    if (layer > 0) return;
    for (size_t r = 0; r < rows; r++) capture->norm2[first + r] = ht_kernel()->sum_squares(w + r * d, d);
    ht_histogram_add(&capture->histogram[worker], w, rows * d);
}

void ht_capture_finish(ht_capture *capture, const ht_network *from)
{
    const ht_layer *out = &from->layers[from->depth];
    memcpy(capture->net->layers[from->depth].weight, out->weight, ht_layer_size(out) * sizeof(float));
    for (int i = 1; i < capture->workers; i++)
        ht_histogram_merge(&capture->histogram[0], &capture->histogram[i]);
}

typedef struct take_job {
    ht_capture *capture;
    const ht_network *from;
    int shards;
} take_job;

static void take_shard(void *context, int task, int worker)
{
    const take_job *job = context;
    ht_capture_shard(job->capture, job->from, task / job->shards, task % job->shards, worker);
}

void ht_capture_take(ht_capture *capture, const ht_network *from, struct ht_pool *pool)
{
    take_job job = {capture, from, ht_shards(from->layers[0].rows)};
    ht_capture_begin(capture);
    ht_pool_run(pool, job.shards * from->depth, take_shard, &job);
    ht_capture_finish(capture, from);
}
