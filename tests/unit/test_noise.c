/* test_noise.c - the sampler: bits, values, law, tail. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "math/kernel.h"
#include "math/noise.h"
#include "math/rng.h"
#include "unit/golden.h"

static const double alphas[] = {1.0, 1.01, 1.1, 1.25, 1.5, 1.75, 1.9, 1.99, 2.0};
enum { ALPHAS = sizeof alphas / sizeof alphas[0] };

static ht_noise_key key_at(uint64_t seed, uint32_t step)
{
    return (ht_noise_key){{(uint32_t)seed, (uint32_t)(seed >> 32)}, step, (uint32_t)HT_STREAM_NOISE << 24};
}

/* Known answers of Random123 for philox4x32-10. */
static void philox_gives_the_published_answers(void **state)
{
    (void)state;
    static const uint32_t cases[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
         0x5001e420, 0x24126ea1}};
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        ht_philox(cases[i] + 4, cases[i], out);
        assert_memory_equal(out, cases[i] + 6, sizeof out);
    }
}

/* The slow twin: the same 64 bits, Chambers-Mallows-Stuck written down in long double. */
static double twin_draw(const ht_noise_key *key, uint32_t neuron, uint32_t index, double alpha)
{
    uint32_t block = index / 32, r = index % 32,
             counter[4] = {block * 16 + r % 16, neuron, key->step, key->purpose}, w[4];
    ht_philox(key->key, counter, w);
    uint32_t a = w[r / 16 * 2], b = w[r / 16 * 2 + 1];
    long double v = ((long double)(a >> 1) * 16 + (b & 15) + 0.5L) / 0x1p35L;
    long double e = -logl(((long double)(b >> 4) + 0.5L) / 0x1p28L);
    long double al = (long double)alpha, u = M_PIl / 2 * (1 - v);
    long double x = sinl(al * u) / powl(cosl(u), 1 / al) * powl(e / cosl((al - 1) * u), (al - 1) / al);
    return (double)(a & 1 ? -x : x);
}

static void draws_match_the_slow_twin(void **state)
{
    (void)state;
    enum { N = 20000 };
    static float x[N];
    for (int k = 0; k < ALPHAS; k++) {
        ht_noise_key key = key_at(77, (uint32_t)k);
        float alpha = (float)alphas[k];
        double worst = 0;
        memset(x, 0, sizeof x);
        ht_kernel()->stable(x, N, &key, 5, alpha, 1);
        for (uint32_t i = 0; i < N; i++) {
            double truth = twin_draw(&key, 5, i, (double)alpha);
            worst = fmax(worst, fabs((double)x[i] / truth - 1));
        }
        if (worst > 4e-6) fail_msg("alpha %g: relative error %g", alphas[k], worst);
    }
}

/* -ffp-contract=off and one source: not only close, but equal. */
static void every_instruction_set_gives_the_same_bits(void **state)
{
    (void)state;
    enum { N = 5000 };
    static float first[3][N], other[3][N];
    for (int k = 0; k < ALPHAS; k++) {
        ht_noise_key key = key_at(3, 9);
        const ht_kernels *const *builds = ht_kernel_builds();
        for (int b = 0; builds[b]; b++) {
            float(*x)[N] = b ? other : first;
            memset(x, 0, sizeof first);
            builds[b]->stable(x[0], N, &key, 1, (float)alphas[k], 0.5f);
            builds[b]->normal(x[1], N, &key, 1, 0.5f);
            builds[b]->stable_first(x[2], N, &key, 1, (float)alphas[k]);
            assert_memory_equal(first, x, sizeof first);
        }
    }
}

