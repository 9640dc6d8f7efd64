#include "heavytail/prune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "math/kernel.h"
#include "math/prune_curve.h"
#include "math/rng.h"

typedef struct ranked {
    double norm2;
    int neuron;
} ranked;

static int by_norm(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->norm2 != y->norm2) return x->norm2 < y->norm2 ? -1 : 1;
    return x->neuron - y->neuron;
}

/* layer is (n × d); rows[i] = (Σ_j w_ij², i) */
static void rank_rows(const ht_layer *layer, ranked *rows)
{
    size_t d = (size_t)layer->columns;
    for (int i = 0; i < layer->rows; i++)
        rows[i] = (ranked){ht_kernel()->sum_squares(layer->weight + (size_t)i * d, d), i};
}

static void shuffle(ranked *rows, int count, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_PRUNE, 0);
    for (int i = count - 1; i > 0; i--) {
        int j = (int)ht_rng_below(&rng, (uint32_t)i + 1);
        ranked kept = rows[i];
        rows[i] = rows[j];
        rows[j] = kept;
    }
}

static void accumulate_error(ht_prune_order *order, const ranked *rows, ht_prune_metric metric)
{
    double total = 0, removed = 0;
    for (int i = 0; i < order->count; i++) total += rows[i].norm2;
    for (int i = 0; i <= order->count; i++) {
        double share = total > 0 ? removed / total : 0;
        if (i == order->count) share = total > 0 ? 1 : 0;
        order->error[i] = metric == HT_FRO ? sqrt(share) : share;
        if (i < order->count) removed += rows[i].norm2;
    }
}

ht_code ht_prune_order_make(ht_prune_order *order, const ht_layer *layer, ht_prune_method method,
                            ht_prune_metric metric, uint64_t seed, ht_error *err)
{
    size_t n = (size_t)layer->rows;
    ranked *rows = ht_alloc(n, sizeof *rows, "the pruning order", err);
    *order = (ht_prune_order){.count = layer->rows};
    order->neuron = ht_alloc(n, sizeof *order->neuron, "the pruning order", err);
    order->error = ht_alloc(n + 1, sizeof *order->error, "the pruning order", err);
    bool good = rows && order->neuron && order->error;
    if (good) {
        rank_rows(layer, rows);
        if (method == HT_PRUNE_RANDOM)
            shuffle(rows, layer->rows, seed);
        else
            qsort(rows, n, sizeof *rows, by_norm);
        for (size_t i = 0; i < n; i++) order->neuron[i] = rows[i].neuron;
        accumulate_error(order, rows, metric);
    } else {
        ht_prune_order_free(order);
    }
    ht_free(rows);
    return good ? HT_OK : HT_FAIL;
}

void ht_prune_order_free(ht_prune_order *order)
{
    ht_free(order->neuron);
    ht_free(order->error);
    *order = (ht_prune_order){0};
}

int ht_prune_removable(const ht_prune_order *order, double error)
{
    int k = 0;
    while (k < order->count && order->error[k + 1] <= error) k++;
    return k;
}

/* keep[l] (width): 0 for the first removed[l] of the layer's order. One block of memory; free keep[0]. */
static ht_code make_masks(const ht_network *net, const ht_prune_order *orders, const int *removed,
                          float *keep[HT_DEPTH_MAX], ht_error *err)
{
    int width = net->layers[0].rows;
    float *block = ht_alloc((size_t)net->depth * (size_t)width, sizeof(float), "the pruning mask", err);
    if (!block) return err->code;
    for (int l = 0; l < net->depth; l++) {
        keep[l] = block + (size_t)l * (size_t)width;
        for (int i = 0; i < width; i++) keep[l][orders[l].neuron[i]] = i < removed[l] ? 0.0f : 1.0f;
    }
    return HT_OK;
}

static ht_code make_orders(const ht_network *net, ht_prune_method method, ht_prune_metric metric,
                           uint64_t seed, ht_prune_order orders[HT_DEPTH_MAX], ht_error *err)
{
    memset(orders, 0, HT_DEPTH_MAX * sizeof *orders);
    for (int l = 0; l < net->depth; l++)
        if (ht_prune_order_make(&orders[l], &net->layers[l], method, metric, seed + (uint64_t)l, err) !=
            HT_OK)
            return HT_FAIL;
    return HT_OK;
}

