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
#include "math/noise.h"
#include "math/rng.h"
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
    ht_estimate all[HT_ESTIMATORS];
    ht_error err;
    int n = samples();
    for (int a = 0; a < 4; a++) {
        tally t[3] = {0};
        for (int s = 0; s < n; s++) {
            ht_noise noise = {.type = HT_NOISE_IID, .alpha = alphas[a], .seed = 77, .step = (uint64_t)s};
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
    ht_estimate e;
    ht_error err;
    int n = samples();
    for (int a = 0; a < 4; a++) {
        tally t = {0};
        for (int s = 0; s < n; s++) {
            ht_noise noise = {
                .type = HT_NOISE_ISOTROPIC, .alpha = alphas[a], .seed = 78, .step = (uint64_t)s};
            memset(x, 0, sizeof x);
            ht_noise_add(&noise, x, 0, ROWS, COLUMNS, 1);
            ht_values v = {.f32 = x, .rows = ROWS, .columns = COLUMNS};
            assert_int_equal(ht_tail_fit_rows(&v, &(ht_tail_options){0}, &e, &err), HT_OK);
            count(&t, &e, alphas[a]);
        }
        check_tally(&t, "mmo-multi", alphas[a], n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_of_values_hold_the_truth),
        cmocka_unit_test(intervals_of_rows_hold_the_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