/* Counter-based: pieces, rows and shards of any size give what one call gives. */
static void draws_do_not_depend_on_the_cut(void **state)
{
    (void)state;
    enum { ROWS = 150, COLUMNS = 77 };
    static float whole[ROWS * COLUMNS], pieces[ROWS * COLUMNS];
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++) {
        ht_noise noise = {
            .type = (ht_noise_type)type, .alpha = 1.6, .seed = 1u, .step = (1ull << 33) + 5, .layer = 2};
        memset(whole, 0, sizeof whole);
        memset(pieces, 0, sizeof pieces);
        ht_noise_add(&noise, whole, 0, ROWS, COLUMNS, 1);
        for (size_t r = 0, m = 1; r < ROWS; r += m, m = m % 67 + 5)
            ht_noise_add(&noise, pieces + r * COLUMNS, r, r + m <= ROWS ? m : ROWS - r, COLUMNS, 1);
        assert_memory_equal(whole, pieces, sizeof whole);
        noise.step = 5; /* the high bits of the step count too */
        memset(pieces, 0, sizeof pieces);
        ht_noise_add(&noise, pieces, 0, ROWS, COLUMNS, 1);
        assert_true(memcmp(whole, pieces, sizeof whole) != 0);
    }
}

static void shared_is_one_draw_per_neuron(void **state)
{
    (void)state;
    enum { ROWS = 130, COLUMNS = 9 };
    float shared[ROWS * COLUMNS] = {0}, iid[ROWS * COLUMNS] = {0};
    ht_noise noise = {.type = HT_NOISE_SHARED, .alpha = 1.8, .seed = 4, .step = 8};
    ht_noise_add(&noise, shared, 0, ROWS, COLUMNS, 1);
    noise.type = HT_NOISE_IID;
    ht_noise_add(&noise, iid, 0, ROWS, COLUMNS, 1);
    for (int r = 0; r < ROWS; r++)
        for (int j = 0; j < COLUMNS; j++) assert_true(shared[r * COLUMNS + j] == iid[r * COLUMNS]);
}

/* ---- the law
 * -----------------------------------------------------------------------------------------------------------
 */

enum { DRAWS = 4000000, CHUNK = 100000 };

typedef struct cdf_check {
    double alpha;
    const float *x; /* sorted */
    double worst;
    int points;
} cdf_check;

