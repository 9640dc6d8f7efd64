/* bench_noise.c - ns a draw beside a scalar libm loop; and the law of the tail, counted far out. */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "session/arguments.h"
#include "bench/bench.h"
#include "base/alloc.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/noise.h"
#include "num/rng.h"
#include "nn/shard.h"
#include "stable/stable_tail.h"

enum { ROWS = 2048, COLUMNS = 784, SCALAR_DRAWS = 200000 };
static const double alpha = 1.75;

/* ---- speed ------------------------------------------------------------------------------------- */

typedef struct noise_job {
    ht_noise noise;
    ht_noise_laws laws;
    ht_pool *pool;
    float *w; /* (ROWS × COLUMNS) */
} noise_job;

static void noise_shard(void *context, int shard, int worker)
{
    const noise_job *job = context;
    (void)worker;
    size_t first = (size_t)shard * HT_SHARD;
    ht_noise_add(&job->noise, job->w + first * COLUMNS, first, (size_t)ht_shard_rows(ROWS, shard), COLUMNS,
                 1e-6f);
}

static ht_code draw_noise(void *context, ht_error *err)
{
    noise_job *job = context;
    (void)err;
    job->noise.step++;
    ht_pool_run(job->pool, ht_shards(ROWS), noise_shard, job);
    return HT_OK;
}

/* The textbook loop: double, libm, one draw at a time. The sum keeps the compiler from leaving it out. */
static ht_code draw_scalar(void *context, ht_error *err)
{
    double *sum = context;
    ht_rng rng;
    (void)err;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    for (int i = 0; i < SCALAR_DRAWS; i++) {
        double u = M_PI * (ht_rng_uniform(&rng) - 0.5), e = -log(ht_rng_uniform(&rng));
        *sum += sin(alpha * u) / pow(cos(u), 1 / alpha) * pow(cos((1 - alpha) * u) / e, (1 - alpha) / alpha);
    }
    return HT_OK;
}

static ht_code bench_threads(json_t *rows, int threads, float *w, ht_error *err)
{
    enum { TYPES = 3 };
    double sum = 0, seconds[TYPES + 1];
    noise_job job[TYPES];
    ht_bench_run *run[TYPES + 1] = {draw_scalar, draw_noise, draw_noise, draw_noise};
    void *context[TYPES + 1] = {&sum, &job[0], &job[1], &job[2]};
    ht_pool *pool = ht_pool_new(threads, err);
    if (!pool) return HT_FAIL;
    for (int t = 0; t < TYPES; t++) {
        job[t] =
            (noise_job){.noise = {.type = (ht_noise_type)(HT_NOISE_SHARED + t), .alpha = alpha, .seed = 1},
                        .pool = pool,
                        .w = w};
        ht_noise_prepare(&job[t].noise, &job[t].laws);
    }
    ht_code code = ht_bench_medians(run, context, TYPES + 1, seconds, err);
    ht_pool_free(pool);
    /* A draw of type shared serves a whole row: its cost is given per weight, like the others'. */
    for (int t = 0; t < TYPES && code == HT_OK; t++)
        json_array_append_new(rows,
                              json_pack("{s:s, s:i, s:f, s:f}", "type",
                                        ht_param_choice(HT_P_NOISE_TYPE, HT_NOISE_SHARED + t), "threads",
                                        threads, "ns_per_sample", 1e9 * seconds[t + 1] / ROWS / COLUMNS,
                                        "scalar_ns_per_sample", 1e9 * seconds[0] / SCALAR_DRAWS));
    return code;
}

static ht_code run_noise(json_t *rows, ht_error *err)
{
    int all = ht_app_threads();
    float *w = ht_alloc((size_t)ROWS * COLUMNS, sizeof *w, "the bench", err);
    ht_code code = w ? bench_threads(rows, 1, w, err) : HT_FAIL;
    if (code == HT_OK) code = bench_threads(rows, 2, w, err);
    if (code == HT_OK && all > 2) code = bench_threads(rows, all, w, err);
    ht_free(w);
    return code;
}

