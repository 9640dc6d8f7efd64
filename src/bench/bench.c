#include "bench/bench.h"

#include <stdlib.h>

#include "base/clock.h"
#include "num/select.h"

enum { RUNS = 8 };

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

double ht_bench_median(double values[], int count)
{
    if (count <= 0) return 0;
    qsort(values, (size_t)count, sizeof values[0], ht_by_double);
    return values[count / 2];
}

double ht_bench_number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

const char *ht_bench_text(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}
