/* bench_layers.c - training steps of networks with convolutions, of a transformer and, with Adam, of a
 * table's, beside the machine's peak in the same run, on one thread (the time it computed) and on all. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "bench/bench.h"
#include "params/preset.h"
#include "kernel/kernel.h"
#include "nn/layers/layer.h"
#include "nn/step/step.h"
#include "num/rng.h"
#include "session/arguments.h"

enum { BATCH = 100, CLASSES = 10, RUNS = 3, SEQUENCES = 32, CONTEXT = 64, SYMBOLS = 65, ROWS = 128 };

/* nanoGPT's setting for a CPU, at 65 symbols. */
#define BLOCK "res(norm, attention 4), res(norm, dense 512 gelu, dense 128 linear), "

static const struct network {
    const char *name, *preset, *layers; /* model.layers; of sequences with a tied output */
    int width;                          /* 0: the preset's */
    ht_shape shape;
    int batch, classes;
    bool adam;
} networks[] = {
    {"lenet5-caffe", "lenet5-caffe", NULL, 0, {1, 28, 28}, BATCH, CLASSES, false},
    {"vgg11", "vgg11", NULL, 0, {3, 32, 32}, BATCH, CLASSES, false},
    {"vgg11-quarter", "vgg11", NULL, 16, {3, 32, 32}, BATCH, CLASSES, false},
    {"resnet18-slim", "resnet18-slim", NULL, 0, {3, 32, 32}, BATCH, CLASSES, false},
    {"gpt-nano",
     NULL,
     "embed 128, " BLOCK BLOCK BLOCK BLOCK "norm",
     0,
     {1, 1, CONTEXT},
     SEQUENCES,
     SYMBOLS,
     false},
    {"tabular-256-128", NULL, "dense 256, dense 128", 0, {16, 1, 1}, ROWS, 26, true}, /* as the letters' */
};

typedef struct layers_bench {
    ht_pool *pool;
    ht_network *net;
    ht_step *step;
    float *x;
    int32_t *labels;
    int batch;
    ht_hyper hyper;
    ht_bench_peak peak;
} layers_bench;

static ht_code step_with(layers_bench *b, ht_noise_type noise, ht_error *err)
{
    b->hyper.noise.type = noise;
    b->hyper.number = ++b->hyper.noise.step;
    ht_step_result r = ht_step_run(b->step, b->net, b->x, b->labels, b->batch, &b->hyper, b->pool);
    return r.refused ? ht_error_set(err, HT_FAIL, "bench: a step was refused: %s", r.refused) : HT_OK;
}

static ht_code plain_step(void *context, ht_error *err)
{
    return step_with(context, HT_NOISE_NONE, err);
}

static ht_code noisy_step(void *context, ht_error *err)
{
    return step_with(context, HT_NOISE_IID, err);
}

static ht_code params_of(const struct network *n, ht_params *p, ht_error *err)
{
    ht_params_init(p);
    if (n->preset && ht_preset_load(p, n->preset, err) != HT_OK) return err->code;
    if (n->layers && n->shape.width > 1) ht_params_put(p, HT_P_MODEL_TIED, 1);
    if (n->adam && ht_params_set(p, "train.optimizer", "adam", err) != HT_OK) return err->code;
    if (n->layers && ht_params_set(p, "model.layers", n->layers, err) != HT_OK) return err->code;
    if (n->width > 0) ht_params_put(p, HT_P_MODEL_WIDTH, n->width);
    return HT_OK;
}

/* Numbers of tokens, or values of a normal distribution; and labels. */
static void draw(layers_bench *b, const struct network *n, size_t values)
{
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < values; i++)
        b->x[i] = b->net->positions > 0 ? (float)ht_rng_below(&rng, (uint32_t)n->classes)
                                        : (float)ht_rng_normal(&rng);
    for (int i = 0; i < n->batch * ht_network_targets(b->net); i++)
        b->labels[i] = (int32_t)ht_rng_below(&rng, (uint32_t)n->classes);
}

