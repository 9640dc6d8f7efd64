/* test_quantile.c - the law of |X| and the table of its quantiles, against an integral added up the slow way.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "num/rng.h"
#include "stable/stable_law.h"
#include "stable/stable_quantile.h"
#include "stable/stable_tail.h"
#include "unit/golden.h"

static const double alphas[] = {1.0, 1.0001, 1.01, 1.1, 1.25, 1.5, 1.75, 1.9, 1.99, 1.999, 1.9999, 2.0};
enum { ALPHAS = sizeof alphas / sizeof alphas[0] };

/* P(|X| > x) as Zolotarev wrote it: E is exponential, s = π/2 - θ = π/2 e^y/(1 + e^y), and for each θ the
 * probability that E exceeds x^(α/(α-1)) V(θ). No integration by parts, no window: all of y with one step. */
static double beyond_twin(double alpha, double x)
{
    enum { POINTS = 36000 };
    double sum = 0, low = -75, h = 110.0 / POINTS, power = alpha / (alpha - 1);
    if (alpha == 2) return erfc(x / 2);
    for (int i = 0; i <= POINTS; i++) {
        double y = low + h * i, s = M_PI_2 / (1 + exp(-y)), theta = M_PI_2 / (1 + exp(y));
        double sine = theta < 0.5 ? sin(alpha * theta) : sin((2 - alpha) * M_PI_2 + alpha * s);
        double cosine = sin((2 - alpha) * M_PI_2 + (alpha - 1) * s); /* of (α-1)θ */
        sum += exp(-pow(x * sin(s) / sine, power) * cosine / sin(s)) * s * theta;
    }
    return sum * h / (M_PI_2 * M_PI_2);
}

static void law_agrees_with_the_integral_added_up_slowly(void **state)
{
    (void)state;
    for (int k = 2; k < ALPHAS; k++) /* nearer to 1 the slow sum's own steps are too coarse */
        for (double x = 0.05; x < 1e9; x *= k % 2 ? 9 : 40) {
            double slope, p = ht_stable_beyond(alphas[k], x, &slope), truth = beyond_twin(alphas[k], x);
            if (truth > 1e-24 && fabs(p / truth - 1) > 1e-10)
                fail_msg("alpha %g, x %g: %.15g, not %.15g", alphas[k], x, p, truth);
        }
}

static void slope_is_the_derivative(void **state)
{
    (void)state;
    const double h = 1e-5;
    for (int k = 0; k < ALPHAS; k++)
        for (double x = 0.05; x < 12; x *= 1.7) {
            double slope, ignored;
            ht_stable_beyond(alphas[k], x, &slope);
            double difference = ht_stable_beyond(alphas[k], x * exp(h), &ignored) -
                                ht_stable_beyond(alphas[k], x * exp(-h), &ignored);
            if (fabs(difference / (2 * h) / slope - 1) > 1e-6) fail_msg("alpha %g, x %g", alphas[k], x);
        }
}

static void cdf_row(void *context, int fields, char **field)
{
    int *rows = context;
    double alpha = atof(field[0]), x = atof(field[2]), cdf = atof(field[5]), slope;
    assert_true(fields >= 6);
    if (alpha < 1 || x <= 0) return;
    if (fabs(ht_stable_beyond(alpha, x, &slope) / 2 - (1 - cdf)) > 1e-10)
        fail_msg("alpha %g, x %g", alpha, x);
    ++*rows;
}

static void law_matches_the_golden_cdf(void **state)
{
    (void)state;
    int rows = 0;
    golden_csv("stable_cdf.csv", cdf_row, &rows);
    assert_true(rows > 150);
}

static void far_tail_matches_the_series(void **state)
{
    (void)state;
    for (double alpha = 1.05; alpha < 1.95; alpha += 0.1)
        for (double p = 1e-5; p > 1e-11; p /= 10) {
            double slope, x = ht_stable_tail_quantile(alpha, p);
            assert_true(fabs(ht_stable_beyond(alpha, x, &slope) / p - 1) < 1e-9);
            assert_true(fabs(slope / p / -alpha - 1) < 1e-2);
        }
}

