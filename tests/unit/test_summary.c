/* Means, quartiles, and the pure-noise limit of the pruning ratio. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "golden.h"
#include "nn/noise.h"
#include "nn/row_noise.h"
#include "num/select.h"
#include "num/summary.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW 1
#endif
#endif
#ifndef SLOW
#define SLOW 0
#endif

static void near(double got, double wanted, double tolerance, int line)
{
    if (!(fabs(got - wanted) <= tolerance)) fail_msg("line %d: %.12g is not %.12g", line, got, wanted);
}
#define assert_near(got, wanted, tolerance) near(got, wanted, tolerance, __LINE__)

/* ---- summaries --------------------------------------------------------------------------------- */

static void mean_and_quartiles_of_known_values(void **state)
{
    (void)state;
    double values[] = {7, 1, 3, 2, 10}; /* sorted 1 2 3 7 10 */
    ht_summary s = ht_summarize(values, 5);
    assert_int_equal(s.count, 5);
    assert_near(s.mean, 4.6, 1e-12);
    assert_near(s.sd, sqrt((6.76 + 12.96 + 2.56 + 5.76 + 29.16) / 4), 1e-12);
    assert_near(s.low, 2, 0);
    assert_near(s.median, 3, 0);
    assert_near(s.high, 7, 0);
    double even[] = {4, 1, 3, 2};
    s = ht_summarize(even, 4);
    assert_near(s.low, 1.75, 1e-12);
    assert_near(s.median, 2.5, 1e-12);
    assert_near(s.high, 3.25, 1e-12);
}

static void values_that_are_not_finite_are_left_out(void **state)
{
    (void)state;
    double values[] = {(double)NAN, 2, (double)INFINITY, 4, -(double)INFINITY};
    ht_summary s = ht_summarize(values, 5);
    assert_int_equal(s.count, 2);
    assert_near(s.mean, 3, 0);
    assert_near(s.median, 3, 0);
    double one[] = {0.5}, none[] = {(double)NAN};
    s = ht_summarize(one, 1);
    assert_near(s.median, 0.5, 0);
    assert_near(s.high, 0.5, 0);
    assert_true(isnan(s.sd));
    s = ht_summarize(none, 1);
    assert_int_equal(s.count, 0);
    assert_true(isnan(s.mean) && isnan(s.sd) && isnan(s.low) && isnan(s.median) && isnan(s.high));
}

static void quantiles_reach_both_ends(void **state)
{
    (void)state;
    double sorted[] = {1, 2, 4};
    assert_near(ht_quantile(sorted, 3, 0), 1, 0);
    assert_near(ht_quantile(sorted, 3, 1), 4, 0);
    assert_near(ht_quantile(sorted, 3, 0.75), 3, 1e-12);
    assert_true(isnan(ht_quantile(sorted, 0, 0.5)));
}

/* ---- pure noise -------------------------------------------------------------------------------- */

/* The slow, obvious twin: the whole matrix, sums of squares, remove while the rest allows it. */
static double twin_ratio(const ht_row_noise *limit, int number)
{
    int n = limit->width, d = limit->inputs, removed = 0;
    float *w = calloc((size_t)n * (size_t)d, sizeof *w);
    double *norms2 = calloc((size_t)n, sizeof *norms2), total = 0, sum = 0;
    assert_true(w && norms2);
    ht_noise_laws laws = {0};
    ht_noise noise = {.type = limit->type, .alpha = limit->alpha, .seed = limit->seed};
    noise.step = (uint64_t)number;
    ht_noise_prepare(&noise, &laws);
    ht_noise_add(&noise, w, 0, (size_t)n, (size_t)d, 1);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < d; j++) norms2[i] += (double)w[i * d + j] * (double)w[i * d + j];
        total += norms2[i];
    }
    qsort(norms2, (size_t)n, sizeof *norms2, ht_by_double);
    while (removed < n && sum + norms2[removed] <= limit->error * total) sum += norms2[removed++];
    free(w);
    free(norms2);
    return (double)removed / n;
}

static void ratios_agree_with_the_twin_for_any_threads(void **state)
{
    static const ht_noise_type types[] = {HT_NOISE_SHARED, HT_NOISE_IID, HT_NOISE_ISOTROPIC};
    enum { COUNT = 9 };
    double alone[COUNT], many[COUNT];
    ht_error err;
    (void)state;
    ht_pool *pool = ht_pool_new(3, &err);
    assert_non_null(pool);
    for (int t = 0; t < 3; t++) {
        ht_row_noise limit = {types[t], 1.6, 17, 333, ht_pure_noise, NULL, HT_FRO_SQUARED, 0.1, 5};
        assert_int_equal(ht_row_noise_ratios(&limit, COUNT, alone, NULL, &err), HT_OK);
        assert_int_equal(ht_row_noise_ratios(&limit, COUNT, many, pool, &err), HT_OK);
        assert_memory_equal(alone, many, sizeof alone);
        for (int i = 0; i < COUNT; i++) assert_near(alone[i], twin_ratio(&limit, i), 1.01 / 333);
    }
    ht_pool_free(pool);
}

