/* The line through medians: what it estimates, and how often its interval holds the truth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "nn/row_noise.h"
#include "num/rng.h"
#include "num/summary.h"
#include "num/trend.h"

enum { GROUPS = 5, MOST = 60 };

static void a_line_without_scatter_is_found(void **state)
{
    double values[GROUPS][7], value, half;
    ht_trend_group groups[GROUPS];
    (void)state;
    for (int g = 0; g < GROUPS; g++) {
        for (int i = 0; i < 7; i++) values[g][i] = 0.2 + 0.05 * g;
        groups[g] = (ht_trend_group){2 + 0.5 * g, 0.001, values[g], 7};
    }
    ht_trend t = ht_trend_of(groups, GROUPS);
    assert_int_equal(t.groups, GROUPS);
    assert_int_equal(t.values, 7 * GROUPS);
    assert_true(fabs(t.slope - 0.1) < 1e-12);
    assert_true(t.half > 0 && t.half < 0.002); /* values are multiples of 0.001 */
    ht_trend_at(&t, 3, &value, &half);
    assert_true(fabs(value - 0.3) < 1e-12 && half > 0 && half < 0.002);
    assert_true(ht_trend_more(&t, t.slope) == 0);
    assert_true(ht_trend_more(&t, t.half / 2) == 3 * 7 * GROUPS); /* half the error: four times as many */
}

/* What is missing, infinite, or too little. */
static void groups_of_too_few_values_have_no_line(void **state)
{
    const double five[] = {0.1, 0.3, 0.2, 0.5, 0.4}, four[] = {0.1, NAN, 0.2, 0.3, INFINITY, 0.4};
    (void)state;
    ht_trend_group groups[] = {
        {2, 0.01, five, 5}, {3, 0.01, five, 5}, {4, 0.01, four, 6}, {5, 0.01, five, 5}};
    ht_trend t = ht_trend_of(groups, 4);
    assert_int_equal(t.groups, 0);
    assert_true(isnan(ht_trend_more(&t, 1)));
    groups[2] = (ht_trend_group){4, 0.01, five, 5};
    t = ht_trend_of(groups, 4);
    assert_int_equal(t.groups, 4);
    assert_true(t.slope == 0 && t.half > 0 && isinf(ht_trend_more(&t, t.slope)));
}

/* One outlier moves neither line nor error. */
static void an_outlier_changes_nothing(void **state)
{
    double values[3][15];
    ht_trend_group groups[3];
    (void)state;
    for (int g = 0; g < 3; g++) {
        for (int i = 0; i < 15; i++) values[g][i] = g + 0.1 * i;
        groups[g] = (ht_trend_group){g, 0, values[g], 15};
    }
    ht_trend before = ht_trend_of(groups, 3);
    values[2][14] = 1e9;
    ht_trend after = ht_trend_of(groups, 3);
    assert_true(before.slope == after.slope && before.half == after.half);
}

/* ---- coverage ---- */

enum { WIDTHS = 6, BANK = 300, SWEEPS = 200 };

typedef struct sweeps {
    int widths[WIDTHS];
    double bank[WIDTHS][BANK]; /* what κ can be */
    double slope[WIDTHS + 1];  /* of the medians of all, over the first widths */
} sweeps;

static void fill_bank(sweeps *s, double alpha, double sigma)
{
    ht_error err;
    ht_params p;
    ht_params_init(&p);
    ht_params_put(&p, HT_P_NOISE_TYPE, HT_NOISE_IID);
    ht_params_put(&p, HT_P_NOISE_ALPHA, alpha);
    ht_params_put(&p, HT_P_NOISE_SCALE, sigma);
    ht_params_put(&p, HT_P_TRAIN_DECAY, 0.5);
    for (int i = 0; i < WIDTHS; i++) {
        s->widths[i] = (int)(100 * pow(2, i));
        ht_params_put(&p, HT_P_MODEL_WIDTH, s->widths[i]);
        assert_int_equal(ht_row_noise_draw(&p, 10, 300, BANK, s->bank[i], NULL, &err), HT_OK);
    }
}

/* By the formula of least squares, apart from what is tested. */
static void find_truth(sweeps *s)
{
    double sorted[BANK], median[WIDTHS];
    for (int i = 0; i < WIDTHS; i++) {
        for (int k = 0; k < BANK; k++) sorted[k] = s->bank[i][k];
        median[i] = ht_summarize(sorted, BANK).median;
    }
    for (int n = 2; n <= WIDTHS; n++) {
        double x = 0, y = 0, xx = 0, xy = 0;
        for (int i = 0; i < n; i++) {
            double at = log10(s->widths[i]);
            x += at, y += median[i], xx += at * at, xy += at * median[i];
        }
        s->slope[n] = (n * xy - x * y) / (n * xx - x * x);
    }
}

/* Sweeps whose runs are drawn from the prediction: in how many the interval holds the slope, and in how many
 * the sentence would say the opposite. */
static void count_cover(const sweeps *s, const int runs[WIDTHS], uint64_t which, int *covers, int *wrong)
{
    double values[WIDTHS][MOST];
    ht_trend_group groups[WIDTHS];
    ht_rng rng;
    ht_rng_init(&rng, 17, HT_STREAM_TEST, which);
    *covers = *wrong = 0;
    for (int k = 0; k < SWEEPS; k++) {
        for (int i = 0; i < WIDTHS; i++) {
            for (int r = 0; r < runs[i]; r++) values[i][r] = s->bank[i][ht_rng_below(&rng, BANK)];
            groups[i] = (ht_trend_group){log10(s->widths[i]), 1.0 / s->widths[i], values[i], (size_t)runs[i]};
        }
        ht_trend t = ht_trend_of(groups, WIDTHS);
        double truth = s->slope[t.groups];
        assert_true(t.groups >= HT_TREND_GROUPS && truth > 0);
        *covers += fabs(t.slope - truth) <= t.half;
        *wrong += t.slope + t.half < 0;
    }
}

static void intervals_hold_the_truth_in_nine_of_ten_sweeps(void **state)
{
    static const double laws[][2] = {{1.5, 0.03}, {1.75, 0.1}, {1.9, 0.03}, {2, 0.1}};
    static const int plans[][WIDTHS] = {
        {6, 6, 6, 6, 0, 0}, {31, 31, 31, 31, 6, 5}, {43, 43, 43, 43, 12, 8}, {40, 40, 40, 40, 40, 40}};
    static sweeps s;
    (void)state;
    for (size_t law = 0; law < sizeof laws / sizeof laws[0]; law++) {
        fill_bank(&s, laws[law][0], laws[law][1]);
        find_truth(&s);
        for (size_t plan = 0; plan < sizeof plans / sizeof plans[0]; plan++) {
            int covers, wrong;
            count_cover(&s, plans[plan], 10 * law + plan, &covers, &wrong);
            printf("trend: α %.2f, plan %zu: %d of %d sweeps hold the slope, %d say the opposite\n",
                   laws[law][0], plan, covers, SWEEPS, wrong);
            assert_in_range(covers, SWEEPS * 9 / 10, SWEEPS);
            assert_in_range(wrong, 0, SWEEPS * 5 / 200);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_without_scatter_is_found),
        cmocka_unit_test(groups_of_too_few_values_have_no_line),
        cmocka_unit_test(an_outlier_changes_nothing),
        cmocka_unit_test(intervals_hold_the_truth_in_nine_of_ten_sweeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
