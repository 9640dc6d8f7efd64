/* test_tail_cover.c - do the 95 % intervals hold the true index as often as they say? On simulated samples;
 * few here, 500 with HEAVYTAIL_SLOW set. And what is said of samples without a heavy tail. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heavytail/tail.h"
#include "nn/noise.h"
#include "num/rng.h"
#include "unit/golden.h"

enum { VALUES = 10000, ROWS = 1000, COLUMNS = 100 };

static const double alphas[] = {1.2, 1.5, 1.75, 1.9};

static int samples(void)
{
    return getenv("HEAVYTAIL_SLOW") ? 500 : 40;
}

typedef struct tally {
    int held, good;
    double value, square, error;
} tally;

static void count(tally *t, const ht_estimate *e, double alpha)
{
    t->held += e->low <= alpha && alpha <= e->high;
    t->good += e->quality == HT_QUALITY_GOOD;
    t->value += e->value - alpha;
    t->square += (e->value - alpha) * (e->value - alpha);
    t->error += e->std_error;
}

/* 90 to 99 % of many samples. Of n, a number a correct interval leaves once in 10 000 times: 5 % ± 3.7
 * deviations. */
static void check_tally(const tally *t, const char *name, double alpha, int n)
{
    double share = (double)t->held / n, spread = 3.7 * sqrt(0.05 * 0.95 / n);
    printf(
        "  α = %-5g %-10s held %5.1f %% of %d   bias %+.4f   deviation %.4f   stated %.4f   good %.0f %%\n",
        alpha, name, 100 * share, n, t->value / n, sqrt(t->square / n), t->error / n, 100.0 * t->good / n);
    double low = n >= 500 ? 0.90 : 0.95 - spread, high = n >= 500 ? 0.99 : 1;
    if (share < low || share > high) fail_msg("%s at α = %g: %.3f of the intervals", name, alpha, share);
}

static void intervals_of_values_hold_the_truth(void **state)
{
    (void)state;
    static const ht_estimator tested[] = {HT_MMO, HT_MCCULLOCH, HT_ECF};
    static float x[VALUES];
    static ht_noise_laws laws;
    ht_estimate all[HT_ESTIMATORS];
    ht_error err;
    int n = samples();
    for (int a = 0; a < 4; a++) {
        tally t[3] = {0};
        for (int s = 0; s < n; s++) {
            ht_noise noise = {.type = HT_NOISE_IID, .alpha = alphas[a], .seed = 77, .step = (uint64_t)s};
            ht_noise_prepare(&noise, &laws);
            memset(x, 0, sizeof x);
            ht_noise_add(&noise, x, 0, 1, VALUES, 0.3f);
            ht_values v = {.f32 = x, .rows = VALUES, .columns = 1};
            assert_int_equal(ht_tail_fit(&v, &(ht_tail_options){0}, all, &err), HT_OK);
            for (int e = 0; e < 3; e++) count(&t[e], &all[tested[e]], alphas[a]);
        }
        for (int e = 0; e < 3; e++) check_tally(&t[e], ht_estimator_at(tested[e])->name, alphas[a], n);
    }
}

static void intervals_of_rows_hold_the_truth(void **state)
{
    (void)state;
    static float x[ROWS * COLUMNS];
    static ht_noise_laws laws;
    ht_estimate e;
    ht_error err;
    int n = samples();
    for (int a = 0; a < 4; a++) {
        tally t = {0};
        for (int s = 0; s < n; s++) {
            ht_noise noise = {
                .type = HT_NOISE_ISOTROPIC, .alpha = alphas[a], .seed = 78, .step = (uint64_t)s};
            ht_noise_prepare(&noise, &laws);
            memset(x, 0, sizeof x);
            ht_noise_add(&noise, x, 0, ROWS, COLUMNS, 1);
            ht_values v = {.f32 = x, .rows = ROWS, .columns = COLUMNS};
            assert_int_equal(ht_tail_fit_rows(&v, &(ht_tail_options){0}, &e, &err), HT_OK);
            count(&t, &e, alphas[a]);
        }
        check_tally(&t, "mmo-multi", alphas[a], n);
    }
}

/* ---- refusals ---- */

static double gaussian(ht_rng *rng)
{
    return ht_rng_normal(rng);
}

static double uniform(ht_rng *rng)
{
    return 2 * ht_rng_uniform(rng) - 1;
}

/* Exponential on both sides: every power has a heavier tail. */
static double laplace(ht_rng *rng)
{
    return (ht_rng_u32(rng) & 1 ? 1 : -1) * log(ht_rng_uniform(rng));
}

static double pareto(ht_rng *rng)
{
    return pow(ht_rng_uniform(rng), -1 / 1.5);
}

/* How many of n samples of a law have this quality, by estimator. */
static void count_quality(double draw(ht_rng *), ht_quality quality, int n, int counted[HT_ESTIMATORS])
{
    static double x[VALUES];
    memset(counted, 0, HT_ESTIMATORS * sizeof *counted);
    for (int s = 0; s < n; s++) {
        ht_estimate all[HT_ESTIMATORS];
        ht_error err;
        ht_rng rng;
        ht_rng_init(&rng, 31, HT_STREAM_TEST, (uint64_t)s);
        for (int i = 0; i < VALUES; i++) x[i] = draw(&rng);
        ht_values v = {.f64 = x, .rows = VALUES, .columns = 1};
        assert_int_equal(ht_tail_fit(&v, &(ht_tail_options){0}, all, &err), HT_OK);
        for (int e = 0; e < HT_ESTIMATORS; e++) counted[e] += all[e].quality == quality;
    }
}

static void a_normal_sample_has_no_heavy_tail(void **state)
{
    (void)state;
    int n = samples(), none[HT_ESTIMATORS], good[HT_ESTIMATORS];
    static const ht_estimator certain[] = {HT_MMO, HT_HILL, HT_DEHAAN, HT_PAULAUSKAS, HT_MCCULLOCH, HT_ECF};
    double (*const light[])(ht_rng *) = {gaussian, uniform};
    for (int l = 0; l < 2; l++) {
        count_quality(light[l], HT_QUALITY_NO_HEAVY_TAIL, n, none);
        count_quality(light[l], HT_QUALITY_GOOD, n, good);
        for (size_t i = 0; i < sizeof certain / sizeof certain[0]; i++)
            if (none[certain[i]] < 0.95 * n)
                fail_msg("%s: %d of %d", ht_estimator_at(certain[i])->name, none[certain[i]], n);
        for (int e = 0; e < HT_ESTIMATORS; e++) assert_true(good[e] <= 0.05 * n);
    }
}

static void another_law_than_assumed_is_refused(void **state)
{
    (void)state;
    int n = samples(), counted[HT_ESTIMATORS];
    count_quality(laplace, HT_QUALITY_GOOD, n, counted);
    assert_true(counted[HT_HILL] < 0.2 * n && counted[HT_MCCULLOCH] == 0 && counted[HT_ECF] == 0);
    count_quality(pareto, HT_QUALITY_GOOD, n, counted); /* one-sided: a power law, but no stable one */
    assert_true(counted[HT_HILL] > 0.7 * n && counted[HT_DEKKERS] > 0.7 * n);
    assert_true(counted[HT_MMO] == 0 && counted[HT_MCCULLOCH] == 0 && counted[HT_ECF] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_of_values_hold_the_truth),
        cmocka_unit_test(intervals_of_rows_hold_the_truth),
        cmocka_unit_test(a_normal_sample_has_no_heavy_tail),
        cmocka_unit_test(another_law_than_assumed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
