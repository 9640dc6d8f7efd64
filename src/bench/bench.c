#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "num/select.h"

enum { RUNS = 8, PEAK_ROUNDS = 200000 };

static ht_code medians(ht_bench_run *const run[], void *const context[], int count, double (*clock)(void),
                       double seconds[], ht_error *err)
{
    double times[RUNS][HT_BENCH_ROUNDS];
    for (int round = -1; round < HT_BENCH_ROUNDS; round++)
        for (int i = 0; i < count; i++) {
            double start = clock();
            if (run[i](context[i], err) != HT_OK) return err->code;
            if (round >= 0) times[i][round] = clock() - start;
        }
    for (int i = 0; i < count; i++) seconds[i] = ht_bench_median(times[i], HT_BENCH_ROUNDS);
    return HT_OK;
}

ht_code ht_bench_medians(ht_bench_run *const run[], void *const context[], int count, double seconds[],
                         ht_error *err)
{
    return medians(run, context, count, ht_now, seconds, err);
}

ht_code ht_bench_computing_medians(ht_bench_run *const run[], void *const context[], int count,
                                   double seconds[], ht_error *err)
{
    return medians(run, context, count, ht_thread_now, seconds, err);
}

static void peak_task(void *context, int task, int worker)
{
    ht_bench_peak *peak = context;
    float sink;
    double flops = ht_kernel()->fused_peak(PEAK_ROUNDS, &sink);
    (void)worker;
    if (task == 0) peak->flops = flops * ht_pool_threads(peak->pool);
}

ht_code ht_bench_fused_peak(void *context, ht_error *err)
{
    ht_bench_peak *peak = context;
    (void)err;
    ht_pool_run(peak->pool, ht_pool_threads(peak->pool), peak_task, peak);
    return HT_OK;
}

double ht_bench_median(double values[], int count)
{
    if (count <= 0) return 0;
    qsort(values, (size_t)count, sizeof values[0], ht_by_double);
    return values[count / 2];
}

/* How many of `count` values may lie below the interval: with the probability of fewer heads than that in so
 * many throws the true median does, at most 0.025. */
static int beyond(int count)
{
    double chance = pow(0.5, count), sum = chance;
    int k = 0;
    while (sum <= 0.025) {
        chance *= (double)(count - k) / (k + 1);
        sum += chance;
        k++;
    }
    return k > 0 ? k - 1 : 0;
}

void ht_bench_put_spread(json_t *row, const char *key, double values[], int count)
{
    char name[60];
    double median = ht_bench_median(values, count);
    int k = beyond(count);
    json_object_set_new(row, key, json_real(median));
    snprintf(name, sizeof name, "%s_low", key);
    json_object_set_new(row, name, json_real(values[k]));
    snprintf(name, sizeof name, "%s_high", key);
    json_object_set_new(row, name, json_real(values[count - 1 - k]));
}

void ht_bench_add_ratio(ht_bench_ratios *r, double before, double with, double after)
{
    static const double steady = 0.1;
    double without = (before + after) / 2;
    if (r->turns == HT_BENCH_TURNS) return;
    r->all[r->turns++] = with / without;
    if (fabs(after - before) <= steady * without) r->of_steady[r->steady++] = with / without;
}

void ht_bench_put_ratios(json_t *row, const char *key, ht_bench_ratios *r)
{
    enum { LEAST = 3 };
    char name[60];
    bool steady = r->steady >= LEAST;
    ht_bench_put_spread(row, key, steady ? r->of_steady : r->all, steady ? r->steady : r->turns);
    snprintf(name, sizeof name, "%s_turns", key);
    json_object_set_new(row, name, json_integer(steady ? r->steady : r->turns));
}

void ht_bench_spread_text(char *to, size_t size, const json_t *row, const char *key)
{
    char low[60], high[60];
    snprintf(low, sizeof low, "%s_low", key);
    snprintf(high, sizeof high, "%s_high", key);
    snprintf(to, size, "%.3f", ht_bench_number(row, key));
    if (json_object_get(row, low))
        snprintf(to, size, "%.3f (%.3f to %.3f)", ht_bench_number(row, key), ht_bench_number(row, low),
                 ht_bench_number(row, high));
}

double ht_bench_number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

const char *ht_bench_text(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}