static void print_noise(const json_t *rows)
{
    printf("noise, α = %.3g   threads   ns/draw   scalar libm loop   ratio\n", alpha);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        double ns = ht_bench_number(row, "ns_per_sample"),
               scalar = ht_bench_number(row, "scalar_ns_per_sample");
        printf("%-15s %8.0f %9.2f %18.1f %7.1f\n", ht_bench_text(row, "type"),
               ht_bench_number(row, "threads"), ns, scalar, scalar / ns);
    }
}

const ht_bench_part ht_bench_noise = {.name = "noise", .run = run_noise, .print = print_noise};

/* ---- the tail ---------------------------------------------------------------------------------- */

enum {
    LEVELS = 6,
    FIRST_LEVEL = 3,
    TASKS = 4096,
    TASK_ROWS = 256,
    ROW = 4096
}; /* 2^12 · 2^8 · 2^12 = 2^32 draws */

typedef struct tail_job {
    ht_noise noise;
    ht_noise_laws laws;
    double threshold[LEVELS];
    atomic_long beyond[LEVELS];
} tail_job;

static void count_tail(void *context, int task, int worker)
{
    tail_job *job = context;
    float x[ROW];
    long beyond[LEVELS] = {0};
    float first = (float)job->threshold[0];
    ht_noise noise = job->noise;
    noise.step = (uint64_t)task;
    (void)worker;
    for (int row = 0; row < TASK_ROWS; row++) {
        for (int i = 0; i < ROW; i++) x[i] = 0;
        ht_noise_add(&noise, x, (size_t)row, 1, ROW, 1);
        for (int i = 0; i < ROW; i++)
            if (fabsf(x[i]) > first)
                for (int l = 0; l < LEVELS && fabs((double)x[i]) > job->threshold[l]; l++) beyond[l]++;
    }
    for (int l = 0; l < LEVELS; l++) atomic_fetch_add(&job->beyond[l], beyond[l]);
}

static ht_code run_tail(json_t *rows, ht_error *err)
{
    static const double alphas[] = {1.5, 1.75, 1.9};
    const double draws = (double)TASKS * TASK_ROWS * ROW;
    ht_pool *pool = ht_pool_new(ht_app_threads(), err);
    if (!pool) return HT_FAIL;
    for (size_t k = 0; k < sizeof alphas / sizeof alphas[0]; k++) {
        tail_job job = {.noise = {.type = HT_NOISE_IID, .alpha = alphas[k], .seed = 20 + k}};
        ht_noise_prepare(&job.noise, &job.laws);
        for (int l = 0; l < LEVELS; l++)
            job.threshold[l] = ht_stable_tail_quantile(alphas[k], pow(10, -FIRST_LEVEL - l));
        ht_pool_run(pool, TASKS, count_tail, &job);
        for (int l = 0; l < LEVELS; l++) {
            double expected = draws * pow(10, -FIRST_LEVEL - l), count = (double)atomic_load(&job.beyond[l]);
            json_array_append_new(rows,
                                  json_pack("{s:f, s:f, s:f, s:f, s:f}", "alpha", alphas[k], "probability",
                                            pow(10, -FIRST_LEVEL - l), "count", count, "expected", expected,
                                            "sigmas", (count - expected) / sqrt(expected)));
        }
    }
    ht_pool_free(pool);
    return HT_OK;
}

static void print_tail(const json_t *rows)
{
    printf("tail counts of 2^32 iid draws: P(|X| > x)   counted   expected   deviation in σ\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        printf("  α = %-6.3g %31.0e %9.0f %10.0f %16.2f\n", ht_bench_number(row, "alpha"),
               ht_bench_number(row, "probability"), ht_bench_number(row, "count"),
               ht_bench_number(row, "expected"), ht_bench_number(row, "sigmas"));
    }
}

const ht_bench_part ht_bench_law = {.name = "law", .run = run_tail, .print = print_tail};