static size_t count_below(const float *x, size_t n, double value)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((double)x[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void cdf_row(void *context, int fields, char **field)
{
    cdf_check *c = context;
    assert_true(fields >= 6);
    if (fabs(atof(field[0]) - c->alpha) > 1e-9) return;
    double x = atof(field[2]), cdf = atof(field[5]);
    c->worst = fmax(c->worst, fabs((double)count_below(c->x, DRAWS, x) / DRAWS - cdf));
    c->points++;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void distribution_matches_the_golden_cdf(void **state)
{
    (void)state;
    static const double table[] = {1.0, 1.5, 1.75, 2.0};
    float *x = malloc(DRAWS * sizeof *x);
    for (int k = 0; k < 4; k++) {
        memset(x, 0, DRAWS * sizeof *x);
        for (uint32_t i = 0; i < DRAWS / CHUNK; i++) {
            ht_noise_key key = key_at(2024, i);
            ht_kernel()->stable(x + i * CHUNK, CHUNK, &key, 3, (float)table[k], 1);
        }
        qsort(x, DRAWS, sizeof *x, by_value);
        cdf_check c = {.alpha = table[k], .x = x};
        golden_csv("stable_cdf.csv", cdf_row, &c);
        assert_true(c.points > 10);
        if (c.worst > 1.95 / sqrt(DRAWS)) fail_msg("alpha %g: distance %g", table[k], c.worst);
    }
    free(x);
}

/* P(|X| > x) for α = 1.5 and large x by its series: C x^-α (1 + c2 x^-α …), against counts far out. The
 * threshold is where the first term alone gives p; the second term is added. */
static double tail_probability(double alpha, double x)
{
    double sum = 0;
    for (int k = 1; k <= 6; k++)
        sum += (k % 2 ? 1 : -1) * tgamma(k * alpha) / tgamma(k + 1) * sin(k * M_PI * alpha / 2) *
               pow(x, -k * alpha);
    return 2 * sum / M_PI;
}

static void tail_counts_are_right_to_one_in_a_million(void **state)
{
    (void)state;
    enum { N = 40000000, LEVELS = 5 };
    static float x[CHUNK];
    for (double alpha = 1.25; alpha < 1.8; alpha += 0.25) {
        double threshold[LEVELS];
        long count[LEVELS] = {0};
        for (int l = 0; l < LEVELS; l++) /* invert the series by bisection */
            for (double low = 3, high = 1e8;;) {
                threshold[l] = sqrt(low * high);
                if (high / low < 1 + 1e-9) break;
                if (tail_probability(alpha, threshold[l]) > pow(10, -2 - l))
                    low = threshold[l];
                else
                    high = threshold[l];
            }
        for (uint32_t i = 0; i < N / CHUNK; i++) {
            ht_noise_key key = key_at(99, i);
            memset(x, 0, sizeof x);
            ht_kernel()->stable(x, CHUNK, &key, 0, (float)alpha, 1);
            for (int j = 0; j < CHUNK; j++) {
                double m = fabs((double)x[j]);
                if (m > threshold[0])
                    for (int l = 0; l < LEVELS && m > threshold[l]; l++) count[l]++;
            }
        }
        for (int l = 0; l < LEVELS; l++) {
            double p = pow(10, -2 - l), expected = N * p;
            if (fabs((double)count[l] - expected) > 4 * sqrt(expected) + 1)
                fail_msg("alpha %g: %ld draws beyond P = %g, expected %g", alpha, count[l], p, expected);
        }
    }
}

/* The bits whose uniform rounds to 1 in float, the least angle and the largest: finite and of the right size.
 * (A logarithm of that rounded 1 once made a draw of 1e16 in every 2^24.) */
static void no_draw_is_wild(void **state)
{
    (void)state;
    enum { N = 60000000 };
    static float x[CHUNK];
    double most = 0;
    for (uint32_t i = 0; i < N / CHUNK; i++) {
        ht_noise_key key = key_at(5, i);
        memset(x, 0, sizeof x);
        ht_kernel()->stable(x, CHUNK, &key, 1, 2.0f, 1);
        for (int j = 0; j < CHUNK; j++) most = fmax(most, fabs((double)x[j]));
        for (int j = 0; j < CHUNK; j++) assert_true(isfinite(x[j]));
    }
    /* N(0, 2): 6e7 draws stay below √2 · 7, and some pass √2 · 5. */
    assert_true(most < 9.9 && most > 7.07);
}

static void normal_draws_have_the_right_moments(void **state)
{
    (void)state;
    enum { N = 4000000 };
    static float x[CHUNK];
    double s1 = 0, s2 = 0, s4 = 0, far = 0, lag = 0;
    for (uint32_t i = 0; i < N / CHUNK; i++) {
        ht_noise_key key = key_at(6, i);
        memset(x, 0, sizeof x);
        ht_kernel()->normal(x, CHUNK, &key, 1, 1);
        for (int j = 0; j < CHUNK; j++) {
            double y = (double)x[j];
            s1 += y, s2 += y * y, s4 += y * y * y * y, far += fabs(y) > 4;
            if (j >= 32) lag += y * (double)x[j - 32]; /* the other half of Box-Muller's pair */
        }
    }
    assert_true(fabs(s1 / N) < 4 / sqrt(N));
    assert_true(fabs(s2 / N - 1) < 4 * sqrt(2.0 / N));
    assert_true(fabs(s4 / N - 3) < 4 * sqrt(96.0 / N));
    assert_true(fabs(far - N * 6.334e-5) < 4 * sqrt(N * 6.334e-5));
    assert_true(fabs(lag / N) < 4 / sqrt(N));
}

static void laplace_row(void *context, int fields, char **field)
{
    enum { N = 200000 };
    static double a[N];
    static double made_for = -1;
    int *rows = context;
    double alpha = atof(field[0]), s = atof(field[4]), laplace = atof(field[5]);
    assert_true(fields >= 6);
    if (alpha < 1) return; /* our α starts at 1 */
    if (alpha != made_for) {
        ht_noise noise = {.type = HT_NOISE_ISOTROPIC, .alpha = alpha, .seed = 12};
        for (size_t i = 0; i < N; i++) a[i] = ht_noise_subordinator(&noise, i);
        made_for = alpha;
    }
    double mean = 0, error = sqrt((exp(-pow(2 * s, alpha / 2)) - laplace * laplace) / N);
    for (int i = 0; i < N; i++) mean += exp(-s * a[i]) / N;
    if (fabs(mean - laplace) > 4 * error + 1e-12)
        fail_msg("alpha %g, s %g: %g instead of %g", alpha, s, mean, laplace);
    ++*rows;
}

static void subordinator_has_its_laplace_transform(void **state)
{
    (void)state;
    int rows = 0;
    golden_csv("subordinator_laplace.csv", laplace_row, &rows);
    assert_true(rows > 40);
    ht_noise gauss = {.type = HT_NOISE_ISOTROPIC, .alpha = 2};
    assert_true(ht_noise_subordinator(&gauss, 7) == 1);
}

/* E cos(t x) of one weight is exp(-|t/√2|^α); and neurons share nothing, weights of one neuron share A. */
static void isotropic_noise_has_its_characteristic_function(void **state)
{
    (void)state;
    enum { ROWS = 100000, COLUMNS = 2 };
    static float x[ROWS * COLUMNS];
    for (double alpha = 1.2; alpha <= 2; alpha += 0.4) {
        ht_noise noise = {.type = HT_NOISE_ISOTROPIC, .alpha = alpha, .seed = 21};
        memset(x, 0, sizeof x);
        ht_noise_add(&noise, x, 0, ROWS, COLUMNS, 1);
        for (double t = 0.3; t < 3; t *= 2) {
            double mean = 0, neighbours = 0;
            for (int r = 0; r < ROWS; r++) mean += cos(t * (double)x[2 * r]) / ROWS;
            for (int r = 0; r + 1 < ROWS; r++)
                neighbours += cos(t * (double)(x[2 * r] + x[2 * r + 2])) / (ROWS - 1);
            double phi = exp(-pow(t / M_SQRT2, alpha));
            assert_true(fabs(mean - phi) < 4 / sqrt(ROWS));
            assert_true(fabs(neighbours - phi * phi) < 5 / sqrt(ROWS));
        }
    }
}

/* Draws of neighbouring indices, neurons, steps and layers are independent: signs agree half of the time,
 * large values do not come together. */
static void draws_are_independent_across_the_counter(void **state)
{
    (void)state;
    enum { N = 400000 };
    static float base[N + 1], other[N];
    for (int kind = 0; kind < 4; kind++) {
        ht_noise_key key = key_at(31, 7), next = key;
        if (kind == 2) next.step++;
        if (kind == 3) next.purpose += 1u << 16;
        memset(base, 0, sizeof base);
        memset(other, 0, sizeof other);
        ht_kernel()->stable(base, N + 1, &key, 10, 1.5f, 1);
        ht_kernel()->stable(other, N, &next, kind == 1 ? 11 : 10, 1.5f, 1);
        const float *second = kind == 0 ? base + 1 : other;
        double signs = 0, large = 0, both = 0;
        for (int i = 0; i < N; i++) {
            signs += (base[i] > 0) == (second[i] > 0);
            large += fabsf(base[i]) > 3;
            both += fabsf(base[i]) > 3 && fabsf(second[i]) > 3;
        }
        double p = large / N;
        assert_true(fabs(signs - N / 2.0) < 4 * sqrt(N / 4.0));
        assert_true(fabs(both - N * p * p) < 4.5 * sqrt(N * p * p));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_answers),
        cmocka_unit_test(draws_match_the_slow_twin),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
        cmocka_unit_test(draws_do_not_depend_on_the_cut),
        cmocka_unit_test(shared_is_one_draw_per_neuron),
        cmocka_unit_test(distribution_matches_the_golden_cdf),
        cmocka_unit_test(tail_counts_are_right_to_one_in_a_million),
        cmocka_unit_test(no_draw_is_wild),
        cmocka_unit_test(normal_draws_have_the_right_moments),
        cmocka_unit_test(subordinator_has_its_laplace_transform),
        cmocka_unit_test(isotropic_noise_has_its_characteristic_function),
        cmocka_unit_test(draws_are_independent_across_the_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
