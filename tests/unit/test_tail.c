/* test_tail.c - tail index estimators against the golden tables; selection and the histogram against sorting.
 */
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
#include "math/histogram.h"
#include "math/kernel.h"
#include "math/rng.h"
#include "math/select.h"
#include "unit/golden.h"

typedef struct tail_check {
    const char *sample;
    ht_npy data;
    int rows;
} tail_check;

static void tail_row(void *context, int fields, char **field)
{
    tail_check *c = context;
    double value;
    size_t m = (size_t)atoi(field[4]);
    assert_true(fields >= 7);
    if (strcmp(field[0], c->sample) != 0 || field[6][0] == '\0') return;
    if (strcmp(field[3], "mmo2014") == 0)
        value = ht_tail_mmo(c->data.f32, c->data.count, m);
    else if (strcmp(field[3], "mmo2014_multi") == 0)
        value = ht_tail_mmo_multi(c->data.f32, c->data.shape[0], c->data.shape[1], m);
    else if (strcmp(field[3], "hill1975") == 0) {
        value = ht_tail_hill(c->data.f32, c->data.count, m);
    } else
        return;
    double truth = atof(field[6]);
    if (fabs(value / truth - 1) > 1e-6)
        fail_msg("%s %s m = %zu: %.9g instead of %.9g", field[0], field[3], m, value, truth);
    c->rows++;
}

static void estimates_match_the_golden_tables(void **state)
{
    (void)state;
    static const char *const samples[] = {"stable_1.5_2048", "elliptic_1.2_500x20", "iid_1.5_500x20",
                                          "gaussian_500x20"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "tail/%s.npy", samples[i]);
        tail_check c = {.sample = samples[i], .data = golden_array(name, HT_NPY_FLOAT)};
        golden_csv("tail_index.csv", tail_row, &c);
        assert_true(c.rows >= 5);
        ht_npy_free(&c.data);
    }
}

static void rows_row(void *context, int fields, char **field)
{
    tail_check *c = context;
    double value;
    ht_error err;
    if (fields < 7 || strcmp(field[0], c->sample) != 0 || strcmp(field[3], "weights_multi") != 0) return;
    assert_int_equal(ht_tail_rows(c->data.f32, c->data.shape[0], c->data.shape[1], &value, &err), HT_OK);
    if (fabs(value / atof(field[6]) - 1) > 1e-6)
        fail_msg("%s: %.9g instead of %s", field[0], value, field[6]);
    c->rows++;
}

/* Median over the block lengths, of rows centred by the columns' medians. */
static void row_tail_index_matches_the_golden_table(void **state)
{
    (void)state;
    static const char *const samples[] = {"elliptic_1.2_500x20", "iid_1.5_500x20", "gaussian_500x20"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "tail/%s.npy", samples[i]);
        tail_check c = {.sample = samples[i], .data = golden_array(name, HT_NPY_FLOAT)};
        golden_csv("tail_index_median.csv", rows_row, &c);
        assert_int_equal(c.rows, 1);
        ht_npy_free(&c.data);
    }
}

static void candidate_row(void *context, int fields, char **field)
{
    int *rows = context;
    size_t m[9], n = (size_t)atoll(field[0]);
    assert_true(fields >= 3);
    if (strcmp(field[2], "error") == 0) return;
    int count = ht_tail_candidates(n, m), i = 0;
    for (char *s = field[2]; *s; i++) {
        assert_true(i < count);
        assert_int_equal(m[i], strtoul(s, &s, 10));
    }
    assert_int_equal(i, count);
    ++*rows;
}

static void block_lengths_match_the_golden_table(void **state)
{
    (void)state;
    int rows = 0;
    size_t m[9];
    golden_csv("tail_candidates.csv", candidate_row, &rows);
    assert_true(rows > 12);
    /* Where the published code stops with an error, lengths of 1 are left out. */
    assert_int_equal(ht_tail_candidates(997, m), 0);
    assert_int_equal(ht_tail_candidates(1, m), 0);
    assert_int_equal(ht_tail_candidates(0, m), 0);
}

