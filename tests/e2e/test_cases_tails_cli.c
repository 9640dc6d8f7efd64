/* test_cases_tails_cli.c - `heavytail tail` of what has no index, no rank to speak of, zeros, or an odd unit:
 * what it says in words and in JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/npy.h"
#include "num/rng.h"
#include "e2e/sandbox.h"

enum { ROWS = 120, COLUMNS = 50, COUNT = ROWS * COLUMNS };

static void write_matrix(const char *path, const double *x)
{
    ht_error err;
    assert_int_equal(ht_npy_write_f64(path, x, 2, (size_t[]){ROWS, COLUMNS}, &err), HT_OK);
}

/* The estimate by `estimator` of all values of FILE; the caller drops *root. */
static json_t *estimate(const char *file, const char *estimator, json_t **root)
{
    json_error_t error;
    size_t i;
    json_t *e;
    const sandbox_result *r = RUN("tail", file, "--json");
    assert_status(r, 0);
    *root = json_loads(r->out, 0, &error);
    assert_non_null(*root);
    json_t *all = json_array_get(json_object_get(*root, "tensors"), 0);
    json_array_foreach(json_object_get(all, "estimates"), i, e)
    {
        if (strcmp(json_string_value(json_object_get(e, "estimator")), estimator) == 0) return e;
    }
    fail_msg("no %s", estimator);
    return NULL;
}

static double number(const json_t *e, const char *key)
{
    const json_t *value = json_object_get(e, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static void assert_word(const json_t *e, const char *key, const char *wanted)
{
    const char *word = json_string_value(json_object_get(e, key));
    if (!word || strcmp(word, wanted) != 0) fail_msg("%s is %s, not %s", key, word ? word : "null", wanted);
}

/* Cauchy, so α = 1. */
static void fill(double *x)
{
    ht_rng rng;
    ht_rng_init(&rng, 15, HT_STREAM_TEST, 0);
    for (int i = 0; i < COUNT; i++) x[i] = tan(M_PI * (ht_rng_uniform(&rng) - 0.5));
}

static void a_constant_has_no_index_and_rank_one(void **state)
{
    double x[COUNT];
    json_t *root;
    (void)state;
    for (int i = 0; i < COUNT; i++) x[i] = 0.02;
    write_matrix("constant.npy", x);
    json_t *e = estimate("constant.npy", "mmo", &root);
    assert_true(json_is_null(json_object_get(e, "value")));
    assert_word(e, "quality", "not applicable");
    assert_word(e, "reason", "one value, repeated");
    json_decref(root);
    e = estimate("constant.npy", "powerlaw", &root);
    assert_true(json_is_null(json_object_get(e, "value")));
    assert_int_equal(number(e, "rank"), 1);
    json_decref(root);
    const sandbox_result *r = RUN("tail", "constant.npy");
    assert_says(r->out, "no index: one value, repeated");
    assert_says(r->out, "spectrum: rank 1 of 50");
    assert_null(strstr(r->out, "good"));
}

static void zeros_have_no_index(void **state)
{
    double x[COUNT] = {0};
    json_t *root;
    (void)state;
    write_matrix("zeros.npy", x);
    json_t *e = estimate("zeros.npy", "hill", &root);
    assert_true(json_is_null(json_object_get(e, "value")));
    assert_int_equal(number(e, "zeros"), COUNT);
    assert_word(e, "reason", "all values are zero");
    json_decref(root);
    assert_says(RUN("tail", "zeros.npy")->out, "no power law: all eigenvalues are zero");
}

/* An outer product: its other eigenvalues are rounding. */
static void rank_one_is_no_power_law(void **state)
{
    double x[COUNT], left[ROWS], right[COLUMNS];
    json_t *root;
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 15, HT_STREAM_TEST, 1);
    for (int i = 0; i < ROWS; i++) left[i] = ht_rng_normal(&rng);
    for (int j = 0; j < COLUMNS; j++) right[j] = ht_rng_normal(&rng);
    for (int i = 0; i < COUNT; i++) x[i] = (double)(float)(left[i / COLUMNS] * right[i % COLUMNS]);
    write_matrix("rank1.npy", x);
    json_t *e = estimate("rank1.npy", "powerlaw", &root);
    assert_true(json_is_null(json_object_get(e, "value")));
    assert_int_equal(number(e, "rank"), 1);
    assert_word(e, "quality", "not applicable");
    json_decref(root);
    assert_says(RUN("tail", "rank1.npy")->out, "no power law: there is one eigenvalue: rank 1");
}

static void zeros_are_told_and_left_out(void **state)
{
    double x[COUNT];
    json_t *root, *other;
    (void)state;
    fill(x);
    write_matrix("whole.npy", x);
    for (int i = 0; i < COUNT; i += 20) x[i] = 0;
    write_matrix("some.npy", x);
    json_t *whole = estimate("whole.npy", "mmo", &root), *some = estimate("some.npy", "mmo", &other);
    assert_int_equal(number(whole, "zeros"), 0);
    assert_int_equal(number(some, "zeros"), COUNT / 20);
    assert_true(json_is_null(json_object_get(some, "step")));
    assert_true(fabs(number(some, "value") - number(whole, "value")) < number(whole, "std_error"));
    json_decref(root);
    json_decref(other);
    assert_says(RUN("tail", "some.npy")->out, "5 % zeros left out");
    for (int i = 0; i < COUNT; i++) x[i] = rint(8 * x[i]) / 8;
    write_matrix("rounded.npy", x);
    assert_says(RUN("tail", "rounded.npy")->out, "quantized");
}

static void the_unit_does_not_matter(void **state)
{
    static const double units[] = {1e-300, 1e-15, 1e300};
    double x[COUNT], y[COUNT];
    json_t *root, *other;
    (void)state;
    fill(x);
    write_matrix("one.npy", x);
    for (int u = 0; u < 3; u++) {
        for (int i = 0; i < COUNT; i++) y[i] = x[i] * units[u];
        write_matrix("other.npy", y);
        json_t *a = estimate("one.npy", "mmo", &root), *b = estimate("other.npy", "mmo", &other);
        assert_true(fabs(number(b, "value") / number(a, "value") - 1) < 1e-9);
        assert_string_equal(json_string_value(json_object_get(a, "quality")),
                            json_string_value(json_object_get(b, "quality")));
        json_decref(root);
        json_decref(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_has_no_index_and_rank_one),
        cmocka_unit_test(zeros_have_no_index),
        cmocka_unit_test(rank_one_is_no_power_law),
        cmocka_unit_test(zeros_are_told_and_left_out),
        cmocka_unit_test(the_unit_does_not_matter),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
