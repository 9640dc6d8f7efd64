/* The history of looks: layers that come later, steps that are replaced or late, runs that begin anew, and
 * bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "follow/history.h"

static ht_history h;
static ht_layer_look layers[3];
static ht_look look;

static int begin(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    h = (ht_history){0};
    memset(layers, 0, sizeof layers);
    memset(&look, 0, sizeof look);
    look.layer = layers;
    look.count = 2;
    ht_text_copy(look.all.name, sizeof look.all.name, "all");
    for (int i = 0; i < 3; i++) ht_text_copy(layers[i].name, sizeof layers[i].name, names[i]);
    return 0;
}

static int end(void **state)
{
    (void)state;
    ht_history_free(&h);
    return 0;
}

static void add(double step, double norm, int run)
{
    ht_error err;
    look.step = step;
    look.all.norm = norm;
    for (int i = 0; i < 3; i++) layers[i].norm = norm + i;
    layers[0].values = 4;
    layers[0].zeros = 1;
    assert_int_equal(ht_history_add(&h, &look, run, step / 10, &err), HT_OK);
}

static double value(size_t at, const char *layer, int measure)
{
    return ht_history_value(&ht_history_now(&h)->look[at], ht_history_layer(&h, layer), measure);
}

static void values_are_kept_by_layer_and_step(void **state)
{
    (void)state;
    assert_null(ht_history_now(&h));
    add(10, 1, 0);
    add(20, 2, 0);
    assert_int_equal(h.layers, 3);
    assert_int_equal(ht_history_layer(&h, "all"), HT_LAYER_ALL);
    assert_true(value(0, "all", HT_MEASURE_NORM) == 1 && value(1, "b", HT_MEASURE_NORM) == 3);
    assert_true(value(1, "a", HT_MEASURE_ZEROS) == 0.25);
    assert_true(isnan(value(1, "c", HT_MEASURE_NORM)) && isnan(value(1, "all", HT_MEASURE_ACCURACY)));
    look.count = 3; /* one more layer from now on */
    add(30, 3, 0);
    assert_true(value(2, "c", HT_MEASURE_NORM) == 5 && isnan(value(1, "c", HT_MEASURE_NORM)));
}

static void a_step_is_there_once_and_late_ones_find_their_place(void **state)
{
    (void)state;
    add(10, 1, 0);
    add(30, 3, 0);
    add(20, 2, 0);
    add(30, 4, 0);
    assert_int_equal(ht_history_now(&h)->count, 3);
    for (size_t i = 0; i < 3; i++) assert_true(ht_history_now(&h)->look[i].step == 10 * ((double)i + 1));
    assert_true(value(1, "all", HT_MEASURE_NORM) == 2 && value(2, "all", HT_MEASURE_NORM) == 4);
}

static void former_runs_stay_as_ghosts(void **state)
{
    (void)state;
    for (int run = 0; run < HT_HISTORY_RUNS + 3; run++) {
        add(10, run, run);
        add(20, run, run);
    }
    assert_int_equal(h.runs, HT_HISTORY_RUNS);
    assert_int_equal(h.run[0].number, 3);
    assert_int_equal(ht_history_now(&h)->number, HT_HISTORY_RUNS + 2);
    assert_int_equal(h.run[0].count, 2);
}

static void a_long_run_is_thinned_but_for_its_last_look(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * HT_HISTORY_LOOKS; i++) {
        add(i, i, 0);
        const ht_history_run *r = ht_history_now(&h);
        assert_true(r->count <= HT_HISTORY_LOOKS && r->look[r->count - 1].step == i);
    }
    const ht_history_run *r = ht_history_now(&h);
    for (size_t i = 1; i < r->count; i++) assert_true(r->look[i].step > r->look[i - 1].step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_kept_by_layer_and_step, begin, end),
        cmocka_unit_test_setup_teardown(a_step_is_there_once_and_late_ones_find_their_place, begin, end),
        cmocka_unit_test_setup_teardown(former_runs_stay_as_ghosts, begin, end),
        cmocka_unit_test_setup_teardown(a_long_run_is_thinned_but_for_its_last_look, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
