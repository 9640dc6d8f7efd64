/* prune_columns.c - node, norm-l1 and random with the units of arXiv 2106.03795 (prune.unit = column):
 * columns of a dense layer, which are what it reads of one input, and kernels of a convolution, what a filter
 * reads of one channel. No neuron goes: biases stay.
 *
 * Both are rows of a matrix U: of a dense layer's transposed (columns × rows), of a convolution's kernels
 * (filters · channels × window). With spec.centre the medians of U's columns (a dense layer's row medians)
 * are taken away before, and what is removed becomes them. */
#include <math.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "nn/shard.h"
#include "num/rng.h"
#include "num/select.h"
#include "prune/prune_plan.h"

/* U of one layer: number k of unit u lies at u · apart + k · step. */
typedef struct units {
    size_t count, length, apart, step;
} units;

/* The state of the plan. */
typedef struct medians {
    float *of[HT_WEIGHTS_MAX]; /* (length): zeros unless centred */
} medians;

static units units_of(const ht_tensor *layer)
{
    size_t rows = (size_t)layer->rows, columns = (size_t)layer->columns;
    size_t window = (size_t)layer->window[0] * (size_t)layer->window[1];
    if (layer->flags & HT_TENSOR_FILTERS) return (units){rows * columns / window, window, window, 1};
    return (units){columns, rows, 1, columns};
}

static ht_code take_medians(const ht_tensor *layer, float *median, ht_error *err)
{
    units u = units_of(layer);
    float *column = ht_alloc(u.count, sizeof *column, "medians of units", err);
    if (!column) return HT_FAIL;
    for (size_t k = 0; k < u.length && !ht_cancelled(); k++) {
        for (size_t i = 0; i < u.count; i++) column[i] = layer->data[i * u.apart + k * u.step];
        median[k] = ht_median(column, u.count);
    }
    ht_free(column);
    return ht_still_wanted(err);
}

typedef struct norms_job {
    const ht_tensor *layer;
    const float *median;
    bool absolute; /* Σ|x| and not Σx² */
    double *sum;
} norms_job;

static void norms_of_shard(void *context, int shard, int worker)
{
    const norms_job *job = context;
    units u = units_of(job->layer);
    size_t first = (size_t)shard * HT_SHARD, end = first + (size_t)ht_shard_rows((int)u.count, shard);
    (void)worker;
    for (size_t i = first; i < end; i++) job->sum[i] = 0;
    for (size_t k = 0; k < u.length; k++)
        for (size_t i = first; i < end; i++) {
            double x = (double)job->layer->data[i * u.apart + k * u.step] - (double)job->median[k];
            job->sum[i] += job->absolute ? fabs(x) : x * x;
        }
}

/* What the method ranks by; norm2 of each unit is known. */
static void fill_keys(const ht_prune_plan *plan, int l, const norms_job *norms, size_t count, double *key)
{
    norms_job sums = {norms->layer, norms->median, true, key};
    ht_rng rng;
    ht_rng_init(&rng, plan->spec.seed + (uint64_t)l, HT_STREAM_PRUNE, 0);
    if (plan->spec.method == HT_PRUNE_NORM_L1) {
        ht_pool_run(plan->pool, ht_shards((int)count), norms_of_shard, &sums);
        return;
    }
    for (size_t i = 0; i < count; i++)
        key[i] = plan->spec.method == HT_PRUNE_RANDOM ? ht_rng_uniform(&rng) : norms->sum[i];
}

static ht_code rank(ht_prune_plan *plan, int l, const float *median, ht_error *err)
{
    const ht_tensor *layer = plan->net->weights[l];
    const ht_prune_spec *s = &plan->spec;
    size_t count = units_of(layer).count;
    double *norm2 = ht_alloc(2 * count, sizeof *norm2, "the norms of units", err);
    if (!norm2) return HT_FAIL;
    norms_job job = {layer, median, false, norm2};
    ht_pool_run(plan->pool, ht_shards((int)count), norms_of_shard, &job);
    fill_keys(plan, l, &job, count, norm2 + count);
    plan->units[l] = (int64_t)count;
    ht_code code = ht_prune_order_rank(&plan->orders[l], (int)count, norm2 + count, norm2, s->metric, err);
    if (code == HT_OK && s->centre) ht_prune_order_errors(&plan->orders[l], plan->norm2[l], s->metric);
    ht_free(norm2);
    return code;
}

static ht_code prepare(ht_prune_plan *plan, ht_error *err)
{
    medians *m = plan->state = ht_alloc(1, sizeof *m, "pruning", err);
    if (!m) return HT_FAIL;
    for (int l = 0; l < plan->layers; l++) {
        const ht_tensor *layer = plan->net->weights[l];
        if (!plan->acts[l]) continue;
        m->of[l] = ht_alloc(units_of(layer).length, sizeof(float), "medians of units", err);
        if (!m->of[l]) return HT_FAIL;
        if (plan->spec.centre && take_medians(layer, m->of[l], err) != HT_OK) return err->code;
        if (rank(plan, l, m->of[l], err) != HT_OK) return err->code;
    }
    return HT_OK;
}

static void release(ht_prune_plan *plan)
{
    medians *m = plan->state;
    for (int l = 0; m && l < HT_WEIGHTS_MAX; l++) ht_free(m->of[l]);
    ht_free(m);
}

static ht_code project(const ht_prune_plan *plan, const ht_prune_cut cut[HT_WEIGHTS_MAX], ht_network *net,
                       int64_t removed[HT_WEIGHTS_MAX], double lost2[HT_WEIGHTS_MAX], ht_error *err)
{
    const medians *m = plan->state;
    (void)err;
    for (int l = 0; l < plan->layers; l++) {
        units u = units_of(net->weights[l]);
        removed[l] = cut[l].removed;
        for (int64_t i = 0; i < removed[l]; i++) {
            float *unit = net->weights[l]->data + (size_t)plan->orders[l].neuron[i] * u.apart;
            for (size_t k = 0; k < u.length; k++) unit[k * u.step] = m->of[l][k];
            lost2[l] += plan->orders[l].norm2[i];
        }
    }
    return HT_OK;
}

/* The units that are left, the number of each, and the medians; or the layer as it was if that is smaller. */
static void measure(const ht_prune_plan *plan, int l, const int64_t removed[HT_WEIGHTS_MAX],
                    ht_prune_result *r)
{
    const ht_tensor *layer = plan->net->weights[l];
    size_t whole = ht_tensor_size(layer);
    if (!plan->acts[l]) {
        ht_prune_add_weights(r, whole);
        return;
    }
    units u = units_of(layer);
    size_t left = u.count - (size_t)removed[l],
           weights = left * u.length + (plan->spec.centre ? u.length : 0);
    size_t bytes = weights * sizeof(float) + left * (u.count <= 65536 ? 2 : 4);
    r->parameters_left += weights < whole ? weights : whole;
    r->bytes_left += bytes < whole * sizeof(float) ? bytes : whole * sizeof(float);
}

const ht_prune_ops ht_prune_column_ops = {
    .prepare = prepare,
    .release = release,
    .cut = ht_prune_cut_orders,
    .project = project,
    .measure = measure,
    .centres = true,
    .words = {"columns", "kernels"},
};
