/* test_layer_tail.c - the numbers of one line of `heavytail tail` against slow twins: eigenvalues by Jacobi's
 * method, Marchenko and Pastur's law by summing its density, the randomized matrix counted, order statistics
 * of ties by sorting, products in floats beside those in doubles. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "num/eigen.h"
#include "num/rng.h"
#include "num/select.h"
#include "tail/estimate/gram.h"
#include "tail/estimate/spectrum.h"
#include "tail/layer/columns.h"
#include "tail/layer/layer_tail.h"
#include "tail/layer/randomized.h"

enum { ROWS = 60, SIDE = 24 };

/* Rounded as bfloat16 is. */
static float bf16(double x)
{
    float f = (float)x;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* Eigenvalues of the symmetric a (n × n) by cyclic Jacobi rotations, upwards. */
static void jacobi(double *a, size_t n, double *eigenvalue)
{
    for (int sweep = 0; sweep < 40; sweep++)
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++) {
                if (a[p * n + q] == 0) continue;
                double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
                double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1)),
                       c = 1 / sqrt(t * t + 1), s = t * c;
                for (size_t k = 0; k < n; k++) {
                    double kp = a[k * n + p], kq = a[k * n + q];
                    a[k * n + p] = c * kp - s * kq, a[k * n + q] = s * kp + c * kq;
                }
                for (size_t k = 0; k < n; k++) {
                    double pk = a[p * n + k], qk = a[q * n + k];
                    a[p * n + k] = c * pk - s * qk, a[q * n + k] = s * pk + c * qk;
                }
            }
    for (size_t i = 0; i < n; i++) eigenvalue[i] = a[i * n + i];
    qsort(eigenvalue, n, sizeof *eigenvalue, ht_by_double);
}

/* Of WᵀW, W (ROWS × SIDE). */
static void slow_spectrum(const float *w, double x[SIDE])
{
    static double gram[SIDE * SIDE];
    for (size_t a = 0; a < SIDE; a++)
        for (size_t b = 0; b < SIDE; b++) {
            gram[a * SIDE + b] = 0;
            for (size_t i = 0; i < ROWS; i++)
                gram[a * SIDE + b] += (double)w[i * SIDE + a] * (double)w[i * SIDE + b];
        }
    jacobi(gram, SIDE, x);
}

static double cell(const ht_layer_tail *l, const char *column)
{
    int at = ht_column_find(column);
    if (at < 0) fail_msg("no column %s", column);
    return ht_column_cell(at, l, HT_SPECTRUM_WTW).number;
}

static void near_within(const ht_layer_tail *l, const char *column, double wanted, double tolerance)
{
    double value = cell(l, column);
    if (!(fabs(value - wanted) <= tolerance * fabs(wanted)))
        fail_msg("%s: %.12g instead of %.12g", column, value, wanted);
}

static void near(const ht_layer_tail *l, const char *column, double wanted)
{
    near_within(l, column, wanted, 1e-9);
}

static void fill(float *w, size_t count, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < count; i++) w[i] = (float)(ht_rng_normal(&rng) / pow(ht_rng_uniform(&rng), 0.6));
}

/* Every number that is made of eigenvalues, in two sizes of weights, one of which leaves the range of floats
 * when squared. */
