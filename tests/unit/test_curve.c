/* Guards curves: a spike is never lost to decimation, at any width; NaN and Inf are remembered; memory stays.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart/curve.h"

static double uniform(void)
{
    return rand() / ((double)RAND_MAX + 1);
}

/* The slow twin keeps everything: entry i happened at step[i]. */
typedef struct history {
    int count;
    double *step, *low, *high, *final;
} history;

static history history_new(int count)
{
    history h = {count, calloc((size_t)count, 8), calloc((size_t)count, 8), calloc((size_t)count, 8),
                 calloc((size_t)count, 8)};
    return h;
}

static void history_free(history *h)
{
    free(h->step);
    free(h->low);
    free(h->high);
    free(h->final);
}

static double odd_value(void)
{
    int kind = rand() % 3;
    return kind == 0 ? (double)NAN : kind == 1 ? (double)INFINITY : -(double)INFINITY;
}

/* `gaps`: steps are not consecutive, as when the trainer folds several into one. */
static history random_history(int count, bool gaps)
{
    history h = history_new(count);
    double step = 0;
    for (int i = 0; i < count; i++) {
        step += gaps && rand() % 10 == 0 ? 1 + rand() % 1000 : 1;
        double v = uniform();
        if (rand() % 50000 == 0) v = 1e6 * (1 + uniform());  /* spikes up */
        if (rand() % 50000 == 0) v = -1e6 * (1 + uniform()); /* and down */
        if (rand() % 20000 == 0) v = odd_value();
        h.step[i] = step;
        h.final[i] = v;
        h.low[i] = v - uniform();
        h.high[i] = v + uniform();
    }
    return h;
}

static ht_curve *curve_of(const history *h)
{
    ht_curve *curve = calloc(1, sizeof *curve);
    for (int i = 0; i < h->count; i++) ht_curve_add(curve, h->step[i], h->low[i], h->high[i], h->final[i]);
    return curve;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Each column's bucket must hold exactly what the history has between its first and last step; together the
 * buckets must hold all of it between `from` and `to`. */
static void compare(const history *h, const ht_curve *curve, double from, double to, int columns)
{
    ht_bucket *out = calloc((size_t)columns, sizeof *out);
    int used = ht_curve_columns(curve, from, to, columns, 0, out), at = 0;
    assert_in_range(used, 0, columns);
    for (int c = 0; c < used; c++) {
        double low = (double)INFINITY, high = -(double)INFINITY, final = (double)NAN;
        bool bad = false;
        for (; at < h->count && h->step[at] < out[c].first; at++)
            if (h->step[at] >= from) fail_msg("step %g is in no column", h->step[at]);
        for (; at < h->count && h->step[at] <= out[c].last; at++) {
            bad = bad || !isfinite(h->low[at]) || !isfinite(h->high[at]) || !isfinite(h->final[at]);
            if (isfinite(h->low[at])) low = fmin(low, h->low[at]);
            if (isfinite(h->high[at])) high = fmax(high, h->high[at]);
            if (isfinite(h->final[at])) final = h->final[at];
        }
        if (isinf(low)) low = (double)NAN;
        if (isinf(high)) high = (double)NAN;
        if (!same(out[c].low, low) || !same(out[c].high, high) || !same(out[c].final, final) ||
            out[c].bad != bad)
            fail_msg("%d columns, column %d, steps %g to %g: %g..%g, expected %g..%g", columns, c,
                     out[c].first, out[c].last, out[c].low, out[c].high, low, high);
        if (c > 0) assert_true(out[c].first > out[c - 1].last);
    }
    for (; at < h->count; at++)
        if (h->step[at] >= from && h->step[at] <= to) fail_msg("step %g is in no column", h->step[at]);
    free(out);
}

static void nothing_is_lost_at_any_width(void **state)
{
    (void)state;
    static const int widths[] = {1, 2, 7, 80, 161, 600, 5000};
    for (int gaps = 0; gaps < 2; gaps++) {
        srand(1 + (unsigned)gaps);
        history h = random_history(1000000, gaps);
        ht_curve *curve = curve_of(&h);
        double last = h.step[h.count - 1];
        for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
            compare(&h, curve, 0, last, widths[i]);
            compare(&h, curve, last / 3, last / 2, widths[i]);
            compare(&h, curve, last - 100, last, widths[i]);
        }
        free(curve);
        history_free(&h);
    }
}

static void nothing_is_lost_at_any_length(void **state)
{
    (void)state;
    srand(3);
    for (int i = 0; i < 60; i++) {
        static const int lengths[] = {0, 1, 2, 4095, 4096, 4097, 4098, 8191, 8193, 20000};
        history h = random_history(lengths[i % 10], i >= 30);
        ht_curve *curve = curve_of(&h);
        double last = h.count ? h.step[h.count - 1] : 10;
        compare(&h, curve, 0, last, 1 + rand() % 300);
        compare(&h, curve, last * uniform(), last, 1 + rand() % 300);
        free(curve);
        history_free(&h);
    }
}

