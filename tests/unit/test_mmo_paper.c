/* test_mmo_paper.c - mmo-paper: the way of the code published with arXiv 2106.03795, against a slow twin, by
 * hand, on stable rows, and over the layers of a network. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heavytail/network.h"
#include "heavytail/tail.h"
#include "num/rng.h"
#include "tail/row_tails.h"
#include "unit/golden.h"
#include "unit/small.h"

static ht_error err;

static int by_double(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median_of(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_double);
    return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

static ht_estimate paper_of(const ht_values *x, size_t m)
{
    ht_estimate e;
    if (ht_tail_fit_rows_by(HT_MMO_PAPER, x, &(ht_tail_options){.m = m}, &e, &err) != HT_OK)
        fail_msg("%s", err.text);
    return e;
}

/* ---- a slow twin -------------------------------------------------------------------------------- */

enum { MOST = 500, COLUMNS = 20 };

static double length(const double *x, int columns)
{
    double sum = 0;
    for (int j = 0; j < columns; j++) sum += x[j] * x[j];
    return sqrt(sum);
}

/* Block by block, of rows in their order. */
static double index_of(double **row, int rows, int columns, int m)
{
    double blocks = 0, singles = 0, sum[COLUMNS] = {0};
    for (int first = 0; first < rows; first += m) {
        memset(sum, 0, sizeof sum);
        for (int i = first; i < first + m; i++)
            for (int j = 0; j < columns; j++) sum[j] += row[i][j];
        blocks += log(length(sum, columns)) * m / rows;
    }
    for (int i = 0; i < rows; i++) singles += log(length(row[i], columns)) / rows;
    return log(m) / (blocks - singles);
}

/* Medians of columns off; five times: shuffle (as the counter-based draws say), the median over the block
 * lengths, at most 2; the median of these. Of counts whose lengths need no last rows dropped. */
static double twin(const double *x, int rows, int columns)
{
    static double copy[MOST * COLUMNS], column[MOST], *row[MOST];
    double of[5] = {0};
    size_t m[9] = {0};
    int lengths = ht_tail_candidates((size_t)rows, m);
    assert_true(rows <= MOST && columns <= COLUMNS && lengths >= 3);
    for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++) column[i] = x[i * columns + j];
        double median = median_of(column, rows);
        for (int i = 0; i < rows; i++) copy[i * columns + j] = x[i * columns + j] - median;
    }
    for (int i = 0; i < rows; i++) row[i] = copy + (size_t)i * (size_t)columns;
    for (int s = 0; s < 5; s++) {
        double alpha[9] = {0};
        ht_rng rng;
        ht_rng_init(&rng, 1, HT_STREAM_TAIL, (uint64_t)s + 1);
        for (int i = rows - 1; i > 0; i--) {
            int j = (int)(ht_rng_u64(&rng) % ((uint64_t)i + 1));
            double *other = row[i];
            row[i] = row[j];
            row[j] = other;
        }
        for (int k = 0; k < lengths; k++) alpha[k] = index_of(row, rows, columns, (int)m[k]);
        of[s] = fmin(median_of(alpha, lengths), 2);
    }
    return median_of(of, 5);
}

static const struct {
    const char *name;
    double alpha;
} samples[] = {{"elliptic_1.2_500x20", 1.2}, {"iid_1.5_500x20", 1.5}, {"gaussian_500x20", 2}};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static ht_npy sample_of(int i, ht_values *x)
{
    char name[64];
    snprintf(name, sizeof name, "tail/%s.npy", samples[i].name);
    ht_npy data = golden_array(name, HT_NPY_DOUBLE);
    *x = (ht_values){.f64 = data.f64, .rows = data.shape[0], .columns = data.shape[1]};
    return data;
}

static void it_is_what_the_slow_twin_says(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        ht_values x;
        ht_npy data = sample_of(i, &x);
        double wanted = twin(x.f64, (int)x.rows, (int)x.columns), value = paper_of(&x, 0).value;
        if (!(fabs(value / wanted - 1) < 1e-9))
            fail_msg("%s: %.12g, the twin has %.12g", samples[i].name, value, wanted);
        ht_npy_free(&data);
    }
}

/* ---- the tables, and stable laws ---------------------------------------------------------------- */

typedef struct check {
    const char *name;
    ht_estimate estimate;
    int rows;
} check;

/* The published code without its shuffles: as near as two orders of the rows are. */
static void published_row(void *context, int fields, char **field)
{
    check *c = context;
    if (fields < 7 || strcmp(field[0], c->name) != 0 || strcmp(field[3], "mmo2014_multi") != 0) return;
    double published = atof(field[6]), deviation = c->estimate.std_error;
    assert_true(fabs(c->estimate.value - published) < 3 * deviation);
    c->rows++;
}

