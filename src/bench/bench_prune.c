/* bench_prune.c - the exact pruning curve beside one forward pass over the same samples, and beside what it
 * replaces: a full-size masked pass for each of 101 ratios. */
#include <stdio.h>

#include "session/arguments.h"
#include "bench/bench.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/pool.h"
#include "heavytail/prune.h"
#include "num/rng.h"

enum { WIDTH = 10000, INPUTS = 784, CLASSES = 10, SAMPLES = 2000, GRID = 101 };

typedef struct prune_bench {
    ht_network *net;
    ht_pool *pool;
    ht_samples samples;
} prune_bench;

static ht_code exact_curve(void *context, ht_error *err)
{
    const prune_bench *b = context;
    ht_prune_spec spec = {.error = 0.1, .ratio = 0.5};
    ht_prune_curve curve;
    ht_code code = ht_prune_curve_make(&curve, b->net, &b->samples, &spec, b->pool, err);
    if (code == HT_OK) ht_prune_curve_free(&curve);
    return code;
}

static ht_code forward_pass(void *context, ht_error *err)
{
    const prune_bench *b = context;
    ht_score score;
    return ht_network_evaluate(b->net, &b->samples, NULL, b->pool, &score, err);
}

/* Seconds of one evaluation for each ratio. */
static ht_code masked_passes(const prune_bench *b, double *seconds, ht_error *err)
{
    ht_prune_order order;
    ht_score score;
    ht_code code = ht_prune_order_make(&order, b->net->weights[0], HT_PRUNE_NODE, HT_FRO_SQUARED, 1, err);
    float *keep = code == HT_OK ? ht_alloc(WIDTH, sizeof *keep, "the bench", err) : NULL;
    const float *const masks[] = {keep};
    double start = ht_now();
    code = keep ? HT_OK : HT_FAIL;
    for (int i = 0; i < GRID && code == HT_OK; i++) {
        for (int k = 0; k < WIDTH; k++)
            keep[order.neuron[k]] = (long)k * (GRID - 1) < (long)i * WIDTH ? 0.0f : 1.0f;
        code = ht_network_evaluate(b->net, &b->samples, masks, b->pool, &score, err);
    }
    *seconds = ht_now() - start;
    ht_free(keep);
    ht_prune_order_free(&order);
    return code;
}

static ht_code prepare(prune_bench *b, ht_error *err)
{
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    b->samples.count = SAMPLES;
    b->net = ht_network_new(INPUTS, WIDTH, 1, CLASSES, HT_RELU, false, err);
    b->pool = b->net ? ht_pool_new(ht_app_threads(), err) : NULL;
    b->samples.x = b->pool ? ht_alloc((size_t)SAMPLES * INPUTS, sizeof(float), "the bench", err) : NULL;
    b->samples.labels = b->samples.x ? ht_alloc(SAMPLES, sizeof(int32_t), "the bench", err) : NULL;
    if (!b->samples.labels) return HT_FAIL;
    ht_network_init(b->net, 1, b->pool);
    for (int i = 0; i < SAMPLES * INPUTS; i++) b->samples.x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < SAMPLES; i++) b->samples.labels[i] = (int32_t)ht_rng_below(&rng, CLASSES);
    return HT_OK;
}

static void release(prune_bench *b)
{
    ht_network_free(b->net);
    ht_pool_free(b->pool);
    ht_free(b->samples.x);
    ht_free(b->samples.labels);
}

static ht_code run_prune(json_t *row, ht_error *err)
{
    prune_bench b = {0};
    double seconds[2] = {0}, grid = 0;
    ht_bench_run *const run[] = {exact_curve, forward_pass};
    void *const context[] = {&b, &b};
    ht_code code = prepare(&b, err);
    if (code == HT_OK) code = ht_bench_medians(run, context, 2, seconds, err);
    if (code == HT_OK) code = masked_passes(&b, &grid, err);
    if (code == HT_OK) {
        json_object_set_new(row, "width", json_integer(WIDTH));
        json_object_set_new(row, "inputs", json_integer(INPUTS));
        json_object_set_new(row, "samples", json_integer(SAMPLES));
        json_object_set_new(row, "threads", json_integer(ht_pool_threads(b.pool)));
        json_object_set_new(row, "curve_ms", json_real(1e3 * seconds[0]));
        json_object_set_new(row, "forward_ms", json_real(1e3 * seconds[1]));
        json_object_set_new(row, "grid101_ms", json_real(1e3 * grid));
    }
    release(&b);
    return code;
}

static void print_prune(const json_t *row)
{
    double curve = ht_bench_number(row, "curve_ms"), forward = ht_bench_number(row, "forward_ms"),
           grid = ht_bench_number(row, "grid101_ms");
    printf("pruning curve, n = %d, d = %d, %d samples   ms   of one forward pass\n", WIDTH, INPUTS, SAMPLES);
    printf("  one forward pass                %19.1f %15.2f\n", forward, 1.0);
    printf("  exact at every k from 0 to n    %19.1f %15.2f\n", curve, curve / forward);
    printf("  101 ratios, one masked pass each%19.1f %15.2f   (%.0f times the exact curve)\n", grid,
           grid / forward, grid / curve);
}

const ht_bench_part ht_bench_prune = {
    .name = "prune", .run = run_prune, .print = print_prune, .single = true};
