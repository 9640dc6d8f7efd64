/* Guards the arithmetic of axes: ticks people can read, ranges that survive NaN and Inf, positions that
 * invert. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "chart/chart.h"
#include "chart/form.h"

static double uniform(double low, double high)
{
    return low + (high - low) * rand() / (double)RAND_MAX;
}

static ht_axis random_axis(int i)
{
    ht_axis axis = {.scale = i % 2 ? HT_SCALE_LOG : HT_SCALE_LINEAR, .integer = i % 3 == 0};
    double size = pow(10, uniform(-9, 12)), low, high;
    if (axis.scale == HT_SCALE_LOG) {
        low = size;
        high = size * pow(10, uniform(0, 14));
    } else {
        low = uniform(-1, 1) * size;
        high = low + fabs(size) * pow(10, uniform(-3, 3));
    }
    if (i % 5 == 0) { /* not rounded by a fit */
        axis.low = low;
        axis.high = high;
    } else {
        ht_axis_fit(&axis, low, high);
    }
    return axis;
}

/* 1, 2 or 5 times a power of ten. */
static void assert_round(double v)
{
    double mantissa = v / pow(10, floor(log10(v) + 1e-9));
    assert_true(fabs(mantissa - 1) < 1e-6 || fabs(mantissa - 2) < 1e-6 || fabs(mantissa - 5) < 1e-6);
}

static void ticks_are_round_few_and_inside(void **state)
{
    (void)state;
    ht_tick ticks[HT_TICK_MAX];
    srand(1);
    for (int i = 0; i < 20000; i++) {
        ht_axis axis = random_axis(i);
        int wanted = 1 + i % 12, count = ht_axis_ticks(&axis, wanted, ticks), major = 0;
        double before = (double)NAN, step = 0;
        assert_true(axis.low < axis.high);
        assert_in_range(count, 0, HT_TICK_MAX);
        for (int k = 0; k < count; k++) {
            assert_true(ticks[k].value >= axis.low && ticks[k].value <= axis.high);
            if (k > 0) assert_true(ticks[k].value > ticks[k - 1].value);
            if (!ticks[k].major) continue;
            major++;
            assert_true(ticks[k].label[0] != '\0');
            if (axis.integer && axis.scale == HT_SCALE_LINEAR)
                assert_true(fabs(ticks[k].value - nearbyint(ticks[k].value)) <=
                            1e-9 * (axis.high - axis.low));
            if (!isnan(before)) step = ticks[k].value - before;
            before = ticks[k].value;
        }
        assert_true(major <= wanted);
        if (axis.scale == HT_SCALE_LINEAR && step > 0) assert_round(step);
    }
}

static void labels_of_one_axis_differ(void **state)
{
    (void)state;
    ht_tick ticks[HT_TICK_MAX];
    srand(2);
    for (int i = 0; i < 20000; i++) {
        ht_axis axis = random_axis(i);
        int count = ht_axis_ticks(&axis, 8, ticks);
        for (int a = 0; a < count; a++)
            for (int b = a + 1; b < count; b++)
                if (ticks[a].major && ticks[b].major) assert_string_not_equal(ticks[a].label, ticks[b].label);
    }
}

static void has_label(const ht_axis *axis, int wanted, const char *label)
{
    ht_tick ticks[HT_TICK_MAX];
    int count = ht_axis_ticks(axis, wanted, ticks);
    for (int i = 0; i < count; i++)
        if (strcmp(ticks[i].label, label) == 0) return;
    fail_msg("no tick says %s", label);
}