/* Where nodes are shared the sums are other ones; and a range with more nodes than there is room for. */
static void many_at_once_are_as_one_by_one(void **state)
{
    enum { MANY = 120 };
    static const double more[] = {0.3, 0.5, 0.8, 0.95, 0.97, 0.995, 1, 1.005, 1.03, 1.1, 1.3, 1.75, 1.99, 2};
    double x[MANY], beyond[MANY], slope[MANY];
    (void)state;
    for (size_t k = 0; k < sizeof more / sizeof more[0]; k++) {
        for (int i = 0; i < MANY; i++) x[i] = exp(-6 + i * (6 + 46 / more[k]) / MANY);
        if (more[k] > 1.9)
            for (int i = 0; i < MANY; i++) x[i] = exp(-6 + i * 8.0 / MANY);
        for (int n = 0; n <= MANY; n += 40) {
            ht_stable_beyond_all(more[k], x, n, beyond, slope);
            for (int i = 0; i < n; i++) {
                double own_slope, own = ht_stable_beyond(more[k], x[i], &own_slope);
                assert_true(fabs(beyond[i] / own - 1) < 1e-10 && fabs(slope[i] / own_slope - 1) < 1e-9);
            }
        }
    }
}

/* ---- the table ---- */

/* The u that a draw stands for. */
static double share(uint32_t word, uint32_t more)
{
    double m = word & 0x7fffffffu;
    return ht_quantile_is_far(word) ? (m * 0x1p32 + more + 0.5) * 0x1p-63 : (m + 0.5) * 0x1p-31;
}

/* How far a draw is from the quantile, relative, by the law's own slope: near u = 1, w = 1 - u is what
 * counts. */
static double error_of(double alpha, double x, double u)
{
    double slope, p = ht_stable_beyond(alpha, x, &slope);
    return fabs((p - u) / slope);
}

static double asked(double alpha)
{
    if (alpha == 2) return 4e-7;        /* fewer terms */
    return alpha > 1.999 ? 1e-6 : 3e-7; /* the sharp bend from the normal to the power law */
}

static void random_draws_are_the_quantiles(void **state)
{
    (void)state;
    static ht_quantiles q;
    ht_rng rng;
    ht_rng_init(&rng, 3, HT_STREAM_TEST, 0);
    for (int k = 0; k < ALPHAS; k++) {
        ht_quantiles_build(&q, alphas[k]);
        for (int i = 0; i < 4000; i++) {
            /* every octave of u alike */
            uint32_t word = ht_rng_u32(&rng) >> 1 >> ht_rng_below(&rng, 31), more = ht_rng_u32(&rng);
            if (word == 0) more >>= ht_rng_below(&rng, 32);
            double x = (double)ht_quantile_draw(&q, word, more), u = share(word, more);
            double error = u > 0.999 ? 0 : error_of(alphas[k], x, u); /* there see the next test */
            if (error > asked(alphas[k])) fail_msg("alpha %g, u %g: off by %g", alphas[k], u, error);
            assert_true((double)ht_quantile_draw(&q, word | 0x80000000u, more) == -x);
        }
    }
}

static void draws_are_the_quantiles_of_the_slow_twin(void **state)
{
    (void)state;
    static ht_quantiles q;
    static const double shares[] = {0.9, 0.5, 0.3, 1e-2, 1e-5, 1e-9, 1e-15, 1e-18};
    for (int k = 2; k < ALPHAS; k++) {
        ht_quantiles_build(&q, alphas[k]);
        for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
            uint64_t all = (uint64_t)(shares[i] * 0x1p63);
            uint32_t word = (uint32_t)(all >> 32), more = (uint32_t)all;
            double x = (double)ht_quantile_draw(&q, word, more), u = share(word, more), h = 1e-3;
            double p = beyond_twin(alphas[k], x), per_log = (beyond_twin(alphas[k], x * (1 + h)) - p) / h;
            if (fabs((p - u) / per_log) > asked(alphas[k])) fail_msg("alpha %g, u %g: %g", alphas[k], u, x);
        }
    }
}