static void columns_agree_with_their_formulas(void **state)
{
    (void)state;
    static float w[ROWS * SIDE], copy[ROWS * SIDE];
    static ht_layer_tail l;
    for (int size = 0; size < 2; size++) {
        ht_error err;
        const double floats = 1e-5;
        double x[SIDE], other[SIDE], sum = 0, entropy = 0, alpha_norm = 0, unit = size ? 1e25 : 1,
                                     squares = 0;
        fill(w, ROWS * SIDE, 3);
        for (size_t i = 0; i < ROWS * SIDE; i++) w[i] *= (float)unit;
        memcpy(copy, w, sizeof w);
        slow_spectrum(w, x);
        ht_layer_matrix m = {w, NULL, ROWS, SIDE};
        assert_int_equal(ht_layer_tail_take(&l, &m, &(ht_tail_options){0}, 63, &err), HT_OK);
        double alpha = l.all[HT_POWERLAW].value;
        for (size_t i = 0; i < SIDE; i++) sum += x[i];
        for (size_t i = 0; i < SIDE; i++) entropy -= x[i] / sum * log(x[i] / sum);
        for (size_t i = 0; i < SIDE; i++) alpha_norm += pow(x[i] / x[SIDE - 1], alpha);
        near(&l, "norm", sum);
        near(&l, "spectral_norm", x[SIDE - 1]);
        near(&l, "log_norm", log10(sum));
        near(&l, "stable_rank", sum / x[SIDE - 1]);
        near(&l, "entropy", entropy / log(SIDE));
        near(&l, "matrix_rank", SIDE);
        near(&l, "alpha_weighted", alpha * log10(x[SIDE - 1]));
        near(&l, "log_alpha_norm", alpha * log10(x[SIDE - 1]) + log10(alpha_norm));
        near(&l, "sv_max", sqrt(x[SIDE - 1]));
        near(&l, "sv_min", sqrt(x[0]));
        double sigma = sqrt((x[SIDE / 2 - 1] + x[SIDE / 2]) / 2 / ROWS / ht_mp_median((double)SIDE / ROWS));
        double root = sqrt(ROWS) + sqrt(SIDE), high = sigma * sigma * root * root;
        near(&l, "sigma_mp", sigma);
        near(&l, "bulk_max", high);
        near(&l, "mp_softrank", high / x[SIDE - 1]);
        slow_spectrum(w, other); /* as it lies now; its products are made in floats */
        near_within(&l, "max_rand_eval", other[SIDE - 1], floats);
        near_within(&l, "ww_softrank", other[SIDE - 1] / x[SIDE - 1], floats);
        near_within(&l, "ww_maxdist", fabs(other[SIDE - 1] - x[SIDE - 1]) / sqrt(x[SIDE - 1]),
                    10 * floats); /* a difference */
        near_within(&l, "rand_distance", ht_jensen_shannon(x, other, SIDE), floats);
        for (size_t i = 0; i < ROWS * SIDE; i++) squares += (double)copy[i] * (double)copy[i];
        size_t beyond = 0, edges = 0;
        double a = sqrt(ROWS - 1) + sqrt(SIDE),
               edge = a * a + 2.0234 * a * cbrt(1 / sqrt(ROWS - 1) + 1 / sqrt(SIDE));
        for (size_t i = 0; i < SIDE; i++) beyond += other[i] > squares / (ROWS * SIDE) * edge;
        for (size_t i = 0; i < SIDE; i++) edges += x[i] > sigma * sigma * edge;
        near(&l, "rand_num_spikes", (double)beyond);
        near(&l, "num_spikes", (double)edges);
        assert_true(isfinite(cell(&l, "mmo-paper")) && isfinite(cell(&l, "mmo-multi")));
        assert_true(isfinite(cell(&l, "powerlaw-two-sided")));
    }
}

static void what_was_not_computed_is_no_number(void **state)
{
    (void)state;
    static float w[ROWS * SIDE];
    static ht_layer_tail l;
    ht_error err;
    fill(w, ROWS * SIDE, 3);
    w[5] = 0;
    ht_layer_matrix m = {w, NULL, ROWS, SIDE};
    assert_int_equal(ht_layer_tail_take(&l, &m, &(ht_tail_options){0}, HT_COST_SPECTRUM, &err), HT_OK);
    assert_true(isfinite(cell(&l, "alpha")) && cell(&l, "zeros") == 1);
    assert_true(isnan(cell(&l, "mmo")) && isnan(cell(&l, "rand_distance")) && isnan(cell(&l, "mmo-paper")));
    assert_null(ht_column_cell(ht_column_find("quality"), &l, HT_SPECTRUM_WTW).text);
}

static void without_an_estimate_a_cell_is_empty(void **state)
{
    (void)state;
    static float w[ROWS * SIDE];
    static ht_layer_tail l;
    static const char *const of_the_law[] = {
        "alpha", "D", "sigma", "xmin", "num_pl_spikes", "alpha_weighted", "log_alpha_norm"};
    static const double values[] = {1.6, -2.8, 1.6}, errors[] = {0.1, 0.1, 0.9};
    static const ht_quality qualities[] = {HT_QUALITY_NOT_APPLICABLE, HT_QUALITY_GOOD, HT_QUALITY_GOOD};
    ht_error err;
    fill(w, ROWS * SIDE, 3);
    ht_layer_matrix m = {w, NULL, ROWS, SIDE};
    int all = HT_COST_SPECTRUM | HT_COST_VALUES | HT_COST_ROWS | HT_COST_TWO_SIDED | HT_COST_PAPER;
    assert_int_equal(ht_layer_tail_take(&l, &m, &(ht_tail_options){0}, all, &err), HT_OK);
    assert_true(isfinite(cell(&l, "alpha")) && isfinite(cell(&l, "xmin")) && isfinite(cell(&l, "sigma")));
    for (int k = 0; k < 3; k++) {
        for (int e = 0; e < HT_ESTIMATORS + HT_ROW_ESTIMATORS; e++) {
            ht_estimate *to = e < HT_ESTIMATORS ? &l.all[e] : &l.by_rows[e - HT_ESTIMATORS];
            to->value = values[k], to->std_error = errors[k], to->quality = qualities[k];
        }
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            int column = HT_COLUMNS_OF_LAYERS + 3 * e;
            for (int part = 0; part < 2; part++)
                if (!isnan(ht_column_cell(column + part, &l, HT_SPECTRUM_WTW).number))
                    fail_msg("%s, %d", ht_column_at(column + part).name, k);
            assert_string_equal(ht_column_cell(column + 2, &l, HT_SPECTRUM_WTW).text,
                                ht_quality_word(qualities[k]));
        }
        for (size_t i = 0; i < sizeof of_the_law / sizeof of_the_law[0]; i++)
            if (!isnan(cell(&l, of_the_law[i]))) fail_msg("%s, %d", of_the_law[i], k);
        l.rank = 100; /* enough for a warning, which has no number to stand on */
        assert_int_equal(ht_layer_tail_training(&l), 0);
    }
}