static void labels_read_as_people_write(void **state)
{
    (void)state;
    ht_axis steps = {.high = 12000, .integer = true}, fraction = {.high = 1},
            loss = {HT_SCALE_LOG, 0.01, 1, 0, 0, ""};
    ht_axis wide = {HT_SCALE_LOG, 1e-4, 1e5, 0, 0, ""}, small = {HT_SCALE_LOG, 5e-3, 0.05, 0, 0, ""},
            count = {HT_SCALE_LOG, 1, 1e6, .integer = true}, big = {.high = 3e6}, tiny = {.high = 4e-5};
    has_label(&steps, 4, "5k");
    has_label(&steps, 4, "0");
    has_label(&fraction, 3, "0.5");
    has_label(&loss, 3, "0.01");
    has_label(&loss, 8, "0.05");
    has_label(&wide, 10, "10⁻⁴");
    has_label(&wide, 10, "10³"); /* no 1000 beside 10⁵, no 0.01 beside 10⁻⁴ */
    has_label(&wide, 10, "10⁻²");
    has_label(&wide, 10, "10⁰");
    has_label(&small, 10, "5·10⁻³");
    has_label(&small, 10, "2·10⁻²");
    has_label(&count, 10, "100");
    has_label(&count, 10, "10k");
    has_label(&count, 10, "1M");
    has_label(&wide, 10, "10⁵");
    has_label(&big, 4, "1M");
    has_label(&tiny, 5, "1e-05");
}

static void a_log_axis_has_minor_ticks(void **state)
{
    (void)state;
    ht_tick ticks[HT_TICK_MAX];
    ht_axis axis = {HT_SCALE_LOG, 1, 1000, 0, 0, ""};
    int count = ht_axis_ticks(&axis, 4, ticks), minor = 0;
    for (int i = 0; i < count; i++) minor += !ticks[i].major;
    assert_int_equal(count, 28);
    assert_int_equal(minor, 24);
}

static void position_and_value_are_inverse(void **state)
{
    (void)state;
    srand(3);
    for (int i = 0; i < 5000; i++) {
        ht_axis axis = random_axis(i);
        double p = uniform(-0.5, 1.5);
        assert_true(fabs(ht_axis_position(&axis, ht_axis_value(&axis, p)) - p) < 1e-6);
        assert_true(fabs(ht_axis_position(&axis, axis.low)) < 1e-12);
        assert_true(fabs(ht_axis_position(&axis, axis.high) - 1) < 1e-12);
    }
    ht_axis log_axis = {HT_SCALE_LOG, 1, 10, 0, 0, ""};
    assert_true(isnan(ht_axis_position(&log_axis, 0)));
    assert_true(isnan(ht_axis_position(&log_axis, -1)));
}

static void any_fit_gives_a_sane_axis(void **state)
{
    (void)state;
    const double odd[] = {0,
                          -0.0,
                          1,
                          -1,
                          1e-320,
                          -1e-320,
                          1e308,
                          -1e308,
                          (double)NAN,
                          (double)INFINITY,
                          -(double)INFINITY,
                          0.3,
                          7e15,
                          7e15 + 2};
    enum { N = sizeof odd / sizeof odd[0] };
    for (int i = 0; i < N * N * 4; i++) {
        ht_axis axis = {.scale = i & 1 ? HT_SCALE_LOG : HT_SCALE_LINEAR, .integer = (i & 2) != 0};
        double low = odd[i / 4 % N], high = odd[i / 4 / N];
        ht_tick ticks[HT_TICK_MAX];
        ht_axis_fit(&axis, low, high);
        assert_true(isfinite(axis.low) && isfinite(axis.high) && axis.low < axis.high);
        if (axis.scale == HT_SCALE_LOG) assert_true(axis.low > 0);
        bool usable = isfinite(low) && isfinite(high) && fabs(low) < 1e300 && fabs(high) < 1e300;
        if (usable && axis.scale == HT_SCALE_LINEAR) {
            double slack = 1e-9 * (axis.high - axis.low);
            assert_true(axis.low <= fmin(low, high) + slack && axis.high >= fmax(low, high) - slack);
        }
        ht_axis_ticks(&axis, 5, ticks);
    }
}