static void it_is_near_the_published_tables_and_the_law(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        ht_values x;
        ht_npy data = sample_of(i, &x);
        check c = {.name = samples[i].name, .estimate = paper_of(&x, 0)};
        golden_csv("tail_index_median.csv", published_row, &c);
        assert_int_equal(c.rows, 1);
        assert_true(c.estimate.value <= 2);
        assert_true(fabs(c.estimate.value - samples[i].alpha) < 3 * c.estimate.std_error);
        ht_npy_free(&data);
    }
}

/* Chambers, Mallows, Stuck: S(α, 0, 1). */
static double stable(double alpha, ht_rng *rng)
{
    double u = M_PI * (ht_rng_uniform(rng) - 0.5), w = -log(ht_rng_uniform(rng));
    return sin(alpha * u) / pow(cos(u), 1 / alpha) * pow(cos((1 - alpha) * u) / w, (1 - alpha) / alpha);
}

static void stable_rows_give_back_their_index(void **state)
{
    (void)state;
    enum { ROWS = 2000, WIDTH = 9 };
    static const double alphas[] = {0.8, 1.2, 1.5, 1.75, 1.9};
    double *x = malloc(ROWS * WIDTH * sizeof *x);
    assert_non_null(x);
    for (int a = 0; a < 5; a++)
        for (int seed = 1; seed <= 3; seed++) {
            ht_rng rng;
            ht_rng_init(&rng, (uint64_t)seed, HT_STREAM_TEST, (uint64_t)a);
            for (int i = 0; i < ROWS * WIDTH; i++) x[i] = stable(alphas[a], &rng) + 3 * (i % WIDTH);
            ht_estimate e = paper_of(&(ht_values){.f64 = x, .rows = ROWS, .columns = WIDTH}, 0);
            if (!(fabs(e.value - alphas[a]) < 3.5 * e.std_error && e.std_error < 0.15))
                fail_msg("α = %g: %g ± %g", alphas[a], e.value, e.std_error);
            assert_true(e.low <= e.value && e.value <= e.high);
            assert_true(e.value <= 2 && e.quality != HT_QUALITY_NOT_APPLICABLE);
        }
    free(x);
}

/* ---- by hand ------------------------------------------------------------------------------------ */

/* 4, 4, 6, 14: without the median, 5, they add up to 8; one block of all is the same in any order. */
static void one_block_by_hand(void **state)
{
    (void)state;
    const double x[] = {4, 4, 6, 14};
    double wanted = log(4) / (log(8) - log(9) / 4);
    assert_true(fabs(paper_of(&(ht_values){.f64 = x, .rows = 4, .columns = 1}, 4).value - wanted) < 1e-12);
}

/* Three columns of Hadamard's matrix, nearly: lengths √3.0002, and of the sum of two rows 1.98, 2 or 2.02.
 * Uncapped that is more than 2. */
static void the_cap_by_hand(void **state)
{
    (void)state;
    const double x[] = {1, 1.01, 0.99, -1, 1.01, -0.99, 1, -1.01, -0.99, -1, -1.01, 0.99};
    ht_values v = {.f64 = x, .rows = 4, .columns = 3};
    ht_estimate multi;
    assert_int_equal(ht_tail_fit_rows(&v, &(ht_tail_options){0}, &multi, &err), HT_OK);
    assert_true(fabs(multi.value - log(2) / (log(2.02) - log(3.0002) / 2)) < 1e-12);
    assert_true(paper_of(&v, 0).value == 2);
}

static void what_has_no_rows_says_why(void **state)
{
    (void)state;
    const double same[] = {1, 2, 1, 2, 1, 2, 1, 2}, one[] = {1, 2};
    ht_estimate e = paper_of(&(ht_values){.f64 = same, .rows = 4, .columns = 2}, 0);
    assert_true(isnan(e.value) && e.reason);
    e = paper_of(&(ht_values){.f64 = one, .rows = 1, .columns = 2}, 0);
    assert_true(isnan(e.value) && e.reason);
    const double bad[] = {1, 2, 3, (double)INFINITY};
    assert_int_equal(ht_tail_fit_rows_by(HT_MMO_PAPER, &(ht_values){.f64 = bad, .rows = 2, .columns = 2},
                                         &(ht_tail_options){0}, &e, &err),
                     HT_FAIL);
    assert_non_null(strstr(err.text, "row 1, column 1"));
}