/* Near 0 the law is uniform: x = w π / (2 Γ(1 + 1/α)). The least draws keep their relative precision. */
static void the_least_draws_are_right_and_never_zero(void **state)
{
    (void)state;
    static ht_quantiles q;
    for (int k = 0; k < ALPHAS; k++) {
        ht_quantiles_build(&q, alphas[k]);
        for (uint32_t away = 0; away < 1u << 20; away = away * 2 + 1) {
            double w = ((double)away + 0.5) * 0x1p-31,
                   x = (double)ht_quantile_draw(&q, 0x7fffffffu - away, 0);
            assert_true(fabs(x / (w * M_PI_2 / tgamma(1 + 1 / alphas[k])) - 1) < 1e-6);
        }
    }
}

/* All zeros is the farthest draw: u = 2^-64. */
static void extreme_words_give_finite_draws_of_the_right_size(void **state)
{
    (void)state;
    static ht_quantiles q;
    static const uint32_t word[] = {0, 1, 0x7ffe, 0x7fff, 0x8000, 0x3fffffff, 0x40000000, 0x7fffffff};
    static const uint32_t more[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
    for (int k = 0; k <= 50; k++) {
        double alpha = 1 + k / 50.0;
        float last = INFINITY;
        ht_quantiles_build(&q, alpha);
        for (size_t i = 0; i < 40; i++) {
            uint32_t w = word[i / 5], m = more[i % 5];
            float x = ht_quantile_draw(&q, w, m);
            assert_true(isfinite(x) && x > 0);
            if (w < 0x8000) assert_true(x <= last); /* they come in falling order */
            last = x;
            if (w < 0x7fffffff && error_of(alpha, (double)x, share(w, m)) > asked(alpha))
                fail_msg("alpha %g, bits %x %x: %g", alpha, w, m, (double)x);
        }
    }
}

/* The pieces of the table meet: from one float to the next no step back beyond rounding. */
static void quantiles_fall_all_the_way(void **state)
{
    (void)state;
    static ht_quantiles q;
    for (int k = 0; k < ALPHAS; k++) {
        ht_quantiles_build(&q, alphas[k]);
        double last = INFINITY;
        for (double m = 0.6; m < 0x1p31; m *= 1.001) {
            double x = (double)ht_quantile_draw(&q, (uint32_t)m, 0);
            if (x > last * (1 + 3e-7)) fail_msg("alpha %g, m %g", alphas[k], m);
            last = x;
        }
    }
}

static void table_row(void *context, int fields, char **field)
{
    static ht_quantiles q;
    int *rows = context;
    double alpha = atof(field[0]), p = atof(field[2]), x = atof(field[3]);
    assert_true(fields >= 4);
    if (alpha < 1 || p <= 0.5) return;
    ht_quantiles_build(&q, alpha);
    uint32_t word =
        (uint32_t)(2 * (1 - p) * 0x1p31); /* the table's p are coarser than the lattice of words */
    double slope, draw = (double)ht_quantile_draw(&q, word, 0), u = share(word, 0);
    ht_stable_beyond(alpha, x, &slope);
    double expected = x * (1 + (u - 2 * (1 - p)) / slope);
    if (fabs(draw / expected - 1) > 4e-7) fail_msg("alpha %g, p %g: %g, not %g", alpha, p, draw, expected);
    ++*rows;
}

static void table_matches_the_golden_quantiles(void **state)
{
    (void)state;
    int rows = 0;
    golden_csv("stable_quantiles.csv", table_row, &rows);
    assert_true(rows > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(law_agrees_with_the_integral_added_up_slowly),
        cmocka_unit_test(slope_is_the_derivative),
        cmocka_unit_test(many_at_once_are_as_one_by_one),
        cmocka_unit_test(law_matches_the_golden_cdf),
        cmocka_unit_test(far_tail_matches_the_series),
        cmocka_unit_test(random_draws_are_the_quantiles),
        cmocka_unit_test(draws_are_the_quantiles_of_the_slow_twin),
        cmocka_unit_test(the_least_draws_are_right_and_never_zero),
        cmocka_unit_test(extreme_words_give_finite_draws_of_the_right_size),
        cmocka_unit_test(quantiles_fall_all_the_way),
        cmocka_unit_test(table_matches_the_golden_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