static void the_plain_metric_is_the_square_root(void **state)
{
    double squared[5], plain[5];
    ht_error err;
    (void)state;
    ht_row_noise limit = {HT_NOISE_IID, 1.7, 20, 200, ht_pure_noise, NULL, HT_FRO_SQUARED, 0.09, 1};
    assert_int_equal(ht_row_noise_ratios(&limit, 5, squared, NULL, &err), HT_OK);
    limit.metric = HT_FRO;
    limit.error = 0.3;
    assert_int_equal(ht_row_noise_ratios(&limit, 5, plain, NULL, &err), HT_OK);
    for (int i = 0; i < 5; i++) assert_near(squared[i], plain[i], 1.01 / 200);
}

typedef struct comparison {
    ht_pool *pool;
    int rows;
    double worst, sum2;
} comparison;

/* type,d,alpha,n,replicates,q05,q25,median,q75,q95 */
static void compare_with_golden(void *context, int fields, char **field)
{
    comparison *c = context;
    double ratios[400], n = atof(field[3]), q25 = atof(field[6]), q75 = atof(field[8]);
    ht_error err;
    assert_int_equal(fields, 10);
    if (n * atof(field[1]) > (SLOW ? 1e5 : 1.5e6)) return;
    ht_row_noise limit = {strcmp(field[0], "shared") == 0 ? HT_NOISE_SHARED : HT_NOISE_ISOTROPIC,
                          atof(field[2]),
                          atoi(field[1]),
                          (int)n,
                          ht_pure_noise,
                          NULL,
                          HT_FRO_SQUARED,
                          0.1,
                          7};
    int count = ht_row_noise_count(&limit, SLOW ? 0.05 : 0.2);
    assert_int_equal(ht_row_noise_ratios(&limit, count, ratios, c->pool, &err), HT_OK);
    ht_summary s = ht_summarize(ratios, (size_t)count);
    /* Standard error of a median; both are random, and κ is a multiple of 1/n. */
    double unit = 1.25 * (q75 - q25) / 1.35, error = unit * sqrt(1.0 / count + 1 / atof(field[4])) + 0.5 / n;
    double z = (s.median - atof(field[7])) / error;
    if (fabs(z) > fabs(c->worst)) c->worst = z;
    if (fabs(z) > 4.5)
        fail_msg("%s d=%s α=%s n=%s: median %.4f of %d, golden %s", field[0], field[1], field[2], field[3],
                 s.median, count, field[7]);
    c->sum2 += z * z;
    c->rows++;
}

static void medians_agree_with_the_golden_table(void **state)
{
    ht_error err;
    (void)state;
    comparison c = {.pool = ht_pool_new(ht_pool_cores(), &err)};
    assert_non_null(c.pool);
    golden_csv("pure_noise_limit.csv", compare_with_golden, &c);
    ht_pool_free(c.pool);
    printf("pure noise: %d rows, worst %.2f standard errors, mean square %.2f\n", c.rows, c.worst,
           c.sum2 / c.rows);
    assert_true(c.rows >= (SLOW ? 30 : 80));
    assert_true(c.sum2 / c.rows < 1.6);
}

static void the_limit_rises_with_width_below_two(void **state)
{
    double ratios[100], before = 0;
    ht_error err;
    (void)state;
    for (int n = 100; n <= 10000; n *= 10) {
        ht_row_noise limit = {HT_NOISE_IID, 1.5, 20, n, ht_pure_noise, NULL, HT_FRO_SQUARED, 0.1, 3};
        assert_int_equal(ht_row_noise_ratios(&limit, 100, ratios, NULL, &err), HT_OK);
        double median = ht_summarize(ratios, 100).median;
        assert_true(median > before + 0.02);
        before = median;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_quartiles_of_known_values),
        cmocka_unit_test(values_that_are_not_finite_are_left_out),
        cmocka_unit_test(quantiles_reach_both_ends),
        cmocka_unit_test(ratios_agree_with_the_twin_for_any_threads),
        cmocka_unit_test(the_plain_metric_is_the_square_root),
        cmocka_unit_test(medians_agree_with_the_golden_table),
        cmocka_unit_test(the_limit_rises_with_width_below_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
