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

#include "kernel/kernel.h"
#include "nn/noise.h"
#include "num/rng.h"
#include "num/select.h"
#include "stable/stable_tail.h"
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

static void prepare(ht_noise *noise)
{
    static ht_noise_laws laws;
    ht_noise_prepare(noise, &laws);
}

/* The slow twin: one counter, one word, one polynomial at a time. */
static float twin_draw(const ht_noise *noise, const ht_noise_key *key, uint32_t neuron, uint32_t index)
{
    uint32_t r = index % 64, counter[4] = {index / 64 * 16 + r % 32 / 2, neuron, key->step, key->purpose};
    uint32_t far[4] = {0x80000000u | index, neuron, key->step, key->purpose}, w[4], more[4];
    ht_philox(key->key, counter, w);
    ht_philox(key->key, far, more);
    return ht_quantile_draw(noise->law, w[r / 32 * 2 + r % 2], more[0]);
}

static void draws_match_the_slow_twin(void **state)
{
    (void)state;
    enum { N = 300000 };
    static float x[N];
    int far = 0;
    for (int k = 0; k < ALPHAS; k++) {
        ht_noise noise = {.type = HT_NOISE_IID, .alpha = alphas[k], .seed = 77, .step = (uint64_t)k};
        ht_noise_key key = key_at(77, (uint32_t)k);
        prepare(&noise);
        memset(x, 0, sizeof x);
        ht_noise_add(&noise, x, 5, 1, N, 1);
        float boundary = ht_quantile_draw(noise.law, HT_QUANTILE_FAR, 0);
        for (uint32_t i = 0; i < N; i++) {
            assert_true(x[i] == twin_draw(&noise, &key, 5, i));
            far += fabsf(x[i]) > boundary;
        }
    }
    assert_true(far > 15 && far < 90); /* 41 expected beyond P = 2^-16 */
}

