/* cmd_bench.c - speed in ratios of one run: the noise beside a scalar libm loop, a training step beside its
 * two large products. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "base/alloc.h"
#include "base/pool.h"
#include "math/linalg.h"
#include "math/noise.h"
#include "math/rng.h"
#include "math/shard.h"
#include "math/step.h"

enum { INPUTS = 784, BATCH = 100, CLASSES = 10, ROUNDS = 7, SCALAR_DRAWS = 400000 };
static const double alpha = 1.75;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef ht_code timed(void *context, ht_error *err);

/* Median time of one call, after one that warms up. */
static ht_code median_time(timed *run, void *context, double *seconds, ht_error *err)
{
    double times[ROUNDS];
    if (run(context, err) != HT_OK) return err->code;
    for (int i = 0; i < ROUNDS; i++) {
        double start = now();
        if (run(context, err) != HT_OK) return err->code;
        times[i] = now() - start;
    }
    qsort(times, ROUNDS, sizeof times[0], by_value);
    *seconds = times[ROUNDS / 2];
    return HT_OK;
}

/* ---- noise
 * ------------------------------------------------------------------------------------------------------------------
 */

typedef struct noise_bench {
    ht_noise noise;
    ht_pool *pool;
    float *w; /* (rows × INPUTS) */
    int rows;
} noise_bench;

static void noise_shard(void *context, int shard, int worker)
{
    const noise_bench *b = context;
    (void)worker;
    size_t first = (size_t)shard * HT_SHARD;
    ht_noise_add(&b->noise, b->w + first * INPUTS, first, (size_t)ht_shard_rows(b->rows, shard), INPUTS,
                 1e-6f);
}

static ht_code draw_noise(void *context, ht_error *err)
{
    noise_bench *b = context;
    (void)err;
    b->noise.step++;
    ht_pool_run(b->pool, ht_shards(b->rows), noise_shard, b);
    return HT_OK;
}

/* The textbook loop: double, libm, one draw at a time. */
static ht_code draw_scalar(void *context, ht_error *err)
{
    double *sum = context;
    (void)err;
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    for (int i = 0; i < SCALAR_DRAWS; i++) {
        double u = M_PI * (ht_rng_uniform(&rng) - 0.5), e = -log(ht_rng_uniform(&rng));
        *sum += sin(alpha * u) / pow(cos(u), 1 / alpha) * pow(cos((1 - alpha) * u) / e, (1 - alpha) / alpha);
    }
    return HT_OK;
}

static ht_code bench_noise(json_t *rows, ht_error *err)
{
    enum { ROWS = 2048 };
    double scalar = 0, sum = 0, seconds = 0;
    int all = ht_app_threads();
    const int threads[] = {1, 2, all};
    if (median_time(draw_scalar, &sum, &scalar, err) != HT_OK) return err->code;
    noise_bench b = {.rows = ROWS, .w = ht_alloc((size_t)ROWS * INPUTS, sizeof(float), "the bench", err)};
    ht_code code = b.w ? HT_OK : err->code;
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC && code == HT_OK; type++)
        for (int t = 0; t < (all > 2 ? 3 : 2) && code == HT_OK; t++) {
            b.noise = (ht_noise){.type = (ht_noise_type)type, .alpha = alpha, .seed = 1};
            b.pool = ht_pool_new(threads[t], err);
            code = b.pool ? median_time(draw_noise, &b, &seconds, err) : err->code;
            ht_pool_free(b.pool);
            /* A draw of type shared serves a whole row: its cost is given per weight, like the others'. */
            if (code == HT_OK)
                json_array_append_new(
                    rows, json_pack("{s:s, s:i, s:f, s:f}", "type", ht_param_choice(HT_P_NOISE_TYPE, type),
                                    "threads", threads[t], "ns_per_sample", 1e9 * seconds / ROWS / INPUTS,
                                    "scalar_ns_per_sample", 1e9 * scalar / SCALAR_DRAWS));
        }
    ht_free(b.w);
    return isfinite(sum) ? code : ht_error_set(err, HT_FAIL, "the scalar loop drew no finite sum");
}

/* ---- step
 * -------------------------------------------------------------------------------------------------------------------
 */

typedef struct step_bench {
    ht_network *net;
    ht_step *step;
    ht_pool *pool;
    float *x, *h; /* (BATCH × INPUTS), (BATCH × width) */
    int32_t labels[BATCH];
    ht_hyper hyper;
} step_bench;

static ht_code one_step(void *context, ht_error *err)
{
    step_bench *b = context;
    b->hyper.noise.step++;
    ht_step_result r = ht_step_run(b->step, b->net, b->x, b->labels, BATCH, &b->hyper, b->pool);
    return r.refused ? ht_error_set(err, HT_FAIL, "the bench's network diverged") : HT_OK;
}

/* The two products that make a step: X·W1^T, and the gradient D^T·X folded into W1. */
static void gemm_shard(void *context, int shard, int worker)
{
    const step_bench *b = context;
    (void)worker;
    int width = b->net->layers[0].rows, m = ht_shard_rows(width, shard), first = shard * HT_SHARD;
    float *w = b->net->layers[0].weight + (size_t)first * INPUTS;
    ht_gemm_nt(BATCH, m, INPUTS, 1.0f, b->x, INPUTS, w, INPUTS, 0.0f, b->h + first, width);
    ht_gemm_tn(m, INPUTS, BATCH, -1e-9f, b->h + first, width, b->x, INPUTS, 1.0f, w, INPUTS);
}

