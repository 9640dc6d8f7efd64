#include "nn/average.h"

#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "nn/shard.h"

ht_code ht_average_start(ht_average *a, const ht_network *shape, ht_error *err)
{
    a->count = 0;
    if (!a->mean) a->mean = ht_network_like(shape, err);
    return a->mean ? HT_OK : err->code;
}

void ht_average_free(ht_average *a)
{
    ht_network_free(a->mean);
    ht_free(a->recent);
    *a = (ht_average){0};
}

/* ---- the last iterates ---- */

static float *row_of(const ht_average *a, uint64_t step)
{
    return a->recent + (size_t)(step % a->rows) * a->size;
}

/* Numbers of an iterate. */
static size_t size_of(const ht_network *net)
{
    size_t count = 0;
    for (int t = 0; t < net->tensor_count; t++) count += ht_tensor_size(&net->tensors[t]);
    return count;
}

ht_code ht_average_reserve(ht_average *a, const ht_network *shape, uint64_t window, uint64_t step,
                           ht_error *err)
{
    size_t size = size_of(shape);
    ht_average next = *a;
    uint64_t most = size ? HT_AVERAGE_KEEPS / size : 0, rows = window < most ? window : most;
    if (a->rows == rows) return HT_OK;
    next.recent = rows ? ht_alloc((size_t)rows * size, sizeof *next.recent, "the last iterates", err) : NULL;
    if (rows && !next.recent) return err->code;
    next.rows = rows, next.size = size;
    if (next.kept > rows) next.kept = rows;
    for (uint64_t i = 0; i < next.kept; i++)
        memcpy(row_of(&next, step - i), row_of(a, step - i), size * sizeof *next.recent);
    ht_free(a->recent);
    *a = next;
    return HT_OK;
}

void ht_average_keep(ht_average *a, const ht_network *net, uint64_t step)
{
    if (!a->recent) return;
    float *to = row_of(a, step);
    for (int t = 0; t < net->tensor_count; t++) {
        size_t count = ht_tensor_size(&net->tensors[t]);
        memcpy(to, net->tensors[t].data, count * sizeof *to);
        to += count;
    }
    if (a->kept < a->rows) a->kept++;
}

void ht_average_forget(ht_average *a)
{
    a->count = a->kept = 0;
    if (a->recent) memset(a->recent, 0, (size_t)a->rows * a->size * sizeof *a->recent);
}

/* ---- the mean ---- */

typedef struct add_job {
    const float *from;
    ht_tensor *mean;
    float weight;
    bool first; /* the mean is empty: what it holds is of another */
} add_job;

static void add_shard(void *context, int shard, int worker)
{
    const add_job *job = context;
    (void)worker;
    size_t columns = (size_t)job->mean->columns, start = (size_t)shard * HT_SHARD * columns;
    size_t count = (size_t)ht_shard_rows(job->mean->rows, shard) * columns;
    const float *w = job->from + start;
    float *mean = job->mean->data + start;
    if (job->first) memset(mean, 0, count * sizeof *mean);
    for (size_t i = 0; i < count; i++) mean[i] += (w[i] - mean[i]) * job->weight;
}

static void add_tensor(ht_average *a, int t, const float *from, double parts, struct ht_pool *pool)
{
    ht_tensor *mean = &a->mean->tensors[t];
    add_job job = {from, mean, (float)(1 / parts), a->count == 1};
    ht_pool_run(pool, ht_shards(mean->rows), add_shard, &job);
}

void ht_average_add(ht_average *a, const ht_network *net, uint64_t window, struct ht_pool *pool)
{
    a->count++;
    double parts = (double)(a->count < window ? a->count : window);
    for (int t = 0; t < net->tensor_count; t++) add_tensor(a, t, net->tensors[t].data, parts, pool);
}

void ht_average_again(ht_average *a, uint64_t count, uint64_t step, struct ht_pool *pool)
{
    if (count > a->kept) count = a->kept;
    a->count = 0;
    while (a->count < count) {
        const float *from = row_of(a, step - (count - 1 - a->count));
        a->count++;
        for (int t = 0; t < a->mean->tensor_count; t++) {
            add_tensor(a, t, from, (double)a->count, pool);
            from += ht_tensor_size(&a->mean->tensors[t]);
        }
    }
}