/* -ffp-contract=off and one source: not only close, but equal; the corners of the word too. */
static void every_instruction_set_gives_the_same_bits(void **state)
{
    (void)state;
    enum { BLOCKS = 70, N = BLOCKS * HT_NOISE_BLOCK, CORNERS = 32 };
    static const uint32_t corner[CORNERS / 2] = {
        0,          1,          0x7fff,     0x8000,     0x8001,     0xffff,     0x10000,    0x3fffff,
        0x3fffffff, 0x40000000, 0x40000001, 0x5fffffff, 0x60000000, 0x7ffffffe, 0x7fffffff, 0x12345678};
    static uint32_t words[2][N + CORNERS];
    static float x[2][N + CORNERS], w[2][N];
    static ht_quantiles law;
    const ht_kernels *const *builds = ht_kernel_builds();
    for (int i = 0; i < CORNERS; i++) words[0][N + i] = words[1][N + i] = corner[i / 2] | (uint32_t)i << 31;
    for (int k = 0; k < ALPHAS; k++) {
        ht_quantiles_build(&law, alphas[k]);
        for (int b = 0; builds[b]; b++) {
            int other = b > 0;
            ht_noise_key key = key_at(3, 9);
            memset(x[other], 0, sizeof x[0]);
            memset(w[other], 0, sizeof w[0]);
            builds[b]->row_words(words[other], BLOCKS - 1, &key, 1, 3);
            builds[b]->first_words(words[other] + N - HT_NOISE_BLOCK, &key, 11);
            assert_true(builds[b]->quantiles(&law, words[other], N + CORNERS, x[other]));
            assert_false(builds[b]->quantiles(&law, words[other] + N + 6, CORNERS - 16, x[other] + N + 6));
            for (int i = 0; i < N + CORNERS; i++) /* those are made elsewhere */
                if (ht_quantile_is_far(words[other][i])) x[other][i] = 0;
            builds[b]->add_scaled(w[other], x[other], N - 5, 0.3f);
            assert_memory_equal(words[0], words[other], sizeof words[0]);
            assert_memory_equal(x[0], x[other], sizeof x[0]);
            assert_memory_equal(w[0], w[other], sizeof w[0]);
        }
        for (int i = 0; i < N + CORNERS; i++)
            if (!ht_quantile_is_far(words[0][i]))
                assert_true(x[0][i] == ht_quantile_draw(&law, words[0][i], 0));
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
        prepare(&noise);
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
    prepare(&noise);
    ht_noise_add(&noise, shared, 0, ROWS, COLUMNS, 1);
    noise.type = HT_NOISE_IID;
    prepare(&noise);
    ht_noise_add(&noise, iid, 0, ROWS, COLUMNS, 1);
    for (int r = 0; r < ROWS; r++)
        for (int j = 0; j < COLUMNS; j++) assert_true(shared[r * COLUMNS + j] == iid[r * COLUMNS]);
}

/* ---- the law ----------------------------------------------------------------------------------- */

enum { CHUNK = 100000, POINTS = 32 };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum {
    DRAWS = 400000,
    TAIL_DRAWS = 4000000,
    WILD_DRAWS = 2000000
}; /* sanitized loops are ten times slower */
#else
enum { DRAWS = 10000000, TAIL_DRAWS = 40000000, WILD_DRAWS = 60000000 };
#endif

/* The golden distribution function of one α at its table's points, and how many draws fell between them. */
typedef struct cdf_table {
    double alpha, x[POINTS], cdf[POINTS];
    long between[POINTS + 1];
    int points;
} cdf_table;

static void cdf_row(void *context, int fields, char **field)
{
    cdf_table *t = context;
    assert_true(fields >= 6 && t->points < POINTS);
    if (fabs(atof(field[0]) - t->alpha) > 1e-9) return;
    t->x[t->points] = atof(field[2]);
    t->cdf[t->points++] = atof(field[5]);
}

/* Signs are fair coins of their own bit: the table's x ≥ 0 and their mirror images are counted apart. */
static void count_draws(cdf_table *t, const float *x, size_t n, double factor, long *negative)
{
    for (size_t i = 0; i < n; i++) {
        double m = fabs((double)x[i]) * factor;
        int low = 0, high = t->points;
        while (low < high) {
            int middle = (low + high) / 2;
            if (m <= t->x[middle])
                high = middle;
            else
                low = middle + 1;
        }
        t->between[low]++;
        *negative += signbit(x[i]) != 0;
    }
}

/* Kolmogorov's distance over the table's points (of |X|, whose distribution function is 2F - 1). */
static double distance(const cdf_table *t, double draws)
{
    double below = 0, worst = 0;
    for (int k = 0; k < t->points; k++) {
        below += (double)t->between[k];
        worst = fmax(worst, fabs(below / draws - (2 * t->cdf[k] - 1)));
    }
    return worst;
}

/* One weight of each of `n` neurons: for isotropic √2·√A·G ~ S(α, 0, 1, 0), for shared the draw of the row.
 */
static void draw_many(ht_noise_type type, double alpha, uint32_t part, float *x, size_t n)
{
    ht_noise noise = {.type = type, .alpha = alpha, .seed = 2024, .step = part};
    prepare(&noise);
    memset(x, 0, n * sizeof *x);
    if (type == HT_NOISE_IID)
        ht_noise_add(&noise, x, 3, 1, n, 1);
    else
        ht_noise_add(&noise, x, 0, n, 1, 1);
}

static void distribution_matches_the_golden_cdf_for_every_type(void **state)
{
    (void)state;
    static const double table[] = {1.0, 1.1, 1.25, 1.5, 1.75, 1.8, 1.9, 1.95, 2.0};
    static float x[CHUNK];
    for (int type = HT_NOISE_SHARED; type <= HT_NOISE_ISOTROPIC; type++)
        for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
            cdf_table t = {.alpha = table[k]};
            long negative = 0;
            /* isotropic at α = 2 is N(0, 1), the others N(0, 2): the factor √2 is right there too. */
            double factor = type == HT_NOISE_ISOTROPIC ? M_SQRT2 : 1;
            golden_csv("stable_cdf.csv", cdf_row, &t);
            assert_true(t.points > 20);
            for (uint32_t i = 0; i < DRAWS / CHUNK; i++) {
                draw_many((ht_noise_type)type, table[k], i, x, CHUNK);
                count_draws(&t, x, CHUNK, factor, &negative);
            }
            if (distance(&t, DRAWS) > 1.95 / sqrt(DRAWS))
                fail_msg("type %d, alpha %g: distance %g", type, table[k], distance(&t, DRAWS));
            assert_true(fabs((double)negative - DRAWS / 2.0) < 4 * sqrt(DRAWS / 4.0));
        }
}

