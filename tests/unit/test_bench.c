/* Guards what `heavytail bench` makes of repeated measurements: a median with the interval that its ranks
 * give. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "num/rng.h"

static double number(const json_t *row, const char *key, const char *end)
{
    char name[40];
    snprintf(name, sizeof name, "%s%s", key, end);
    assert_non_null(json_object_get(row, name));
    return ht_bench_number(row, name);
}

/* Tables of the sign test: of 6 to 8 values from the least to the largest, of 9 to 11 without these, of 12
 * without two on either side. */
static void intervals_are_those_of_the_sign_test(void **state)
{
    static const struct {
        int count, left_out;
    } row[] = {{1, 0}, {5, 0}, {6, 0}, {8, 0}, {9, 1}, {11, 1}, {12, 2}, {15, 3}, {20, 5}, {25, 7}};
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double values[25];
        json_t *to = json_object();
        for (int k = 0; k < row[i].count; k++) values[k] = (double)((k * 7) % row[i].count);
        if (row[i].count % 7 == 0) fail_msg("not a permutation");
        ht_bench_put_spread(to, "ratio", values, row[i].count);
        assert_true(number(to, "ratio", "_low") == row[i].left_out);
        assert_true(number(to, "ratio", "") == (double)(row[i].count / 2));
        assert_true(number(to, "ratio", "_high") == row[i].count - 1 - row[i].left_out);
        json_decref(to);
    }
}

/* Of normal numbers about 1 the interval holds 1 in 95 of 100, or a few more. */
static void intervals_hold_the_truth(void **state)
{
    enum { TRIES = 2000, COUNT = 9 };
    int held = 0;
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 9);
    for (int t = 0; t < TRIES; t++) {
        double values[COUNT];
        json_t *to = json_object();
        for (int k = 0; k < COUNT; k++) values[k] = 1 + 0.1 * ht_rng_normal(&rng);
        ht_bench_put_spread(to, "ratio", values, COUNT);
        held += number(to, "ratio", "_low") <= 1 && 1 <= number(to, "ratio", "_high");
        json_decref(to);
    }
    assert_in_range(held, TRIES * 94 / 100, TRIES * 98 / 100);
}

static void a_figure_is_printed_with_its_interval(void **state)
{
    double values[9] = {5, 1, 2, 3, 4, 6, 7, 8, 9};
    char text[80];
    json_t *row = json_object();
    (void)state;
    ht_bench_put_spread(row, "ratio", values, 9);
    json_object_set_new(row, "alone", json_real(2));
    ht_bench_spread_text(text, sizeof text, row, "ratio");
    assert_string_equal(text, "5.000 (2.000 to 8.000)");
    ht_bench_spread_text(text, sizeof text, row, "alone");
    assert_string_equal(text, "2.000");
    json_decref(row);
}

/* Turns between two of unequal speed are left out, unless hardly any other is there. */
static void a_machine_that_changes_is_not_measured(void **state)
{
    ht_bench_ratios r = {0};
    json_t *row = json_object();
    (void)state;
    for (int i = 0; i < 5; i++) ht_bench_add_ratio(&r, 100, 50, 180);
    for (int i = 0; i < 2; i++) ht_bench_add_ratio(&r, 100, 95, 104);
    ht_bench_put_ratios(row, "ratio", &r);
    assert_true(number(row, "ratio", "_turns") == 7 && number(row, "ratio", "") < 0.5);
    ht_bench_add_ratio(&r, 104, 95, 100);
    ht_bench_put_ratios(row, "ratio", &r);
    assert_true(number(row, "ratio", "_turns") == 3 && number(row, "ratio", "") == 95 / 102.0);
    for (int i = 0; i < 2 * HT_BENCH_TURNS; i++) ht_bench_add_ratio(&r, 100, 95, 100);
    assert_int_equal(r.turns, HT_BENCH_TURNS);
    json_decref(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_those_of_the_sign_test),
        cmocka_unit_test(intervals_hold_the_truth),
        cmocka_unit_test(a_figure_is_printed_with_its_interval),
        cmocka_unit_test(a_machine_that_changes_is_not_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
