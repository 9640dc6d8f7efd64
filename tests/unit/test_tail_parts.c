/* test_tail_parts.c - what the estimators rest on, beside its slow twin: quantiles of stable laws, the
 * picture's points, the noise of gradients. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/call_off.h"
#include "heavytail/tail.h"
#include "nn/gradient_noise.h"
#include "num/rng.h"
#include "num/select.h"
#include "stable/stable_spread.h"
#include "tail/power_test.h"
#include "unit/golden.h"
#include "unit/twin.h"

/* ---- quantiles ---- */

/* F(x) and f(x) of S(α, 0, 1, 0), x > 0, by the trapezoidal rule in log t. For α ≤ 1 along the imaginary
 * axis. */
static void stable_law(double alpha, double x, double *cdf, double *pdf)
{
    double sum = 0, density = 0, h = 1e-4, c = cos(M_PI * alpha / 2), s = sin(M_PI * alpha / 2);
    for (double v = alpha > 1 ? -30 : -60; v < (alpha > 1 ? 4 : 8); v += h) {
        double t = exp(v), a = pow(t, alpha);
        double both = alpha > 1 ? exp(-a) : exp(-x * t - a * c) * sin(a * s);
        sum += h * (alpha > 1 ? sin(x * t) * both : both);
        density += h * t * (alpha > 1 ? cos(x * t) * both : both);
    }
    *cdf = alpha > 1 ? 0.5 + sum / M_PI : 1 - sum / M_PI;
    *pdf = density / M_PI;
}

static void quantiles_and_densities_are_those_of_the_law(void **state)
{
    (void)state;
    static const double alphas[] = {0.5, 0.725, 0.9, 1, 1.2, 1.475, 1.775, 1.9, 2};
    for (size_t i = 0; i < sizeof alphas / sizeof alphas[0]; i++) {
        ht_stable_spread q = ht_stable_spread_at(alphas[i]);
        double cdf, pdf;
        stable_law(alphas[i], q.q75, &cdf, &pdf);
        assert_true(fabs(cdf - 0.75) < 2e-6 && fabs(q.f75 / pdf - 1) < 1e-4);
        stable_law(alphas[i], q.q95, &cdf, &pdf);
        assert_true(fabs(cdf - 0.95) < 2e-6 && fabs(q.f95 / pdf - 1) < 1e-4);
    }
}

static void quantile_row(void *context, int fields, char **field)
{
    int *rows = context;
    assert_true(fields >= 4);
    double p = atof(field[2]), wanted = atof(field[3]);
    ht_stable_spread q = ht_stable_spread_at(atof(field[0]));
    if (p != 0.75 && p != 0.95) return;
    assert_true(fabs((p < 0.9 ? q.q75 : q.q95) / wanted - 1) < 1e-9);
    ++*rows;
}

static void quantiles_match_the_golden_table(void **state)
{
    (void)state;
    int rows = 0;
    golden_csv("stable_quantiles.csv", quantile_row, &rows);
    assert_true(rows >= 16);
}

/* ---- the picture ---- */

static double share_above(const double *x, size_t count, double edge)
{
    size_t above = 0;
    for (size_t i = 0; i < count; i++) above += fabs(x[i]) >= edge;
    return (double)above / (double)count;
}

static void check_ccdf(const ht_tail_ccdf *c, const double *x, size_t count)
{
    assert_true(c->count >= 20);
    for (int i = 0; i < c->count; i++) {
        assert_true(i == 0 || (c->x[i] > c->x[i - 1] && c->above[i] <= c->above[i - 1]));
        assert_true(fabs(c->above[i] - share_above(x, count, c->x[i])) < 1e-12);
    }
    assert_true(fabs(c->above[c->count - 1] - 1.0 / (double)count) < 1e-12);
}