/* The series of stable_tail.h against the golden distribution function and quantiles. */
static void tail_series_row(void *context, int fields, char **field)
{
    int *rows = context;
    double alpha = atof(field[0]), p = atof(field[2]), x = atof(field[3]);
    assert_true(fields >= 4);
    if (alpha < 1.2 || alpha > 1.9 || p < 0.9985) return;
    if (fabs(ht_stable_tail(alpha, x) / (2 * (1 - p)) - 1) > 2e-3) fail_msg("alpha %g, p %g", alpha, p);
    ++*rows;
}

static void tail_series_matches_the_golden_quantiles(void **state)
{
    (void)state;
    int rows = 0;
    golden_csv("stable_quantiles.csv", tail_series_row, &rows);
    assert_true(rows >= 4);
    for (double p = 1e-3; p > 1e-9; p /= 10)
        assert_true(fabs(ht_stable_tail(1.7, ht_stable_tail_quantile(1.7, p)) / p - 1) < 1e-9);
}

static void tail_counts_are_right_to_one_in_a_million(void **state)
{
    (void)state;
    enum { LEVELS = 5 }; /* 1e-2 … 1e-6; `heavytail bench tail` goes on to 1e-8 with 2^32 draws */
    static float x[CHUNK];
    for (double alpha = 1.25; alpha < 1.8; alpha += 0.25) {
        double threshold[LEVELS];
        long count[LEVELS] = {0};
        for (int l = 0; l < LEVELS; l++) threshold[l] = ht_stable_tail_quantile(alpha, pow(10, -2 - l));
        for (uint32_t i = 0; i < TAIL_DRAWS / CHUNK; i++) {
            draw_many(HT_NOISE_IID, alpha, i, x, CHUNK);
            for (int j = 0; j < CHUNK; j++) {
                double m = fabs((double)x[j]);
                if (m > threshold[0])
                    for (int l = 0; l < LEVELS && m > threshold[l]; l++) count[l]++;
            }
        }
        for (int l = 0; l < LEVELS; l++) {
            double p = pow(10, -2 - l), expected = TAIL_DRAWS * p;
            if (fabs((double)count[l] - expected) > 4 * sqrt(expected) + 1)
                fail_msg("alpha %g: %ld draws beyond P = %g, expected %g", alpha, count[l], p, expected);
        }
    }
}

/* Against another algorithm for the same law, at α that the golden tables do not hold: Chambers, Mallows and
 * Stuck (JASA 1976) in double. */
static void draws_have_the_law_of_chambers_mallows_and_stuck(void **state)
{
    (void)state;
    enum { N = 1000000 };
    static double x[N], y[N];
    static float draws[N];
    static const double other_alphas[] = {1.0001, 1.03, 1.37, 1.62, 1.97, 1.9999};
    for (size_t k = 0; k < sizeof other_alphas / sizeof *other_alphas; k++) {
        double alpha = other_alphas[k], worst = 0;
        ht_rng rng;
        ht_rng_init(&rng, 8, HT_STREAM_TEST, k);
        draw_many(HT_NOISE_IID, alpha, 99, draws, N);
        for (int i = 0; i < N; i++) {
            double u = M_PI * (ht_rng_uniform(&rng) - 0.5), e = -log(ht_rng_uniform(&rng));
            x[i] = (double)draws[i];
            y[i] =
                sin(alpha * u) / pow(cos(u), 1 / alpha) * pow(cos((1 - alpha) * u) / e, (1 - alpha) / alpha);
        }
        qsort(x, N, sizeof *x, ht_by_double);
        qsort(y, N, sizeof *y, ht_by_double);
        for (int i = 0, j = 0; i < N && j < N;) {
            if (x[i] < y[j])
                i++;
            else
                j++;
            worst = fmax(worst, fabs((double)(i - j)) / N);
        }
        if (worst > 1.95 * sqrt(2.0 / N)) fail_msg("alpha %g: distance %g", alpha, worst);
    }
}