static void fit_ignores_what_cannot_be_shown(void **state)
{
    (void)state;
    ht_chart chart = {0};
    const double values[] = {0.02, (double)NAN, (double)INFINITY, 0, -3, 0.9, -(double)INFINITY};
    chart.y.scale = HT_SCALE_LOG;
    ht_series *s = ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_TRAIN, "train", 7);
    assert_non_null(s);
    for (int i = 0; i < 7; i++) {
        s->x[i] = i;
        s->high[i] = values[i];
    }
    ht_chart_fit(&chart);
    assert_true(fabs(chart.y.low - 0.02) < 1e-12 && fabs(chart.y.high - 1) < 1e-12);
    assert_true(chart.x.low == 0 && chart.x.high == 6);
    ht_chart_free(&chart);
}

static void fit_keeps_fixed_axes_and_widens_others(void **state)
{
    (void)state;
    ht_axis fixed = {.high = 1, .fixed = true}, free_axis = {.high = 1};
    ht_axis_fit(&fixed, -5, 5);
    assert_true(fixed.low == 0 && fixed.high == 1);
    ht_axis_fit(&free_axis, -5, 0.5);
    assert_true(free_axis.low <= -5 && free_axis.high >= 1);
}

static void bars_stand_on_something(void **state)
{
    (void)state;
    ht_chart chart = {0};
    ht_series *s = ht_chart_add(&chart, HT_MARK_BARS, HT_ROLE_WEIGHTS, "w", 2);
    for (int i = 0; i < 3; i++) s->x[i] = i;
    s->high[0] = 5;
    s->high[1] = 7;
    ht_chart_fit(&chart);
    assert_true(chart.y.low == 0 && chart.x.high == 2);
    ht_chart_free(&chart);
}

static void clear_keeps_memory_and_zeroes_series(void **state)
{
    (void)state;
    ht_chart chart = {0};
    for (int frame = 0; frame < 50; frame++) {
        ht_chart_clear(&chart);
        for (int i = 0; i < HT_CHART_SERIES; i++) {
            ht_series *s = ht_chart_add(&chart, HT_MARK_RANGE, HT_ROLE_TRAIN, "s", 700);
            assert_non_null(s);
            for (int k = 0; k < 700; k++) {
                assert_true(s->x[k] == 0 && s->low[k] == 0 && s->high[k] == 0);
                s->x[k] = s->low[k] = s->high[k] = k;
            }
        }
        assert_null(ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_TRAIN, "too many", 1));
        for (int i = 0; i < HT_CHART_SERIES; i++) assert_true(chart.series[i].high[699] == 699);
    }
    ht_chart_free(&chart);
    assert_null(chart.memory);
    assert_null(ht_chart_add(&chart, HT_MARK_LINE, HT_ROLE_TRAIN, "", -1));
}

static void a_full_form_reuses_its_last_row_and_cuts_text_whole(void **state)
{
    (void)state;
    static ht_form form;
    char text[400] = "";
    for (int i = 0; i < 190; i++) strcat(text, "α");
    for (int i = 0; i < HT_FORM_ROWS + 9; i++) {
        ht_row *row = ht_form_add(&form, HT_ROW_VALUE, HT_ROLE_TEXT, text, "%s", text);
        assert_true(row >= form.rows && row < form.rows + HT_FORM_ROWS);
        assert_int_equal(row->id, -1);
        assert_int_equal(ht_utf8_length(row->value), (sizeof row->value - 1) / 2);
        assert_int_equal(ht_utf8_length(row->label), (sizeof row->label - 1) / 2);
    }
    assert_int_equal(form.count, HT_FORM_ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round_few_and_inside),
        cmocka_unit_test(labels_of_one_axis_differ),
        cmocka_unit_test(labels_read_as_people_write),
        cmocka_unit_test(a_log_axis_has_minor_ticks),
        cmocka_unit_test(position_and_value_are_inverse),
        cmocka_unit_test(any_fit_gives_a_sane_axis),
        cmocka_unit_test(fit_ignores_what_cannot_be_shown),
        cmocka_unit_test(fit_keeps_fixed_axes_and_widens_others),
        cmocka_unit_test(bars_stand_on_something),
        cmocka_unit_test(clear_keeps_memory_and_zeroes_series),
        cmocka_unit_test(a_full_form_reuses_its_last_row_and_cuts_text_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
