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
#include "math/stable_tail.h"
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
static double draw_of_bits(uint32_t a, uint32_t b, double alpha)
{
    long double v = ((long double)(a >> 1) * 16 + (b & 15) + 0.5L) / 0x1p35L;
    long double e = -logl(((long double)(b >> 4) + 0.5L) / 0x1p28L);
    long double al = (long double)alpha, u = M_PIl / 2 * (1 - v);
    long double x = sinl(al * u) / powl(cosl(u), 1 / al) * powl(e / cosl((al - 1) * u), (al - 1) / al);
    return (double)(a & 1 ? -x : x);
}

static double twin_draw(const ht_noise_key *key, uint32_t neuron, uint32_t index, double alpha)
{
    uint32_t block = index / 32, r = index % 32,
             counter[4] = {block * 16 + r % 16, neuron, key->step, key->purpose}, w[4];
    ht_philox(key->key, counter, w);
    return draw_of_bits(w[r / 16 * 2], w[r / 16 * 2 + 1], alpha);
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

/* Corners that no counter will find: the least and the largest of every field of the 64 bits, for α from 1
 * to 2. */
static void corner_bits_give_finite_draws_of_the_right_size(void **state)
{
    (void)state;
    static const uint32_t corner[] = {0,          1,          2,          15,         16,        31,
                                      0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffe, 0xffffffff};
    enum { CORNERS = sizeof corner / sizeof corner[0] };
    uint32_t a[CORNERS * CORNERS], b[CORNERS * CORNERS];
    float x[CORNERS * CORNERS];
    for (int i = 0; i < CORNERS * CORNERS; i++) a[i] = corner[i / CORNERS], b[i] = corner[i % CORNERS];
    for (int k = 0; k <= 1000; k++) {
        double alpha = 1 + k / 1000.0;
        ht_kernel()->stable_of_bits(a, b, CORNERS * CORNERS, (float)alpha, x);
        for (int i = 0; i < CORNERS * CORNERS; i++) {
            double truth = draw_of_bits(a[i], b[i], (double)(float)alpha);
            assert_true(isfinite(x[i]));
            if (fabs((double)x[i] / truth - 1) > 2e-5)
                fail_msg("alpha %g, bits %x %x: %g, not %g", alpha, a[i], b[i], (double)x[i], truth);
        }
    }
}

/* The bits whose uniform rounds to 1 in float, the least angle and the largest: finite and of the right size.
 * (A logarithm of that rounded 1 once made a draw of 1e16 in every 2^24.) */
static void no_draw_is_wild(void **state)
{
    (void)state;
    static float x[CHUNK];
    double most = 0;
    for (uint32_t i = 0; i < WILD_DRAWS / CHUNK; i++) {
        ht_noise_key key = key_at(5, i);
        memset(x, 0, sizeof x);
        ht_kernel()->stable(x, CHUNK, &key, 1, 2.0f, 1);
        for (int j = 0; j < CHUNK; j++) most = fmax(most, fabs((double)x[j]));
        for (int j = 0; j < CHUNK; j++) assert_true(isfinite(x[j]));
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
        cmocka_unit_test(distribution_matches_the_golden_cdf_for_every_type),
        cmocka_unit_test(tail_series_matches_the_golden_quantiles),
        cmocka_unit_test(corner_bits_give_finite_draws_of_the_right_size),
        cmocka_unit_test(tail_counts_are_right_to_one_in_a_million),
        cmocka_unit_test(no_draw_is_wild),
        cmocka_unit_test(normal_draws_have_the_right_moments),
        cmocka_unit_test(subordinator_has_its_laplace_transform),
        cmocka_unit_test(isotropic_noise_has_its_characteristic_function),
        cmocka_unit_test(draws_are_independent_across_the_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
