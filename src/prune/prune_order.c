/* prune_order.c - units in the order in which they go, neurons and singular values, and how far to cut layers
 * of such orders. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/shard.h"
#include "num/rng.h"
#include "prune/prune_plan.h"

typedef struct ranked {
    double key, norm2;
    int neuron;
} ranked;

static int by_key(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->neuron - y->neuron;
}

ht_code ht_prune_order_alloc(ht_prune_order *order, int count, ht_error *err)
{
    size_t n = (size_t)count;
    *order = (ht_prune_order){.count = count};
    order->neuron = ht_alloc(n, sizeof *order->neuron, "the pruning order", err);
    order->key = ht_alloc(n, sizeof *order->key, "the pruning order", err);
    order->norm2 = ht_alloc(n, sizeof *order->norm2, "the pruning order", err);
    order->error = ht_alloc(n + 1, sizeof *order->error, "the pruning order", err);
    if (order->neuron && order->key && order->norm2 && order->error) return HT_OK;
    ht_prune_order_free(order);
    return HT_FAIL;
}

void ht_prune_order_errors(ht_prune_order *order, double total, ht_prune_metric metric)
{
    double removed = 0;
    for (int k = 0; k <= order->count; k++) {
        order->error[k] = ht_prune_error(metric, ht_prune_lost(removed, total));
        if (k < order->count) removed += order->norm2[k];
    }
}

typedef struct norms_job {
    const ht_tensor *layer;
    double *norm2;
} norms_job;

static void norms_of_shard(void *context, int shard, int worker)
{
    const norms_job *job = context;
    size_t d = (size_t)job->layer->columns, first = (size_t)shard * HT_SHARD;
    (void)worker;
    for (size_t i = 0; i < (size_t)ht_shard_rows(job->layer->rows, shard); i++)
        job->norm2[first + i] = ht_kernel()->sum_squares(job->layer->data + (first + i) * d, d);
}

void ht_prune_norms(const ht_tensor *layer, struct ht_pool *pool, double *norm2)
{
    norms_job job = {layer, norm2};
    ht_pool_run(pool, ht_shards(layer->rows), norms_of_shard, &job);
}

/* Σ|w| of each row, in double and from left to right. */
static void sums_of_shard(void *context, int shard, int worker)
{
    const norms_job *job = context;
    size_t d = (size_t)job->layer->columns, first = (size_t)shard * HT_SHARD;
    (void)worker;
    for (size_t i = first; i < first + (size_t)ht_shard_rows(job->layer->rows, shard); i++) {
        job->norm2[i] = 0;
        for (size_t j = 0; j < d; j++) job->norm2[i] += fabs((double)job->layer->data[i * d + j]);
    }
}

void ht_prune_row_keys(const ht_tensor *layer, ht_prune_method method, uint64_t seed, struct ht_pool *pool,
                       double *key)
{
    norms_job job = {layer, key};
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_PRUNE, 0);
    if (method == HT_PRUNE_RANDOM)
        for (int i = 0; i < layer->rows; i++) key[i] = ht_rng_uniform(&rng);
    else
        ht_pool_run(pool, ht_shards(layer->rows), method == HT_PRUNE_NORM_L1 ? sums_of_shard : norms_of_shard,
                    &job);
}

ht_code ht_prune_order_rank(ht_prune_order *order, int count, const double *key, const double *norm2,
                            ht_prune_metric metric, ht_error *err)
{
    size_t n = (size_t)count;
    double total = 0;
    ranked *rows = ht_alloc(n, sizeof *rows, "the pruning order", err);
    ht_code code = rows ? ht_prune_order_alloc(order, count, err) : HT_FAIL;
    if (code == HT_OK) {
        for (size_t i = 0; i < n; i++) rows[i] = (ranked){key[i], norm2[i], (int)i};
        qsort(rows, n, sizeof *rows, by_key);
        for (size_t i = 0; i < n; i++) {
            order->neuron[i] = rows[i].neuron;
            order->key[i] = rows[i].key;
            order->norm2[i] = rows[i].norm2;
            total += rows[i].norm2; /* in this order, so that removing all is exactly 1 */
        }
        ht_prune_order_errors(order, total, metric);
    }
    ht_free(rows);
    return code;
}

ht_code ht_prune_order_make(ht_prune_order *order, const ht_tensor *layer, ht_prune_method method,
                            ht_prune_metric metric, uint64_t seed, ht_error *err)
{
    size_t n = (size_t)layer->rows;
    double *norm2 = ht_alloc(2 * n, sizeof *norm2, "the pruning order", err);
    *order = (ht_prune_order){0};
    if (!norm2) return HT_FAIL;
    ht_prune_norms(layer, NULL, norm2);
    ht_prune_row_keys(layer, method, seed, NULL, norm2 + n);
    ht_code code = ht_prune_order_rank(order, layer->rows, norm2 + n, norm2, metric, err);
    ht_free(norm2);
    return code;
}

void ht_prune_order_free(ht_prune_order *order)
{
    ht_free(order->neuron);
    ht_free(order->key);
    ht_free(order->norm2);
    ht_free(order->error);
    *order = (ht_prune_order){0};
}

int ht_prune_removable(const ht_prune_order *order, double error)
{
    int k = 0;
    while (k < order->count && order->error[k + 1] <= error) k++;
    return k;
}

/* ---- how far ---- */

/* The layer whose next unit has the smallest key, or -1 when all are cut. */
static int next_layer(const ht_prune_plan *plan, const ht_prune_cut cut[])
{
    int best = -1;
    double least = 0;
    for (int l = 0; l < plan->layers; l++) {
        if (cut[l].removed == plan->units[l]) continue;
        double key = plan->orders[l].key[cut[l].removed];
        if (best < 0 || key < least) best = l, least = key;
    }
    return best;
}

/* Layers ranked together. */
static void cut_together(const ht_prune_plan *plan, double ratio, ht_prune_cut cut[])
{
    double removed = 0, total = 0, share = ht_prune_share(&plan->spec);
    int64_t units = 0;
    for (int l = 0; l < plan->layers; l++) total += plan->norm2[l], units += plan->units[l];
    int64_t wanted = !isnan(ratio) ? ht_prune_floor(ratio, units) : units;
    for (int64_t k = 0; k < wanted; k++) {
        int l = next_layer(plan, cut);
        removed += plan->orders[l].norm2[cut[l].removed];
        if (isnan(ratio) && total > 0 && fmin(removed / total, 1) > share) return;
        cut[l].removed++;
    }
}

ht_code ht_prune_cut_orders(const ht_prune_plan *plan, double ratio, ht_prune_cut cut[HT_WEIGHTS_MAX],
                            ht_error *err)
{
    (void)err;
    if (plan->joint)
        cut_together(plan, ratio, cut);
    else
        for (int l = 0; l < plan->layers; l++)
            cut[l].removed = isnan(ratio) ? ht_prune_removable(&plan->orders[l], plan->spec.error)
                                          : ht_prune_floor(ratio, plan->units[l]);
    return HT_OK;
}
