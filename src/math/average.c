#include "math/average.h"

#include "base/pool.h"
#include "math/shard.h"

ht_code ht_average_start(ht_average *a, const ht_network *shape, ht_error *err)
{
    a->count = 0;
    if (!a->mean) a->mean = ht_network_like(shape, err);
    return a->mean ? HT_OK : err->code;
}

void ht_average_free(ht_average *a)
{
    ht_network_free(a->mean);
    *a = (ht_average){0};
}

typedef struct add_job {
    const ht_layer *from;
    ht_layer *mean;
    float weight;
} add_job;

static void add_shard(void *context, int shard, int worker)
{
    const add_job *job = context;
    (void)worker;
    size_t columns = (size_t)job->from->columns, start = (size_t)shard * HT_SHARD * columns;
    size_t count = (size_t)ht_shard_rows(job->from->rows, shard) * columns;
    const float *w = job->from->weight + start;
    float *mean = job->mean->weight + start;
    for (size_t i = 0; i < count; i++) mean[i] += (w[i] - mean[i]) * job->weight;
}

void ht_average_add(ht_average *a, const ht_network *net, uint64_t window, struct ht_pool *pool)
{
    a->count++;
    double parts = (double)(a->count < window ? a->count : window);
    for (int l = 0; l <= net->depth; l++) {
        add_job job = {&net->layers[l], &a->mean->layers[l], (float)(1 / parts)};
        ht_pool_run(pool, ht_shards(net->layers[l].rows), add_shard, &job);
    }
}