static void the_picture_counts_what_is_there(void **state)
{
    (void)state;
    enum { ROWS = 300, COLUMNS = 50 };
    static double w[ROWS * COLUMNS], norm[ROWS];
    static ht_tail_picture p;
    ht_error err;
    ht_rng rng;
    ht_rng_init(&rng, 3, HT_STREAM_TEST, 0);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        w[i] = (ht_rng_u32(&rng) & 1 ? 1 : -1) * pow(ht_rng_uniform(&rng), -1 / 1.5);
    for (int r = 0; r < ROWS; r++) {
        for (int j = 0; j < COLUMNS; j++) norm[r] += w[r * COLUMNS + j] * w[r * COLUMNS + j];
        norm[r] = sqrt(norm[r]);
    }
    ht_values v = {.f64 = w, .rows = ROWS, .columns = COLUMNS};
    assert_int_equal(ht_tail_picture_make(&p, &v, &(ht_tail_options){.spectrum = true}, false, &err), HT_OK);
    check_ccdf(&p.weights, w, ROWS * COLUMNS);
    check_ccdf(&p.norms, norm, ROWS);
    assert_true(p.eigenvalues.count > 10 && p.eigenvalues.count <= COLUMNS);
    /* The Hill plot is Hill's estimate at each of its k, and the plateau of a Pareto law is wide and at its
     * index. */
    for (int i = 0; i < p.hill_count; i += 13) {
        ht_estimate all[HT_ESTIMATORS];
        assert_int_equal(ht_tail_fit(&v, &(ht_tail_options){.k = (size_t)p.hill_k[i]}, all, &err), HT_OK);
        assert_true(fabs(all[HT_HILL].value / p.hill[i] - 1) < 1e-9);
    }
    assert_true(p.plateau_high >= 500 && p.plateau_low < p.plateau_high);
    assert_int_equal(p.all[HT_HILL].k, p.plateau_high);
    assert_true(p.all[HT_HILL].low < 1.5 && p.all[HT_HILL].high > 1.5 &&
                p.all[HT_HILL].quality == HT_QUALITY_GOOD);
}

static void centring_is_undone_by_nothing(void **state)
{
    (void)state;
    enum { ROWS = 200, COLUMNS = 31 };
    static float w[ROWS * COLUMNS], shifted[ROWS * COLUMNS];
    static ht_tail_picture a, b;
    ht_error err;
    ht_rng rng;
    ht_rng_init(&rng, 4, HT_STREAM_TEST, 0);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        w[i] = (float)ht_rng_normal(&rng);
        shifted[i] = w[i] + (float)(i % COLUMNS); /* every column elsewhere */
    }
    ht_values v = {.f32 = w, .rows = ROWS, .columns = COLUMNS}, u = v;
    u.f32 = shifted;
    assert_int_equal(ht_tail_picture_make(&a, &v, &(ht_tail_options){0}, true, &err), HT_OK);
    assert_int_equal(ht_tail_picture_make(&b, &u, &(ht_tail_options){0}, true, &err), HT_OK);
    assert_true(fabs(a.all[HT_MMO].value - b.all[HT_MMO].value) < 1e-3);
    assert_true(fabs(a.all[HT_ECF].value - b.all[HT_ECF].value) < 1e-3);
    assert_true(fabs(a.by_rows.value - b.by_rows.value) < 1e-3);
}

/* ---- the noise of gradients ---- */

