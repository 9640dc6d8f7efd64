#include "nn/tap.h"

#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/shard.h"

ht_tap *ht_tap_new(const ht_network *shape, int workers, ht_error *err)
{
    const ht_tensor *first = shape->weights[0];
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

void ht_tap_shard(ht_tap *tap, const ht_network *from, int hidden, int shard, int worker)
{
    const ht_tensor *source = from->weights[hidden];
    size_t first = (size_t)shard * HT_SHARD, rows = (size_t)ht_shard_rows(source->rows, shard);
    size_t d = (size_t)source->columns;
    const float *w = source->data + first * d;
    memcpy(tap->net->weights[hidden]->data + first * d, w, rows * d * sizeof *w);
    if (hidden > 0) return;
    for (size_t r = 0; r < rows; r++) tap->norm2[first + r] = ht_kernel()->sum_squares(w + r * d, d);
    ht_histogram_add(&tap->histogram[worker], w, rows * d);
}

/* What shards bring; the rest is small. */
static bool is_hidden(const ht_tensor *tensor)
{
    return tensor->flags & HT_TENSOR_WEIGHT && !(tensor->flags & HT_TENSOR_OUTPUT);
}

void ht_tap_finish(ht_tap *tap, const ht_network *from)
{
    for (int t = 0; t < from->tensor_count; t++)
        if (!is_hidden(&from->tensors[t]))
            memcpy(tap->net->tensors[t].data, from->tensors[t].data,
                   ht_tensor_size(&from->tensors[t]) * sizeof(float));
    for (int i = 1; i < tap->workers; i++) ht_histogram_merge(&tap->histogram[0], &tap->histogram[i]);
}

typedef struct take_job {
    ht_tap *tap;
    const ht_network *from;
} take_job;

static void take_shard(void *context, int task, int worker)
{
    const take_job *job = context;
    int l = 0, shard = task;
    while (shard >= ht_shards(job->from->weights[l]->rows)) shard -= ht_shards(job->from->weights[l++]->rows);
    ht_tap_shard(job->tap, job->from, l, shard, worker);
}

void ht_tap_take(ht_tap *tap, const ht_network *from, struct ht_pool *pool)
{
    take_job job = {tap, from};
    int tasks = 0;
    for (int l = 0; l < ht_network_hidden(from); l++) tasks += ht_shards(from->weights[l]->rows);
    ht_tap_begin(tap);
    ht_pool_run(pool, tasks, take_shard, &job);
    ht_tap_finish(tap, from);
}