static void a_spike_stands_in_its_column(void **state)
{
    (void)state;
    ht_curve *curve = calloc(1, sizeof *curve);
    enum { STEPS = 200000, SPIKE = 77777, COLUMNS = 100 };
    ht_bucket out[COLUMNS];
    for (int i = 0; i < STEPS; i++) ht_curve_add(curve, i, 1, i == SPIKE ? 1e9 : 1, 1);
    int used = ht_curve_columns(curve, 0, STEPS, COLUMNS, 0, out), found = 0;
    assert_true(used > COLUMNS * 9 / 10);
    for (int c = 0; c < used; c++)
        if (out[c].high == 1e9) {
            found++;
            assert_true(out[c].first <= SPIKE && out[c].last >= SPIKE);
            assert_true(out[c].last - out[c].first <= 2.0 * STEPS / COLUMNS);
        }
    assert_int_equal(found, 1);
    free(curve);
}

static void what_is_no_number_is_remembered(void **state)
{
    (void)state;
    ht_curve *curve = calloc(1, sizeof *curve);
    ht_bucket out[3];
    ht_curve_add(curve, 1, (double)NAN, (double)NAN, (double)NAN);
    assert_true(isnan(ht_curve_last(curve)));
    assert_int_equal(ht_curve_columns(curve, 0, 10, 3, 0, out), 1);
    assert_true(out[0].bad && isnan(out[0].low) && isnan(out[0].high) && isnan(out[0].final));
    ht_curve_add(curve, 2, 3, (double)INFINITY, 4);
    assert_int_equal(ht_curve_columns(curve, 0, 1000, 1, 0, out), 1);
    assert_true(out[0].bad && out[0].low == 3 && isnan(out[0].high) && out[0].final == 4);
    for (int i = 3; i < 100000; i++) ht_curve_add(curve, i, 0, 1, 0.5);
    assert_int_equal(ht_curve_columns(curve, 0, 100000, 1, 0, out), 1);
    assert_true(out[0].bad && out[0].low == 0 && out[0].high == 1);
    free(curve);
}

static void last_is_the_last_finite_value(void **state)
{
    (void)state;
    ht_curve *curve = calloc(1, sizeof *curve);
    assert_true(isnan(ht_curve_last(curve)));
    for (int i = 0; i < 30000; i++) {
        ht_curve_add(curve, i, i, i, i);
        assert_true(ht_curve_last(curve) == i);
    }
    for (int i = 30000; i < 60000; i++) ht_curve_add(curve, i, (double)NAN, (double)NAN, (double)INFINITY);
    assert_true(ht_curve_last(curve) == 29999);
    ht_curve_clear(curve);
    assert_true(isnan(ht_curve_last(curve)));
    ht_curve_add(curve, 5, 1, 2, 1.5);
    assert_true(ht_curve_last(curve) == 1.5);
    assert_int_equal(curve->count, 1);
    free(curve);
}

static void memory_is_bounded_and_well_used(void **state)
{
    (void)state;
    ht_curve *curve = calloc(1, sizeof *curve);
    srand(5);
    double step = 0;
    for (int i = 0; i < 300000; i++) {
        ht_curve_add(curve, step, 0, 0, 0);
        assert_in_range(curve->count, 1, HT_CURVE_BUCKETS);
        if (i >= HT_CURVE_BUCKETS) assert_true(curve->count >= HT_CURVE_BUCKETS / 4);
        step += 1 + rand() % 3;
    }
    free(curve);
}

static void any_window_is_answered(void **state)
{
    (void)state;
    const double ends[] = {-1e300, -5, 0, 1e-9, 3, 500, 1e6, 1e12, 1e300};
    ht_curve *curve = calloc(1, sizeof *curve);
    ht_bucket out[50];
    for (int i = 0; i < 20000; i++) ht_curve_add(curve, 1e6 * i, 0, 1, 0);
    for (int i = 0; i < 9; i++)
        for (int k = 0; k < 9; k++)
            for (int columns = 1; columns <= 50; columns += 7)
                assert_in_range(ht_curve_columns(curve, ends[i], ends[k], columns, 0, out), 0, columns);
    assert_int_equal(ht_curve_columns(curve, -10, -5, 50, 0, out), 0);
    assert_int_equal(ht_curve_columns(curve, 1e12, 2e12, 50, 0, out), 0);
    free(curve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_at_any_width),  cmocka_unit_test(nothing_is_lost_at_any_length),
        cmocka_unit_test(a_spike_stands_in_its_column),  cmocka_unit_test(what_is_no_number_is_remembered),
        cmocka_unit_test(last_is_the_last_finite_value), cmocka_unit_test(memory_is_bounded_and_well_used),
        cmocka_unit_test(any_window_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