static void gradient_noise_is_minibatch_less_full_gradient(void **state)
{
    (void)state;
    enum { BATCH = 60, DRAWS = 5 };
    static float noise[DRAWS * 200 * 30];
    ht_network *net = golden_network();
    ht_samples samples = golden_samples();
    ht_error err;
    size_t size = ht_layer_size(&net->layers[0]);
    float *before = malloc(size * sizeof *before);
    memcpy(before, net->layers[0].weight, size * sizeof *before);
    ht_gradient_noise wanted = {.layer = 0, .batch = BATCH, .seed = 5, .draws = 99};
    assert_int_equal(ht_gradient_noise_draws(&wanted, &samples), DRAWS);
    assert_int_equal(ht_gradient_noise_take(&wanted, net, &samples, NULL, noise, &err), HT_OK);
    assert_memory_equal(before, net->layers[0].weight, size * sizeof *before);
    /* The minibatches are a partition of the samples: their noises add up to nothing. */
    double largest = 0;
    for (size_t i = 0; i < size; i++) {
        double sum = 0;
        for (int d = 0; d < DRAWS; d++)
            sum += (double)noise[(size_t)d * size + i],
                largest = fmax(largest, fabs((double)noise[(size_t)d * size + i]));
        assert_true(fabs(sum) < 1e-6);
    }
    assert_true(largest > 1e-3);
    /* One sample at a time: each noise is some sample's gradient less the full one, by the twin. */
    twin *t = twin_of(net);
    double *full = malloc(size * sizeof *full);
    twin_loss(t, samples.x, samples.labels, (int)samples.count, 1, NULL);
    memcpy(full, t->gradient[0], size * sizeof *full);
    wanted = (ht_gradient_noise){.layer = 0, .batch = 1, .seed = 5, .draws = 3};
    assert_int_equal(ht_gradient_noise_take(&wanted, net, &samples, NULL, noise, &err), HT_OK);
    for (size_t d = 0; d < 3; d++) {
        double nearest = INFINITY;
        for (size_t k = 0; k < samples.count; k++) {
            double worst = 0;
            twin_loss(t, samples.x + k * 30, samples.labels + k, 1, 1, NULL);
            for (size_t i = 0; i < size; i++)
                worst = fmax(worst, fabs(t->gradient[0][i] - full[i] - (double)noise[d * size + i]));
            nearest = fmin(nearest, worst);
        }
        assert_true(nearest < 1e-5);
    }
    free(before);
    free(full);
    twin_free(t);
    ht_network_free(net);
    golden_free_samples(&samples);
}

/* ---- the bias of a bent tail ---- */

/* Quantiles x(u) = u^-γ (1 + d u): to first order Hill's mean over u < s is -d s/2 beside γ. */
static void a_bend_tells_the_bias_above_it(void **state)
{
    enum { N = 20000, K = 600 };
    static const double gamma = 0.5;
    static double x[N];
    (void)state;
    for (int d = -2; d <= 2; d++) {
        double bias, slope = 0.4 * d, mean = 0;
        bool bent;
        ht_error err;
        for (int i = 0; i < N; i++) {
            double u = (i + 0.5) / N;
            x[i] = -gamma * log(u) + log1p(slope * u);
        }
        for (int i = 0; i < K; i++) mean += (x[i] - x[K]) / K;
        assert_int_equal(ht_power_bias(&bias, &bent, x, K, N / 2, N, 1, &err), HT_OK);
        assert_int_equal(bent, d != 0);
        if (d == 0) assert_true(bias == 0);
        if (d != 0 && !(fabs(bias / (-slope * K / N / 2) - 1) < 0.5))
            fail_msg("slope %g: %g, not %g (Hill's is off by %g)", slope, bias, -slope * K / N / 2,
                     mean - gamma);
    }
}

static void samples_of_a_search_are_called_off(void **state)
{
    enum { N = 500 };
    double x[N];
    atomic_bool off = true;
    ht_power_samples samples;
    ht_error err;
    (void)state;
    for (int i = 0; i < N; i++) x[i] = -log((i + 0.5) / N);
    assert_int_equal(ht_power_search_try(&samples, x, N, N, 25, true, &err), HT_OK);
    assert_true(samples.p > 0.05 && samples.deviation > 0.02 && samples.deviation < 0.3);
    const atomic_bool *before = ht_call_off_by(&off);
    assert_int_equal(ht_power_search_try(&samples, x, N, N, 25, true, &err), HT_FAIL);
    ht_call_off_by(before);
    assert_string_equal(err.text, "called off");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_and_densities_are_those_of_the_law),
        cmocka_unit_test(quantiles_match_the_golden_table),
        cmocka_unit_test(the_picture_counts_what_is_there),
        cmocka_unit_test(centring_is_undone_by_nothing),
        cmocka_unit_test(gradient_noise_is_minibatch_less_full_gradient),
        cmocka_unit_test(a_bend_tells_the_bias_above_it),
        cmocka_unit_test(samples_of_a_search_are_called_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