/* ---- Marchenko and Pastur ---- */

static double slow_mass_below(double beta, double end)
{
    enum { STEPS = 4000000 };
    double low = (1 - sqrt(beta)) * (1 - sqrt(beta)), high = (1 + sqrt(beta)) * (1 + sqrt(beta)), sum = 0;
    double step = (end - low) / STEPS;
    for (int i = 0; i < STEPS; i++) {
        double x = low + (i + 0.5) * step;
        sum += sqrt((high - x) * (x - low)) / (2 * M_PI * beta * x) * step;
    }
    return sum;
}

static void the_median_of_noise_halves_its_law(void **state)
{
    (void)state;
    static const double beta[] = {0.01, 0.3, 0.7, 1};
    for (size_t i = 0; i < sizeof beta / sizeof beta[0]; i++)
        assert_true(fabs(slow_mass_below(beta[i], ht_mp_median(beta[i])) - 0.5) < 2e-4);
    assert_true(fabs(sqrt(ht_mp_median(1)) - 0.8079) <
                1e-3); /* of the quarter circle of radius 2: Gavish, Donoho */
}

/* σ within 2 %, and a spike in few of forty matrices of noise: one in a hundred is expected. */
static void noise_has_its_sigma_and_no_spikes(void **state)
{
    (void)state;
    enum { N = 150, M = 100, TRIES = 40 };
    static float w[N * M];
    static double x[M];
    size_t spiked = 0;
    for (uint64_t t = 0; t < TRIES; t++) {
        ht_rng rng;
        ht_error err;
        ht_rng_init(&rng, 40 + t, HT_STREAM_TEST, 0);
        for (size_t i = 0; i < N * M; i++) w[i] = 0.02f * (float)ht_rng_normal(&rng);
        assert_int_equal(ht_gram_eigenvalues(&(ht_values){.f32 = w, .rows = N, .columns = M}, false, x, &err),
                         HT_OK);
        for (size_t i = 0; i < M; i++) x[i] *= N;
        ht_mp mp = ht_mp_fit(x, M, N, M);
        if (!(fabs(mp.sigma / 0.02 - 1) < 0.05)) fail_msg("sigma %g", mp.sigma);
        spiked += mp.spikes > 0;
    }
    assert_true(spiked <= 4);
}

/* ---- another order ---- */

static void randomizing_moves_and_loses_nothing(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static float w[COUNT], again[COUNT];
    static double wide[COUNT];
    static bool seen[COUNT];
    double moved = 0;
    for (int i = 0; i < COUNT; i++) w[i] = again[i] = (float)(wide[i] = i);
    ht_randomize(w, NULL, COUNT);
    ht_randomize(again, NULL, COUNT);
    ht_randomize(NULL, wide, COUNT);
    for (int i = 0; i < COUNT; i++) {
        int value = (int)w[i];
        assert_true(!seen[value] && w[i] == again[i] && wide[i] == (double)value);
        seen[value] = true;
        moved += fabs((double)value - i) / COUNT;
    }
    assert_true(fabs(moved / COUNT - 1.0 / 3) < 0.02); /* of two places at random */
}

static void the_distance_of_spectra_has_its_ends(void **state)
{
    (void)state;
    const double p[3] = {1, 2, 3}, q[3] = {2, 4, 6}, a[2] = {0, 5}, b[2] = {7, 0};
    assert_true(ht_jensen_shannon(p, q, 3) < 1e-7);
    assert_true(fabs(ht_jensen_shannon(a, b, 2) - sqrt(log(2))) < 1e-12);
}

/* ---- eigenvalues by a band, products in floats ---- */