static void summary_finds_the_index_of_shifted_stable_noise(void **state)
{
    (void)state;
    enum { N = 200000 };
    static float x[N];
    ht_noise_key key = {{9, 0}, 1, 1u << 24};
    for (double alpha = 1.25; alpha < 2; alpha += 0.25) {
        for (int i = 0; i < N; i++) x[i] = 3.5f;
        ht_kernel()->stable(x, N, &key, 0, (float)alpha, 0.1f);
        ht_tail_summary t = ht_tail_summarize(x, N);
        assert_true(fabs(t.mmo - alpha) < 0.05);
        assert_true(fabs(t.hill - alpha) < 0.25);
        assert_true(fabs(t.centre - 3.5) < 0.01);
    }
}

static void degenerate_input_is_nan_not_a_crash(void **state)
{
    (void)state;
    float x[100] = {0};
    ht_tail_summary t = ht_tail_summarize(x, 1);
    assert_true(isnan(t.mmo) && isnan(t.hill));
    assert_true(isnan(ht_tail_hill(x, 100, 0)) && isnan(ht_tail_hill(x, 100, 100)) &&
                isnan(ht_tail_hill(x, 100, 10)));
    assert_true(isnan(ht_tail_mmo(x, 100, 1)) && isnan(ht_tail_mmo(x, 100, 101)));
    (void)ht_tail_summarize(x, 100);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void selection_agrees_with_sorting(void **state)
{
    (void)state;
    enum { N = 300 };
    float x[N], sorted[N];
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    for (int trial = 0; trial < 2000; trial++) {
        size_t n = 1 + ht_rng_below(&rng, N);
        for (size_t i = 0; i < n; i++) {
            int kind = trial % 4; /* few distinct values, sorted, reversed, normal */
            x[i] = kind == 0   ? (float)ht_rng_below(&rng, 5)
                   : kind == 1 ? (float)i
                   : kind == 2 ? -(float)i
                               : (float)ht_rng_normal(&rng);
        }
        memcpy(sorted, x, sizeof x);
        qsort(sorted, n, sizeof *x, by_value);
        size_t k = ht_rng_below(&rng, (uint32_t)n);
        assert_true(ht_select(&(ht_ranked){x, n, 0, false}, k) == sorted[k]);
        /* About a centre, and by magnitude. */
        for (size_t i = 0; i < n; i++) sorted[i] = fabsf(x[i] - 1.25f);
        qsort(sorted, n, sizeof *x, by_value);
        assert_true(ht_select(&(ht_ranked){x, n, 1.25f, true}, k) == sorted[k]);
    }
}

static void histogram_counts_every_value_once(void **state)
{
    (void)state;
    enum { N = 100000 };
    static float x[N];
    static ht_histogram h;
    ht_rng rng;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 1);
    for (int i = 0; i < N; i++)
        x[i] = (float)(ht_rng_normal(&rng) * pow(10, 30 * (ht_rng_uniform(&rng) - 0.5)));
    x[0] = 0, x[1] = NAN, x[2] = -INFINITY, x[3] = 1, x[4] = 0x1p-40f, x[5] = 0x1p24f;
    ht_histogram_add(&h, x, N);
    for (int b = 0; b < HT_HISTOGRAM_BINS; b += b < 40 ? 1 : 17) { /* all would take long */
        uint32_t count = 0;
        for (int i = 0; i < N; i++)
            count +=
                (double)fabsf(x[i]) >= ht_histogram_edge(b) && (double)fabsf(x[i]) < ht_histogram_edge(b + 1);
        assert_int_equal(h.count[b], count);
    }
    uint64_t total = h.below + h.above;
    for (int b = 0; b < HT_HISTOGRAM_BINS; b++) total += h.count[b];
    assert_int_equal(total, N);
    assert_int_equal(h.total, N);
    assert_true(h.above >= 3 && h.below >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_match_the_golden_tables),
        cmocka_unit_test(row_tail_index_matches_the_golden_table),
        cmocka_unit_test(block_lengths_match_the_golden_table),
        cmocka_unit_test(summary_finds_the_index_of_shifted_stable_noise),
        cmocka_unit_test(degenerate_input_is_nan_not_a_crash),
        cmocka_unit_test(selection_agrees_with_sorting),
        cmocka_unit_test(histogram_counts_every_value_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