static ht_code prepare(layers_bench *b, const struct network *n, int threads, ht_error *err)
{
    ht_params p;
    if (params_of(n, &p, err) != HT_OK) return err->code;
    size_t values = (size_t)ht_shape_values(n->shape) * (size_t)n->batch;
    b->batch = n->batch;
    b->pool = ht_pool_new(threads, err);
    b->peak.pool = b->pool;
    b->net = b->pool ? ht_network_of(&p, n->shape, n->classes, err) : NULL;
    b->step = b->net ? ht_step_new(b->net, n->batch, n->adam ? HT_STEP_ARRAYS : 0, threads, err) : NULL;
    b->x = b->step ? ht_alloc(values, sizeof(float), "the bench", err) : NULL;
    b->labels = b->x ? ht_alloc((size_t)n->batch * (size_t)ht_network_targets(b->net), sizeof(int32_t),
                                "the bench", err)
                     : NULL;
    if (!b->labels) return HT_FAIL;
    ht_network_init_as(b->net, HT_INIT_KAIMING, 1, b->pool);
    draw(b, n, values);
    b->hyper = (ht_hyper){.lr = 1e-6,
                          .optimizer = ht_optimizer_of(&p),
                          .train_output = true,
                          .input_bound = 10,
                          .noise_scale = 1e-6,
                          .noise = {.alpha = 1.75, .seed = 1}};
    return HT_OK;
}

static void release(layers_bench *b)
{
    ht_step_free(b->step);
    ht_network_free(b->net);
    ht_pool_free(b->pool);
    ht_free(b->x);
    ht_free(b->labels);
}

/* Multiplications of a sample, in matrices; a tied output reads another layer's. */
static double products_of(const ht_layer *layer)
{
    double weights = 0;
    for (int t = 0; layer->weight >= 0 && (t < layer->tensors || t == 0); t++)
        if (layer->tensor[t].flags & HT_TENSOR_WEIGHT) weights += (double)ht_tensor_size(&layer->tensor[t]);
    return weights * ht_shape_places(layer->out);
}

/* Multiplications and additions of a step, each: forward, and the gradients of inputs and weights; samples
 * that are values need none. */
static double flops_of(const ht_network *net, int batch)
{
    double sum = 0;
    for (int l = 0; l < net->layer_count; l++)
        sum += 2 * products_of(&net->layers[l]) * batch * (net->layers[l].input == HT_NETWORK_INPUT ? 2 : 3);
    return sum;
}

static ht_code bench_network(json_t *rows, const struct network *n, int threads, ht_error *err)
{
    layers_bench b = {0};
    double seconds[RUNS] = {0};
    ht_bench_run *const run[RUNS] = {ht_bench_fused_peak, plain_step, noisy_step};
    void *const context[RUNS] = {&b.peak, &b, &b};
    ht_code code = prepare(&b, n, threads, err);
    if (code == HT_OK)
        code = threads == 1 ? ht_bench_computing_medians(run, context, RUNS, seconds, err)
                            : ht_bench_medians(run, context, RUNS, seconds, err);
    if (code == HT_OK)
        json_array_append_new(rows, json_pack("{s:s, s:i, s:i, s:f, s:f, s:f, s:f}", "preset", n->name,
                                              "batch", n->batch, "threads", threads, "step_ms",
                                              1e3 * seconds[1], "noisy_step_ms", 1e3 * seconds[2], "gflops",
                                              1e-9 * flops_of(b.net, n->batch) / seconds[1],
                                              "fma_peak_gflops", 1e-9 * b.peak.flops / seconds[0]));
    release(&b);
    return code;
}

static ht_code run_layers(json_t *rows, ht_error *err)
{
    ht_code code = HT_OK;
    int most = ht_app_threads();
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        if (code == HT_OK) code = bench_network(rows, &networks[i], 1, err);
        if (code == HT_OK && most > 1) code = bench_network(rows, &networks[i], most, err);
    }
    return code;
}

static void print_layers(const json_t *rows)
{
    printf("layers: network           batch   threads   step ms   with iid noise   GFLOP/s of FMA peak\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        printf("%24s %6.0f %9.0f %9.2f %16.2f %9.0f of %.0f\n", ht_bench_text(row, "preset"),
               ht_bench_number(row, "batch"), ht_bench_number(row, "threads"),
               ht_bench_number(row, "step_ms"), ht_bench_number(row, "noisy_step_ms"),
               ht_bench_number(row, "gflops"), ht_bench_number(row, "fma_peak_gflops"));
    }
}

const ht_bench_part ht_bench_layers = {.name = "layers", .run = run_layers, .print = print_layers};