/* Of a matrix that has known ones: a diagonal, turned by a reflection. */
static void large_sides_go_by_a_band(void **state)
{
    (void)state;
    enum { N = 800 };
    double *a = malloc(sizeof(double) * N * N), *v = malloc(sizeof(double) * N),
           *x = malloc(sizeof(double) * N);
    double norm = 0;
    ht_error err;
    for (size_t i = 0; i < N; i++) v[i] = sin((double)i + 1), norm += v[i] * v[i];
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) { /* H D H, H = I - 2vvᵀ/|v|², D = 1 .. N */
            double sum = i == j ? (double)i + 1 : 0, both = 2 * v[i] * v[j] / norm, inner = 0;
            for (size_t k = 0; k < N; k++) inner += v[k] * v[k] * (double)(k + 1);
            a[i * N + j] = sum - both * (double)(i + 1 + j + 1) + 4 * v[i] * v[j] * inner / norm / norm;
        }
    assert_int_equal(ht_eigen_values(N, a, x, &err), HT_OK);
    for (size_t i = 0; i < N; i++) assert_true(fabs(x[i] - (double)(i + 1)) < 1e-9 * N);
    free(a), free(v), free(x);
}

/* bfloat16: the largest eigenvalues to 1e-6, and the same rank and exponent as from products in doubles. */
static void products_in_floats_serve_rounded_weights(void **state)
{
    (void)state;
    enum { N = 700, M = 300 };
    static float w[N * M], v[N * M];
    static double exact[M];
    ht_rng rng;
    ht_error err;
    ht_spectrum s, fine;
    ht_rng_init(&rng, 9, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < N * M; i++)
        w[i] = bf16(0.02 * ht_rng_normal(&rng) / pow(ht_rng_uniform(&rng), 0.3));
    memcpy(v, w, sizeof w);
    v[0] = nextafterf(v[0], 1); /* needs 24 bits: products in doubles */
    ht_values a = {.f32 = w, .rows = N, .columns = M}, b = {.f32 = v, .rows = N, .columns = M};
    assert_int_equal(ht_spectrum_take(&s, &a, &err), HT_OK);
    assert_int_equal(ht_spectrum_take(&fine, &b, &err), HT_OK);
    assert_int_equal(ht_gram_eigenvalues(&a, false, exact, &err), HT_OK);
    for (size_t i = 0; i < M; i++) {
        double value = ldexp(s.eigenvalue[i], 2 * s.exponent);
        if (!(fabs(value - exact[i]) < 1e-6 * exact[M - 1]))
            fail_msg("%g of %g", value - exact[i], exact[M - 1]);
    }
    ht_estimate e = {.value = NAN}, f = {.value = NAN};
    ht_spectrum_powerlaw(s.eigenvalue, s.count, false, &e);
    ht_spectrum_powerlaw(fine.eigenvalue, fine.count, false, &f);
    assert_true(fabs(e.value / f.value - 1) < 1e-5 && e.n_tail == f.n_tail);
    ht_spectrum_free(&s);
    ht_spectrum_free(&fine);
}

/* ---- ties ---- */

static void ties_are_selected_as_sorting_does(void **state)
{
    (void)state;
    enum { COUNT = 400000, RANKS = 5 };
    float *w = malloc(sizeof *w * COUNT);
    double *sorted = malloc(sizeof *sorted * COUNT), *scratch = malloc(sizeof *scratch * COUNT);
    ht_rng rng;
    ht_rng_init(&rng, 11, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < COUNT; i++) w[i] = i % 3 ? bf16(ht_rng_normal(&rng)) : i % 5 ? 1.0f : -1.0f;
    for (int magnitude = 0; magnitude < 2; magnitude++) {
        size_t rank[RANKS] = {0, COUNT / 20, COUNT / 2, COUNT - COUNT / 3, COUNT - 1};
        double value[RANKS];
        ht_values x = {.f32 = w, .rows = COUNT, .columns = 1};
        for (size_t i = 0; i < COUNT; i++) sorted[i] = magnitude ? fabs((double)w[i]) : (double)w[i];
        ht_sort(sorted, COUNT, scratch);
        ht_select(&x, magnitude, rank, RANKS, value);
        for (int r = 0; r < RANKS; r++) assert_true(value[r] == sorted[rank[r]]);
    }
    free(w), free(sorted), free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_agree_with_their_formulas),
        cmocka_unit_test(what_was_not_computed_is_no_number),
        cmocka_unit_test(without_an_estimate_a_cell_is_empty),
        cmocka_unit_test(the_median_of_noise_halves_its_law),
        cmocka_unit_test(noise_has_its_sigma_and_no_spikes),
        cmocka_unit_test(randomizing_moves_and_loses_nothing),
        cmocka_unit_test(the_distance_of_spectra_has_its_ends),
        cmocka_unit_test(large_sides_go_by_a_band),
        cmocka_unit_test(products_in_floats_serve_rounded_weights),
        cmocka_unit_test(ties_are_selected_as_sorting_does),
    };
    return cmocka_run_group_tests_name("layer_tail", tests, NULL, NULL);
}