static ht_code two_products(void *context, ht_error *err)
{
    step_bench *b = context;
    (void)err;
    ht_pool_run(b->pool, ht_shards(b->net->layers[0].rows), gemm_shard, b);
    return HT_OK;
}

static ht_code prepare_step(step_bench *b, int width, ht_error *err)
{
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    b->net = ht_network_new(INPUTS, width, 1, CLASSES, HT_RELU, false, err);
    b->pool = b->net ? ht_pool_new(ht_app_threads(), err) : NULL;
    b->step = b->pool ? ht_step_new(b->net, BATCH, false, err) : NULL;
    b->x = b->step ? ht_alloc((size_t)BATCH * INPUTS, sizeof(float), "the bench", err) : NULL;
    b->h = b->x ? ht_alloc((size_t)BATCH * (size_t)width, sizeof(float), "the bench", err) : NULL;
    if (!b->h) return err->code;
    ht_network_init(b->net, 1, b->pool);
    for (int i = 0; i < BATCH * INPUTS; i++) b->x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < BATCH; i++) b->labels[i] = (int32_t)ht_rng_below(&rng, CLASSES);
    b->hyper = (ht_hyper){.lr = 1e-5,
                          .train_output = true,
                          .input_bound = 10,
                          .noise_scale = 1e-3,
                          .noise = {.alpha = alpha, .seed = 1}};
    return HT_OK;
}

static ht_code bench_width(json_t *rows, int width, ht_error *err)
{
    step_bench b = {0};
    double products = 0, seconds;
    ht_code code = prepare_step(&b, width, err);
    if (code == HT_OK) code = median_time(two_products, &b, &products, err);
    for (int type = HT_NOISE_NONE; type <= HT_NOISE_ISOTROPIC && code == HT_OK; type++) {
        b.hyper.noise.type = (ht_noise_type)type;
        code = median_time(one_step, &b, &seconds, err);
        if (code == HT_OK)
            json_array_append_new(rows, json_pack("{s:i, s:i, s:i, s:s, s:i, s:f, s:f}", "width", width,
                                                  "inputs", INPUTS, "batch", BATCH, "noise",
                                                  ht_param_choice(HT_P_NOISE_TYPE, type), "threads",
                                                  ht_pool_threads(b.pool), "step_ms", 1e3 * seconds,
                                                  "gemm_ms", 1e3 * products));
    }
    ht_network_free(b.net);
    ht_step_free(b.step);
    ht_pool_free(b.pool);
    ht_free(b.x);
    ht_free(b.h);
    return code;
}

static ht_code bench_step(json_t *rows, ht_error *err)
{
    static const int widths[] = {1000, 10000, 100000};
    ht_code code = HT_OK;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0] && code == HT_OK; i++)
        code = bench_width(rows, widths[i], err);
    return code;
}

/* ---- the command
 * -------------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    ht_code (*run)(json_t *rows, ht_error *err);
} parts[] = {{"noise", bench_noise}, {"step", bench_step}};

static double number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

static void print_noise(const json_t *rows)
{
    printf("noise        threads   ns/sample   scalar libm loop   ratio\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        double ns = number(row, "ns_per_sample"), scalar = number(row, "scalar_ns_per_sample");
        printf("%-12s %7.0f   %9.2f   %16.1f   %5.1f\n", json_string_value(json_object_get(row, "type")),
               number(row, "threads"), ns, scalar, scalar / ns);
    }
}

static void print_step(const json_t *rows)
{
    printf("step: width   noise       step ms   two products ms   ratio\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        double step = number(row, "step_ms"), products = number(row, "gemm_ms");
        printf("%11.0f   %-9s %9.2f   %15.2f   %5.2f\n", number(row, "width"),
               json_string_value(json_object_get(row, "noise")), step, products, step / products);
    }
}

static void print_table(const json_t *root)
{
    const json_t *noise = json_object_get(root, "noise"), *step = json_object_get(root, "step");
    if (noise) print_noise(noise);
    if (noise && step) putchar('\n');
    if (step) print_step(step);
    printf("\n%s, core %s, %d threads; inputs %d, batch %d, alpha %g; medians of %d\n", ht_linalg_library(),
           ht_linalg_core(), ht_app_threads(), INPUTS, BATCH, alpha, ROUNDS);
}

static ht_code run_parts(const char *wanted, json_t *root, ht_error *err)
{
    size_t count = sizeof parts / sizeof parts[0], found = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(wanted, "all") != 0 && strcmp(wanted, parts[i].name) != 0) continue;
        json_t *rows = json_array();
        json_object_set_new(root, parts[i].name, rows);
        if (parts[i].run(rows, err) != HT_OK) return err->code;
        found++;
    }
    return found ? HT_OK
                 : ht_error_set(err, HT_USAGE, "bench: no part '%.40s'; one of noise, step, all", wanted);
}

int ht_cmd_bench(int argc, char **argv)
{
    bool json = false;
    const ht_option options[] = {{"--json", NULL, &json}, {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    ht_error err;
    json_t *root = json_object();
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK) code = run_parts(args.word_count ? args.words[0] : "all", root, &err);
    if (code == HT_OK && json) {
        json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else if (code == HT_OK) {
        print_table(root);
    }
    json_decref(root);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
