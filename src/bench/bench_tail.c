/* bench_tail.c - what an estimate of the tail index costs, in time that one thread computes; those that share
 * their passes in one row. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "base/alloc.h"
#include "nn/noise.h"
#include "tail/estimate/spectrum.h"
#include "tail/estimate/tail_order.h"
#include "tail/tail_estimate.h"
#include "tail/tail_work.h"

enum { COLUMNS = 784 };

typedef struct tail_bench {
    ht_values w;
    ht_tail_sample sample; /* of w */
    double *eigenvalue;    /* (COLUMNS) */
    ht_estimate estimates[HT_ESTIMATORS];
} tail_bench;

static const ht_tail_options by_itself; /* k and m */

/* As a fit begins. */
static void begin(tail_bench *b)
{
    for (int e = 0; e < HT_ESTIMATORS; e++) b->estimates[e] = ht_estimate_none((ht_estimator)e);
}

static ht_code mmo(void *context, ht_error *err)
{
    tail_bench *b = context;
    begin(b);
    return ht_blocks_mmo(&(ht_tail_work){.options = &by_itself, .sample = &b->sample}, b->estimates, err);
}

static ht_code mmo_multi(void *context, ht_error *err)
{
    tail_bench *b = context;
    return ht_blocks_mmo_multi(&(ht_tail_work){.options = &by_itself, .sample = &b->sample}, b->estimates,
                               err);
}

static ht_code order(void *context, ht_error *err)
{
    tail_bench *b = context;
    ht_top top;
    ht_hill_plot plot;
    if (ht_top_take(&top, &b->sample, 0, err) != HT_OK) return err->code;
    ht_hill_plot_make(&plot, &top);
    ht_tail_work work = {.top = &top, .k = plot.high ? plot.high : top.kept / 2, .plateau = true};
    ht_code code = ht_order_estimates(&work, b->estimates, err);
    ht_top_free(&top);
    return code;
}

static ht_code paulauskas(void *context, ht_error *err)
{
    tail_bench *b = context;
    return ht_blocks_paulauskas(&(ht_tail_work){.options = &by_itself, .sample = &b->sample}, b->estimates,
                                err);
}

static ht_code stable(void *context, ht_error *err)
{
    tail_bench *b = context;
    begin(b);
    return ht_stable_estimates(&(ht_tail_work){.sample = &b->sample}, b->estimates, err);
}

static ht_code spectrum(void *context, ht_error *err)
{
    tail_bench *b = context;
    if (ht_spectrum_eigenvalues(&b->w, b->eigenvalue, err) != HT_OK) return err->code;
    ht_spectrum_powerlaw(b->eigenvalue, COLUMNS, false, &b->estimates[HT_POWERLAW]);
    return HT_OK;
}

/* What is watched while a network trains: mmo and the order statistics of values less the medians of their
 * columns, with goodness of fit. */
static ht_code watched(void *context, ht_error *err)
{
    tail_bench *b = context;
    return ht_tail_quick(&b->w, b->estimates, err);
}

/* Every estimator of values and of rows, with their goodness of fit; all but the spectrum. */
static ht_code everything(void *context, ht_error *err)
{
    tail_bench *b = context;
    ht_estimate rows;
    if (ht_tail_fit(&b->w, &(ht_tail_options){0}, b->estimates, err) != HT_OK) return err->code;
    return ht_tail_fit_rows(&b->w, &(ht_tail_options){0}, &rows, err);
}

/* Beside each other. */
static const char *const names[] = {
    "mmo",           "mmo-multi", "hill pickands dehaan dekkers", "paulauskas",
    "mcculloch ecf", "powerlaw",  "a look while training",        "all but powerlaw",
};
static ht_bench_run *const runs[] = {mmo,    mmo_multi, order,   paulauskas,
                                     stable, spectrum,  watched, everything};

enum { RUNS = sizeof runs / sizeof runs[0] };

static ht_code bench_size(json_t *rows, size_t neurons, ht_error *err)
{
    tail_bench b = {.w = {.rows = neurons, .columns = COLUMNS}};
    void *context[RUNS];
    double seconds[RUNS];
    float *w = ht_alloc(neurons, COLUMNS * sizeof *w, "the weights", err);
    b.w.f32 = w;
    b.eigenvalue = ht_alloc(COLUMNS, sizeof *b.eigenvalue, "the spectrum", err);
    ht_noise_laws *laws = ht_alloc(1, sizeof *laws, "the noise", err);
    bool ready = w && b.eigenvalue && laws;
    ht_code code = HT_FAIL;
    if (ready) {
        ht_noise noise = {.type = HT_NOISE_IID, .alpha = 1.75, .seed = 1};
        ht_noise_prepare(&noise, laws);
        ht_noise_add(&noise, w, 0, neurons, COLUMNS, 1);
        for (int i = 0; i < RUNS; i++) context[i] = &b;
        code = ht_tail_sample_take(&b.sample, &b.w, err);
        if (code == HT_OK) code = ht_bench_computing_medians(runs, context, RUNS, seconds, err);
    }
    double values = (double)ht_values_count(&b.w);
    for (int i = 0; i < RUNS && code == HT_OK; i++)
        json_array_append_new(rows, json_pack("{s:s, s:I, s:f, s:f}", "estimator", names[i], "values",
                                              (json_int_t)ht_values_count(&b.w), "ms", 1e3 * seconds[i],
                                              "ns_per_value", 1e9 * seconds[i] / values));
    ht_free(laws);
    ht_free(w);
    ht_free(b.eigenvalue);
    return code;
}

static ht_code run_tail(json_t *rows, ht_error *err)
{
    if (bench_size(rows, 1276, err) != HT_OK) return err->code; /* 1 M */
    return bench_size(rows, 10000, err);
}

static void print_tail(const json_t *rows)
{
    printf("tail index of n × %d weights, one thread             values         ms   ns/value\n", COLUMNS);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        printf("  %-45s %11.0f %10.1f %10.2f\n", ht_bench_text(row, "estimator"),
               ht_bench_number(row, "values"), ht_bench_number(row, "ms"),
               ht_bench_number(row, "ns_per_value"));
    }
}

const ht_bench_part ht_bench_tail = {.name = "tail", .run = run_tail, .print = print_tail};
