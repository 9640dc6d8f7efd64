/* bench_step.c - a training step beside its two large products and the machine's peak, all in one run. */
#include <stdio.h>
#include <string.h>

#include "session/arguments.h"
#include "bench/bench.h"
#include "base/alloc.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "num/linalg.h"
#include "num/rng.h"
#include "nn/shard.h"
#include "nn/step/step.h"

enum { INPUTS = 784, BATCH = 100, CLASSES = 10, TYPES = HT_NOISE_ISOTROPIC + 1, RUNS = TYPES + 2 };

typedef struct step_bench {
    ht_network *net;
    ht_step *step;
    ht_pool *pool;
    float *x, *h; /* (BATCH × INPUTS), (BATCH × width) */
    int32_t labels[BATCH];
    ht_hyper hyper;
    ht_bench_peak peak;
} step_bench;

typedef struct noisy_step { /* one step with this type of noise */
    step_bench *bench;
    ht_noise_type type;
} noisy_step;

static ht_code one_step(void *context, ht_error *err)
{
    noisy_step *run = context;
    step_bench *b = run->bench;
    b->hyper.noise.type = run->type;
    b->hyper.noise.step++;
    ht_step_result r = ht_step_run(b->step, b->net, b->x, b->labels, BATCH, &b->hyper, b->pool);
    return r.refused ? ht_error_set(err, HT_FAIL, "the bench's network diverged") : HT_OK;
}

/* The two products that make a step: X·W1^T, and the gradient D^T·X folded into W1. */
static void gemm_shard(void *context, int shard, int worker)
{
    const step_bench *b = context;
    (void)worker;
    int width = b->net->weights[0]->rows, m = ht_shard_rows(width, shard), first = shard * HT_SHARD;
    float *w = b->net->weights[0]->data + (size_t)first * INPUTS;
    ht_gemm_nt(BATCH, m, INPUTS, 1.0f, b->x, INPUTS, w, INPUTS, 0.0f, b->h + first, width);
    ht_gemm_tn(m, INPUTS, BATCH, -1e-9f, b->h + first, width, b->x, INPUTS, 1.0f, w, INPUTS);
}

static ht_code two_products(void *context, ht_error *err)
{
    step_bench *b = context;
    (void)err;
    ht_pool_run(b->pool, ht_shards(b->net->weights[0]->rows), gemm_shard, b);
    return HT_OK;
}

static ht_code prepare(step_bench *b, int width, ht_error *err)
{
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    b->net = ht_network_new(INPUTS, width, 1, CLASSES, HT_RELU, false, err);
    b->pool = b->net ? ht_pool_new(ht_app_threads(), err) : NULL;
    b->peak.pool = b->pool;
    b->step = b->pool ? ht_step_new(b->net, BATCH, 0, ht_pool_threads(b->pool), err) : NULL;
    b->x = b->step ? ht_alloc((size_t)BATCH * INPUTS, sizeof(float), "the bench", err) : NULL;
    b->h = b->x ? ht_alloc((size_t)BATCH * (size_t)width, sizeof(float), "the bench", err) : NULL;
    if (!b->h) return HT_FAIL;
    ht_network_init(b->net, 1, b->pool);
    for (int i = 0; i < BATCH * INPUTS; i++) b->x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < BATCH; i++) b->labels[i] = (int32_t)ht_rng_below(&rng, CLASSES);
    b->hyper = (ht_hyper){.lr = 1e-5,
                          .train_output = true,
                          .input_bound = 10,
                          .noise_scale = 1e-3,
                          .noise = {.alpha = 1.75, .seed = 1}};
    return HT_OK;
}

static void release(step_bench *b)
{
    ht_network_free(b->net);
    ht_step_free(b->step);
    ht_pool_free(b->pool);
    ht_free(b->x);
    ht_free(b->h);
}

static ht_code bench_width(json_t *rows, int width, ht_error *err)
{
    step_bench b = {0};
    noisy_step steps[TYPES];
    double seconds[RUNS] = {0};
    ht_bench_run *const run[RUNS] = {
        ht_bench_fused_peak, two_products, one_step, one_step, one_step, one_step};
    void *context[RUNS] = {&b.peak, &b};
    for (int t = 0; t < TYPES; t++) {
        steps[t] = (noisy_step){&b, (ht_noise_type)t};
        context[t + 2] = &steps[t];
    }
    ht_code code = prepare(&b, width, err);
    if (code == HT_OK) code = ht_bench_medians(run, context, RUNS, seconds, err);
    for (int t = 0; t < TYPES && code == HT_OK; t++)
        json_array_append_new(
            rows, json_pack("{s:i, s:i, s:i, s:s, s:i, s:f, s:f, s:f}", "width", width, "inputs", INPUTS,
                            "batch", BATCH, "noise", ht_param_choice(HT_P_NOISE_TYPE, t), "threads",
                            ht_pool_threads(b.pool), "step_ms", 1e3 * seconds[t + 2], "gemm_ms",
                            1e3 * seconds[1], "fma_peak_gflops", 1e-9 * b.peak.flops / seconds[0]));
    release(&b);
    return code;
}

static ht_code run_step(json_t *rows, ht_error *err)
{
    static const int widths[] = {1000, 10000, 100000};
    ht_code code = HT_OK;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0] && code == HT_OK; i++)
        code = bench_width(rows, widths[i], err);
    return code;
}

static void print_step(const json_t *rows)
{
    double plain = 0;
    printf("step, d = %d, b = %d: n   noise       step ms   two products ms   ratio   against plain   GEMM "
           "GFLOP/s of FMA peak\n",
           INPUTS, BATCH);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        double step = ht_bench_number(row, "step_ms"), gemm = ht_bench_number(row, "gemm_ms");
        double width = ht_bench_number(row, "width"), peak = ht_bench_number(row, "fma_peak_gflops");
        if (strcmp(ht_bench_text(row, "noise"), "none") == 0) plain = step;
        printf("%23.0f   %-9s %9.2f %17.2f %7.2f %15.2f %15.0f of %.0f\n", width, ht_bench_text(row, "noise"),
               step, gemm, step / gemm, step / plain, 4e-6 * width * INPUTS * BATCH / gemm, peak);
    }
}

const ht_bench_part ht_bench_step = {.name = "step", .run = run_step, .print = print_step};