static void no_draw_is_wild(void **state)
{
    (void)state;
    static float x[CHUNK];
    double most = 0;
    for (uint32_t i = 0; i < WILD_DRAWS / CHUNK; i++) {
        draw_many(HT_NOISE_IID, 2, i, x, CHUNK);
        for (int j = 0; j < CHUNK; j++) most = fmax(most, fabs((double)x[j]));
        for (int j = 0; j < CHUNK; j++) assert_true(isfinite(x[j]) && x[j] != 0);
    }
    /* N(0, 2): 6e7 draws stay below √2 · 7, and some pass √2 · 4.5. */
    assert_true(most < 9.9 && most > 6.36);
}

static void normal_draws_have_the_right_moments(void **state)
{
    (void)state;
    enum { N = 4000000 };
    static float x[CHUNK];
    double s1 = 0, s2 = 0, s4 = 0, far = 0, lag = 0;
    ht_noise noise = {.type = HT_NOISE_ISOTROPIC, .alpha = 2, .seed = 6};
    prepare(&noise);
    for (uint32_t i = 0; i < N / CHUNK; i++) {
        noise.step = i;
        memset(x, 0, sizeof x);
        ht_noise_add(&noise, x, 1, 1, CHUNK, 1);
        for (int j = 0; j < CHUNK; j++) {
            double y = (double)x[j];
            s1 += y, s2 += y * y, s4 += y * y * y * y, far += fabs(y) > 4;
            if (j > 0) lag += y * (double)x[j - 1]; /* words of one counter */
        }
    }
    assert_true(fabs(s1 / N) < 4 / sqrt(N));
    assert_true(fabs(s2 / N - 1) < 4 * sqrt(2.0 / N));
    assert_true(fabs(s4 / N - 3) < 4 * sqrt(96.0 / N));
    assert_true(fabs(far - N * 6.334e-5) < 4 * sqrt(N * 6.334e-5));
    assert_true(fabs(lag / N) < 4 / sqrt(N));
}

/* The logarithm has all moments: mean γ (1/α - 1), variance π²/6 (1/α² + ½). */
static void logarithms_have_the_right_mean_and_variance(void **state)
{
    (void)state;
    enum { N = 4000000 };
    static float x[CHUNK];
    for (int k = 0; k < ALPHAS; k++) {
        double alpha = alphas[k], s1 = 0, s2 = 0;
        double mean = 0.57721566490153286 * (1 / alpha - 1),
               variance = M_PI * M_PI / 6 * (1 / (alpha * alpha) + 0.5);
        for (uint32_t i = 0; i < N / CHUNK; i++) {
            draw_many(HT_NOISE_IID, alpha, i, x, CHUNK);
            for (int j = 0; j < CHUNK; j++) {
                double d = log(fabs((double)x[j])) - mean;
                s1 += d, s2 += d * d;
            }
        }
        assert_true(fabs(s1 / N) < 4 * sqrt(variance / N));
        assert_true(fabs(s2 / N / variance - 1) < 4 * sqrt(8.0 / N)); /* kurtosis below 9 */
    }
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
        prepare(&noise);
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
        ht_noise noise = {.type = HT_NOISE_IID, .alpha = 1.5, .seed = 31, .step = 7};
        prepare(&noise);
        ht_noise next = noise;
        if (kind == 2) next.step++;
        if (kind == 3) next.layer++;
        memset(base, 0, sizeof base);
        memset(other, 0, sizeof other);
        ht_noise_add(&noise, base, 10, 1, N + 1, 1);
        ht_noise_add(&next, other, kind == 1 ? 11 : 10, 1, N, 1);
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
        cmocka_unit_test(distribution_matches_the_golden_cdf_for_every_type),
        cmocka_unit_test(tail_series_matches_the_golden_quantiles),
        cmocka_unit_test(draws_have_the_law_of_chambers_mallows_and_stuck),
        cmocka_unit_test(logarithms_have_the_right_mean_and_variance),
        cmocka_unit_test(tail_counts_are_right_to_one_in_a_million),
        cmocka_unit_test(no_draw_is_wild),
        cmocka_unit_test(normal_draws_have_the_right_moments),
        cmocka_unit_test(subordinator_has_its_laplace_transform),
        cmocka_unit_test(isotropic_noise_has_its_characteristic_function),
        cmocka_unit_test(draws_are_independent_across_the_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
