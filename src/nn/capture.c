#include "nn/capture.h"

#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/shard.h"

ht_capture *ht_capture_new_glimpse(const ht_network *shape, int workers, ht_error *err)
{
    ht_capture *capture = ht_alloc(1, sizeof *capture, "a copy of the weights", err);
    if (!capture) return NULL;
    capture->workers = workers;
    capture->hidden = ht_network_hidden(shape);
    capture->units = true;
    for (int l = 0; l < capture->hidden; l++) {
        capture->first[l + 1] = capture->first[l] + shape->weights[l]->rows;
        capture->weights += ht_tensor_size(shape->weights[l]);
        capture->heads[l] = shape->weights[l]->heads;
        capture->prunable[l] = shape->weights[l]->flags & HT_TENSOR_PRUNABLE;
        capture->units = capture->units && capture->prunable[l];
        capture->columns[l] = shape->weights[l]->columns;
        memcpy(capture->window[l], shape->weights[l]->window, sizeof capture->window[l]);
    }
    ht_capture_pick(capture, HT_ALL_LAYERS);
    capture->norm2 =
        ht_alloc((size_t)capture->first[capture->hidden], sizeof *capture->norm2, "the norms of units", err);
    capture->histogram =
        capture->norm2 ? ht_alloc((size_t)workers, sizeof *capture->histogram, "the histogram", err) : NULL;
    if (capture->histogram) return capture;
    ht_capture_free(capture);
    return NULL;
}

ht_capture *ht_capture_new(const ht_network *shape, int workers, ht_error *err)
{
    ht_capture *capture = ht_capture_new_glimpse(shape, workers, err);
    if (!capture) return NULL;
    capture->net = ht_network_like(shape, err);
    if (capture->net) return capture;
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

void ht_capture_pick(ht_capture *capture, int layer)
{
    capture->layer = ht_layer_picked(layer, capture->hidden);
}

void ht_capture_begin(ht_capture *capture)
{
    memset(capture->histogram, 0, (size_t)capture->workers * sizeof *capture->histogram);
}

void ht_capture_rows(ht_capture *capture, const ht_network *from, int hidden, int first, int rows, int worker)
{
    const ht_tensor *source = from->weights[hidden];
    size_t d = (size_t)source->columns, start = (size_t)first * d, count = (size_t)rows * d;
    const float *w = source->data + start;
    if (capture->net) memcpy(capture->net->weights[hidden]->data + start, w, count * sizeof *w);
    double *norm2 = capture->norm2 + capture->first[hidden] + first;
    for (int r = 0; r < rows; r++) norm2[r] = ht_kernel()->sum_squares(w + (size_t)r * d, d);
    if (capture->layer == HT_ALL_LAYERS || capture->layer == hidden)
        ht_histogram_add(&capture->histogram[worker], w, count);
}

/* What shards bring; the rest is small. */
static bool is_hidden(const ht_tensor *tensor)
{
    return tensor->flags & HT_TENSOR_WEIGHT && !(tensor->flags & HT_TENSOR_OUTPUT);
}

void ht_capture_finish(ht_capture *capture, const ht_network *from)
{
    for (int t = 0; capture->net && t < from->tensor_count; t++)
        if (!is_hidden(&from->tensors[t]))
            memcpy(capture->net->tensors[t].data, from->tensors[t].data,
                   ht_tensor_size(&from->tensors[t]) * sizeof(float));
    for (int i = 1; i < capture->workers; i++)
        ht_histogram_merge(&capture->histogram[0], &capture->histogram[i]);
}

void ht_capture_glimpse(ht_capture *glimpse, const ht_capture *from)
{
    memcpy(glimpse->norm2, from->norm2, (size_t)glimpse->first[glimpse->hidden] * sizeof *glimpse->norm2);
    glimpse->layer = from->layer;
    glimpse->histogram[0] = from->histogram[0];
}

typedef struct take_job {
    ht_capture *capture;
    const ht_network *from;
} take_job;

static void take_shard(void *context, int task, int worker)
{
    const take_job *job = context;
    int l = 0, shard = task;
    while (shard >= ht_shards(job->from->weights[l]->rows)) shard -= ht_shards(job->from->weights[l++]->rows);
    ht_capture_rows(job->capture, job->from, l, shard * HT_SHARD,
                    ht_shard_rows(job->from->weights[l]->rows, shard), worker);
}

void ht_capture_take(ht_capture *capture, const ht_network *from, struct ht_pool *pool)
{
    take_job job = {capture, from};
    int tasks = 0;
    for (int l = 0; l < ht_network_hidden(from); l++) tasks += ht_shards(from->weights[l]->rows);
    ht_capture_begin(capture);
    ht_pool_run(pool, tasks, take_shard, &job);
    ht_capture_finish(capture, from);
}