static void free_orders(ht_prune_order orders[HT_DEPTH_MAX])
{
    for (int l = 0; l < HT_DEPTH_MAX; l++) ht_prune_order_free(&orders[l]);
}

ht_code ht_prune_at_error(ht_prune_result *result, const ht_network *net, const ht_samples *train,
                          const ht_samples *test, ht_prune_method method, ht_prune_metric metric,
                          double error, uint64_t seed, struct ht_pool *pool, ht_error *err)
{
    ht_prune_order orders[HT_DEPTH_MAX];
    float *keep[HT_DEPTH_MAX] = {NULL};
    *result = (ht_prune_result){.neurons = net->depth * net->layers[0].rows};
    ht_code code = make_orders(net, method, metric, seed, orders, err);
    for (int l = 0; l < net->depth && code == HT_OK; l++)
        result->removed += result->layer_removed[l] = ht_prune_removable(&orders[l], error);
    result->ratio = (double)result->removed / result->neurons;
    if (code == HT_OK) code = make_masks(net, orders, result->layer_removed, keep, err);
    const float *const *mask = (const float *const *)keep;
    if (code == HT_OK && train) code = ht_network_evaluate(net, train, mask, pool, &result->train, err);
    if (code == HT_OK && test) code = ht_network_evaluate(net, test, mask, pool, &result->test, err);
    ht_free(keep[0]);
    free_orders(orders);
    return code;
}

/* ---- several layers: a grid of masked evaluations ---------------------------------------------- */

enum { GRID = 51 };

static ht_code grid_point(ht_prune_point *point, const ht_network *net, const ht_samples *samples,
                          const ht_prune_order *orders, int removed, struct ht_pool *pool, ht_error *err)
{
    int counts[HT_DEPTH_MAX], width = net->layers[0].rows;
    float *keep[HT_DEPTH_MAX];
    ht_score score;
    *point = (ht_prune_point){.removed = removed, .ratio = (double)removed / width};
    for (int l = 0; l < net->depth; l++) {
        counts[l] = removed;
        point->error = fmax(point->error, orders[l].error[removed]);
    }
    if (make_masks(net, orders, counts, keep, err) != HT_OK) return err->code;
    ht_code code = ht_network_evaluate(net, samples, (const float *const *)keep, pool, &score, err);
    ht_free(keep[0]);
    point->accuracy = score.accuracy;
    point->loss = score.loss;
    return code;
}

static ht_code grid_curve(ht_prune_curve *curve, const ht_network *net, const ht_samples *samples,
                          const ht_prune_order *orders, struct ht_pool *pool, ht_error *err)
{
    int width = net->layers[0].rows, steps = width < GRID - 1 ? width : GRID - 1;
    curve->count = steps + 1;
    curve->points = ht_alloc((size_t)curve->count, sizeof *curve->points, "the pruning curve", err);
    if (!curve->points) return err->code;
    for (int i = 0; i <= steps; i++) {
        int removed = (int)((long long)width * i / steps);
        if (grid_point(&curve->points[i], net, samples, orders, removed, pool, err) != HT_OK)
            return err->code;
    }
    return HT_OK;
}

ht_code ht_prune_curve_make(ht_prune_curve *curve, const ht_network *net, const ht_samples *samples,
                            ht_prune_method method, ht_prune_metric metric, uint64_t seed,
                            struct ht_pool *pool, ht_error *err)
{
    ht_prune_order orders[HT_DEPTH_MAX];
    *curve = (ht_prune_curve){0};
    ht_code code = make_orders(net, method, metric, seed, orders, err);
    if (code == HT_OK)
        code = net->depth == 1 ? ht_prune_exact_curve(curve, net, samples, &orders[0], pool, err)
                               : grid_curve(curve, net, samples, orders, pool, err);
    free_orders(orders);
    if (code != HT_OK) ht_prune_curve_free(curve);
    return code;
}

void ht_prune_curve_free(ht_prune_curve *curve)
{
    ht_free(curve->points);
    *curve = (ht_prune_curve){0};
}