/* Of all estimators that read rows, and of no other, in one call. */
static void all_that_read_rows_are_filled(void **state)
{
    (void)state;
    ht_values x;
    ht_npy data = sample_of(0, &x);
    ht_estimate all[HT_ROW_ESTIMATORS], one;
    assert_int_equal(ht_tail_fit_all_rows(&x, &(ht_tail_options){0}, all, &err), HT_OK);
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++) {
        assert_int_equal(ht_estimator_at(all[r].estimator)->input, HT_INPUT_ROWS);
        assert_int_equal(ht_tail_fit_rows_by(all[r].estimator, &x, &(ht_tail_options){0}, &one, &err), HT_OK);
        assert_true(one.value == all[r].value && isfinite(one.value));
    }
    assert_int_equal(all[HT_ROW_MMO_PAPER].estimator, HT_MMO_PAPER);
    ht_npy_free(&data);
}

/* ---- over the layers of a network --------------------------------------------------------------- */

static double of_rows(const float *data, int rows, int columns)
{
    return paper_of(&(ht_values){.f32 = data, .rows = (size_t)rows, .columns = (size_t)columns}, 0).value;
}

static void layers_are_seen_as_the_paper_sees_them(void **state)
{
    (void)state;
    ht_params p = small_params();
    assert_int_equal(
        ht_params_set(&p, "model.layers", "conv 20 3x3 same, conv 30 1x1, conv 24 2x2, dense 50", &err),
        HT_OK);
    ht_network *net = ht_network_of(&p, (ht_shape){2, 9, 9}, 10, &err);
    assert_non_null(net);
    ht_network_init(net, 3, NULL);
    ht_paper_tails t;
    assert_int_equal(ht_paper_tails_measure(&t, net, &err), HT_OK);
    ht_tensor *const *w = net->weights;
    float *turned = malloc(ht_tensor_size(w[4]) * sizeof *turned);
    assert_true(turned && t.layers == 5);
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 50; j++) turned[j * 10 + i] = w[4]->data[i * 50 + j];
    double last = of_rows(turned, 50, 10), dense = of_rows(w[3]->data, 50, w[3]->columns);
    double kernel[] = {of_rows(w[0]->data, 40, 9), of_rows(w[1]->data, 600, 1), of_rows(w[2]->data, 720, 4),
                       dense, last};
    double filter[] = {of_rows(w[0]->data, 20, 18), of_rows(w[1]->data, 30, 20), of_rows(w[2]->data, 24, 120),
                       dense, last};
    double mean = 0;
    for (int l = 0; l < 5; l++) {
        assert_true(t.kernel[l] == kernel[l] && t.filter[l] == filter[l]);
        mean += kernel[l] / 5;
    }
    assert_true(fabs(t.of_kernels.mean - mean) < 1e-12);
    qsort(kernel, 5, sizeof *kernel, by_double), qsort(filter, 5, sizeof *filter, by_double);
    assert_true(t.of_kernels.median == kernel[2] && t.of_kernels.least == kernel[0]);
    assert_true(t.of_filters.median == filter[2] && t.of_filters.least == filter[0]);
    free(turned);
    ht_network_free(net);
}

static void a_summary_is_of_numbers(void **state)
{
    (void)state;
    double some[] = {2, (double)NAN, 1, 1.5, 1.9}, none[] = {(double)NAN};
    char words[HT_TAIL_SUMMARY_WORDS];
    ht_tail_summary s = ht_tail_summarize(some, 5);
    ht_tail_summary_words(&s, 5, words);
    assert_string_equal(words, "1.700, 1.600, 1.000 (undetermined in 1 of 5)");
    s = ht_tail_summarize(none, 1);
    ht_tail_summary_words(&s, 1, words);
    assert_string_equal(words, "undetermined");
    s = ht_tail_summarize((double[]){2, 1, 1.5, 1.9}, 4);
    assert_true(s.median == 1.7 && fabs(s.mean - 1.6) < 1e-12 && s.least == 1);
    assert_true(isnan(ht_tail_summarize(none, 1).median) && isnan(ht_tail_summarize(none, 0).least));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_the_slow_twin_says),
        cmocka_unit_test(it_is_near_the_published_tables_and_the_law),
        cmocka_unit_test(stable_rows_give_back_their_index),
        cmocka_unit_test(one_block_by_hand),
        cmocka_unit_test(the_cap_by_hand),
        cmocka_unit_test(what_has_no_rows_says_why),
        cmocka_unit_test(all_that_read_rows_are_filled),
        cmocka_unit_test(layers_are_seen_as_the_paper_sees_them),
        cmocka_unit_test(a_summary_is_of_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
