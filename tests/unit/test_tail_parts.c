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

#include "base/cancel.h"
#include "heavytail/tail.h"
#include "nn/gradient_noise.h"
#include "num/rng.h"
#include "num/select.h"
#include "stable/stable_law.h"
#include "stable/stable_spread.h"
#include "tail/power_test.h"
#include "tail/student.h"
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
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++)
        assert_true(fabs(a.by_rows[r].value - b.by_rows[r].value) < 1e-3);
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
    size_t size = ht_tensor_size(net->weights[0]);
    float *before = malloc(size * sizeof *before);
    memcpy(before, net->weights[0]->data, size * sizeof *before);
    ht_gradient_noise wanted = {.layer = 0, .batch = BATCH, .seed = 5, .draws = 99};
    assert_int_equal(ht_gradient_noise_draws(&wanted, &samples), DRAWS);
    assert_int_equal(ht_gradient_noise_take(&wanted, net, &samples, NULL, noise, &err), HT_OK);
    assert_memory_equal(before, net->weights[0]->data, size * sizeof *before);
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

static void samples_of_a_search_are_cancelled(void **state)
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
    const atomic_bool *before = ht_cancel_by(&off);
    assert_int_equal(ht_power_search_try(&samples, x, N, N, 25, true, &err), HT_FAIL);
    ht_cancel_by(before);
    assert_string_equal(err.text, "cancelled");
}

/* ---- Student's law ---- */

/* SciPy: 2 * scipy.stats.t.sf(x, freedom), 2 * x * scipy.stats.t.pdf(x, freedom). */
static void students_law_is_that_of_scipy(void **state)
{
    (void)state;
    static const struct {
        double freedom, x, beyond, slope;
    } row[] = {{0.3, 1e-3, 0.9995413618255377, 0.0004586375119866746},
               {0.3, 3, 0.5013376896876195, 0.1476408944171068},
               {0.3, 1e4, 0.0441040096528191, 0.0132312028734102},
               {1.2, 0.5, 0.693248687165322, 0.2671892098980417},
               {1.2, 1.1, 0.4446593332123212, 0.3361457712599819},
               {1.2, 1e4, 1.062117258088449e-05, 1.274540699191175e-05},
               {5, 3, 0.03009924789746257, 0.1037554728013378},
               {40, 1.1, 0.2779083539713532, 0.4734726673933052},
               {40, 1e4, 1.378454523086662e-129, 5.513815939332959e-128}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double slope, beyond = ht_student_beyond(row[i].freedom, row[i].x, &slope);
        assert_true(fabs(beyond / row[i].beyond - 1) < 1e-11);
        assert_true(fabs(-slope / row[i].slope - 1) < 1e-11);
    }
}

/* The sum of the logarithms of a law's densities at x: the density of |x| is -slope / |x|, that of x half. */
static double log_likelihood(double (*beyond)(double, double, double *), double parameter, double scale,
                             const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double slope;
        beyond(parameter, fabs(x[i]) / scale, &slope);
        sum += log(-slope / fabs(x[i]) / 2);
    }
    return sum;
}

/* w (1 - w²)^(-1/b) at n equal steps of w. */
static void put_quantiles(double *x, size_t n, double b)
{
    for (size_t i = 0; i < n; i++) {
        double w = (2 * (double)i + 1) / (double)n - 1;
        x[i] = w * pow(1 - w * w, -1 / b);
    }
}

static ht_student compare(const double *x, size_t n)
{
    ht_error err;
    ht_tail_sample sample;
    ht_tail_subset subset;
    ht_stable_fit fit;
    ht_student s;
    assert_int_equal(ht_tail_sample_take(&sample, &(ht_values){.f64 = x, .rows = n, .columns = 1}, &err),
                     HT_OK);
    assert_int_equal(ht_tail_subset_take(&subset, &sample, &err), HT_OK);
    assert_int_equal(ht_stable_fit_make(&fit, &subset, false, &err), HT_OK);
    ht_student_compare(&s, &sample, &subset, &fit);
    ht_tail_subset_free(&subset);
    return s;
}

/* SciPy: levy_stable.pdf and t.logpdf of w (1 - w²)^(-1/b), w = -399/400, -397/400 … 399/400, their
 * parameters by minimize (Nelder-Mead). */
static void students_law_is_nearer_by_the_likelihoods_of_scipy(void **state)
{
    (void)state;
    enum { N = 400 };
    static const struct {
        double b, freedom, student_scale, student, alpha, stable_scale, stable;
    } row[] = {
        {0.7, 0.6598768781, 0.5985308935, -1042.36812688, 0.7543373521, 0.7197204942, -1042.37623905},
        {1.3, 1.21649233, 0.6737843167, -772.96216665, 1.111306028, 0.6342271761, -773.324353046},
        {1.7, 1.649381136, 0.6978806013, -688.461873448, 1.296317752, 0.6154935515, -689.412863024},
    };
    for (size_t k = 0; k < sizeof row / sizeof row[0]; k++) {
        double x[N] = {0};
        put_quantiles(x, N, row[k].b);
        double student = log_likelihood(ht_student_beyond, row[k].freedom, row[k].student_scale, x, N),
               stable = log_likelihood(ht_stable_beyond, row[k].alpha, row[k].stable_scale, x, N);
        assert_true(fabs(student - row[k].student) < 1e-4 && fabs(stable - row[k].stable) < 1e-2);
        ht_student s = compare(x, N);
        if (fabs(s.freedom - row[k].freedom) > 0.03 || fabs(s.ratio - (stable - student)) > 0.05)
            fail_msg("b %g: %g degrees of freedom, %g nats; SciPy %g, %g", row[k].b, s.freedom, s.ratio,
                     row[k].freedom, stable - student);
    }
}

/* Values that no law comes near, however far: both laws are asked within their reach. */
static void outliers_do_not_stop_the_comparison(void **state)
{
    (void)state;
    enum { N = 2000 };
    static const double outlier[] = {1e20, 1e100, 1e290}, b[] = {0.5, 1, 1.3, 1.8};
    for (size_t i = 0; i < sizeof outlier / sizeof outlier[0]; i++)
        for (size_t k = 0; k < sizeof b / sizeof b[0]; k++) {
            double x[N] = {0};
            put_quantiles(x, N, b[k]);
            x[N - 1] = outlier[i];
            ht_student s = compare(x, N);
            if (!isfinite(s.ratio)) fail_msg("b %g, %g: %g nats", b[k], outlier[i], s.ratio);
        }
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
        cmocka_unit_test(samples_of_a_search_are_cancelled),
        cmocka_unit_test(students_law_is_that_of_scipy),
        cmocka_unit_test(students_law_is_nearer_by_the_likelihoods_of_scipy),
        cmocka_unit_test(outliers_do_not_stop_the_comparison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
