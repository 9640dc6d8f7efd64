/* test_functions.c - logarithms, exponentials, the circle and their sums (kernel/functions.h) against libm in
 * long double, value by value, over the whole range of doubles; and the same bits from every build. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/kernel.h"
#include "num/rng.h"

enum { N = 100000 + 7 };

static double x[N], y[N], z[N];

static double any_double(ht_rng *rng)
{
    uint64_t bits = ht_rng_u64(rng);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* In units of the last place of the truth, down to those of denormals. */
static double ulps(double got, long double truth)
{
    int exponent;
    frexp((double)truth, &exponent);
    if (exponent < -1021) exponent = -1021;
    return (double)fabsl(((long double)got - truth) / ldexpl(1, exponent - 53));
}

typedef void many(double *y, const double *x, size_t count);

/* As y[i] = f(x[i]), also in pieces and in place; the same bits from all builds. */
static void check_pieces(many *f, size_t field_of_builds)
{
    const ht_kernels *const *builds = ht_kernel_builds();
    f(y, x, N);
    for (int b = 0; builds[b]; b++) {
        many *other;
        memcpy(&other, (const char *)builds[b]->functions + field_of_builds, sizeof other);
        for (size_t i = 0, n = 0; i < N; i += n, n = (n + 1) % 50) {
            size_t count = i + n < N ? n : N - i;
            memcpy(z + i, x + i, count * sizeof *z);
            other(z + i, z + i, count);
        }
        assert_memory_equal(y, z, sizeof y);
    }
}

static void logarithms_are_within_an_ulp(void **state)
{
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 1, HT_STREAM_TEST, 0);
    static const double corner[] = {0,
                                    -0.0,
                                    1,
                                    -1,
                                    0x1p-1074,
                                    -0x1p-1074,
                                    0x1p-1022,
                                    0x1.fffffffffffffp-1023,
                                    0x1p-1021,
                                    DBL_MAX,
                                    INFINITY,
                                    -INFINITY,
                                    0x1.6a09e667f3bcdp-1,
                                    0x1.6a09e667f3bccp-1,
                                    0x1.fffffffffffffp-1,
                                    0x1.0000000000001p0};
    for (int i = 0; i < N; i++) {
        x[i] = any_double(&rng); /* of any size, NaN too */
        if (i % 4 == 1) x[i] = 1 + ldexp(ht_rng_uniform(&rng) - 0.5, -(i / 4) % 50); /* near 1 */
        if (i % 4 == 2) x[i] = ldexp(ht_rng_uniform(&rng), -1022 - (i / 4) % 52);    /* denormal */
        if (i % 4 == 3) x[i] = 4 * ht_rng_uniform(&rng);
        if (i < (int)(sizeof corner / sizeof corner[0])) x[i] = corner[i];
    }
    for (int i = 0; i < N; i++)
        if (isnan(x[i])) x[i] = NAN;
    check_pieces(ht_kernel()->functions->logarithms, offsetof(ht_functions, logarithms));
    double worst = 0;
    for (int i = 0; i < N; i++) {
        double size = fabs(x[i]);
        if (isnan(size))
            assert_true(isnan(y[i]));
        else if (size == 0 || isinf(size))
            assert_true(y[i] == (size == 0 ? (double)-INFINITY : (double)INFINITY));
        else
            worst = fmax(worst, ulps(y[i], logl((long double)size)));
    }
    if (!(worst <= 1)) fail_msg("a logarithm is %g ulps off", worst);
}

static void exponentials_are_within_an_ulp(void **state)
{
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 2, HT_STREAM_TEST, 0);
    static const double corner[] = {0,   -0.0,     -745.2,    -800,  709.7,  709.79,
                                    720, INFINITY, -INFINITY, 1e300, -1e300, 1e-300};
    for (int i = 0; i < N; i++) {
        x[i] = 1500 * (ht_rng_uniform(&rng) - 0.5);
        if (i % 3 == 1) x[i] = ldexp(ht_rng_uniform(&rng) - 0.5, -(i / 3) % 60);
        if (i % 3 == 2) x[i] = 20 * (ht_rng_uniform(&rng) - 0.5);
        if (i < (int)(sizeof corner / sizeof corner[0])) x[i] = corner[i];
    }
    check_pieces(ht_kernel()->functions->exponentials, offsetof(ht_functions, exponentials));
    double worst = 0;
    for (int i = 0; i < N; i++) {
        long double truth = expl((long double)x[i]);
        if (x[i] > 709.79 || x[i] < -745.14)
            assert_true(y[i] == (x[i] > 0 ? (double)INFINITY : 0));
        else if (x[i] < 709.78)
            worst = fmax(worst, ulps(y[i], truth));
    }
    if (!(worst <= 1.001)) fail_msg("an exponential is %g ulps off", worst);
    x[0] = NAN;
    ht_kernel()->functions->exponentials(y, x, 1);
    assert_true(isnan(y[0]));
}

static void points_are_on_the_circle(void **state)
{
    enum { FEW = 4003 };
    static double c[FEW], s[FEW], c2[FEW], s2[FEW];
    const ht_kernels *const *builds = ht_kernel_builds();
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 3, HT_STREAM_TEST, 0);
    for (int i = 0; i < FEW; i++) x[i] = ldexp(ht_rng_uniform(&rng) - 0.5, (i % 140) - 60);
    for (int i = 0; i < 200; i++) x[i] = (i - 100) * M_PI / 4; /* where sines and cosines vanish */
    ht_kernel()->functions->circle(x, FEW, c, s);
    for (int b = 0; builds[b]; b++) {
        builds[b]->functions->circle(x, FEW, c2, s2);
        assert_memory_equal(c, c2, sizeof c);
        assert_memory_equal(s, s2, sizeof s);
    }
    for (int i = 0; i < FEW; i++) {
        long double t = x[i];
        if (!(fabsl(cosl(t) - c[i]) <= 0x1p-52L) || !(fabsl(sinl(t) - s[i]) <= 0x1p-52L))
            fail_msg("%.17g is at (%.17g, %.17g)", x[i], c[i], s[i]);
    }
}

static void harmonics_are_sums_of_cosines(void **state)
{
    enum { FEW = 501, POINTS = 118 };
    const ht_kernels *const *builds = ht_kernel_builds();
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 4, HT_STREAM_TEST, 0);
    for (int i = 0; i < FEW; i++) x[i] = ldexp(ht_rng_uniform(&rng) - 0.5, i % 30);
    for (size_t n = 0; n <= FEW; n = 3 * n + 1) {
        double first[2][POINTS] = {{0}};
        for (int b = 0; builds[b]; b++) {
            double sum[2][POINTS] = {{0}};
            builds[b]->functions->harmonics(x, n, 0.25, 1.5, POINTS, sum[0], sum[1]);
            if (b == 0) memcpy(first, sum, sizeof first);
            assert_memory_equal(first, sum, sizeof first);
        }
        for (int j = 1; j <= POINTS; j++) {
            long double c = 0, s = 0;
            for (size_t i = 0; i < n; i++)
                c += cosl(j * (long double)((x[i] - 0.25) * 1.5)),
                    s += sinl(j * (long double)((x[i] - 0.25) * 1.5));
            assert_true(fabsl(first[0][j - 1] - c) <= 2e-16L * j * j * (long double)n);
            assert_true(fabsl(first[1][j - 1] - s) <= 2e-16L * j * j * (long double)n);
        }
    }
}

static void check_log_sums(size_t n, double below, double zero)
{
    const ht_kernels *const *builds = ht_kernel_builds();
    const ht_log_sums start = {
        .below = below, .zero = zero, .origin = -0.7, .count = 3, .sum = 1, .squares = 2};
    long double count = 3, sum = 1, squares = 2;
    for (size_t i = 0; i < n; i++) {
        bool there = fabs(x[i]) > below;
        if (!there && isnan(zero)) continue;
        long double d = (there ? logl(fabsl((long double)x[i])) : (long double)zero) + 0.7L;
        count++;
        sum += d;
        squares += d * d;
    }
    for (int b = 0; builds[b]; b++) {
        ht_log_sums first = start, own = start;
        builds[0]->functions->log_sums(&first, x, n);
        builds[b]->functions->log_sums(&own, x, n);
        assert_memory_equal(&first, &own, sizeof own);
        assert_true(own.count == (double)count);
        assert_true(fabsl(own.sum - sum) <= 1e-13L * squares);
        assert_true(fabsl(own.squares - squares) <= 1e-13L * squares);
        first = own = start;
        builds[0]->functions->log_sum(&first, x, n);
        builds[b]->functions->log_sum(&own, x, n);
        assert_true(first.sum == own.sum && own.count == (double)count);
        assert_true(fabsl(own.sum - sum) <= 1e-13L * squares);
    }
}

/* Zeros are counted apart, left out or at their place. */
static void moments_of_logarithms_count_zeros_apart(void **state)
{
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 5, HT_STREAM_TEST, 0);
    for (int i = 0; i < 1000; i++)
        x[i] = i % 7 == 0 ? 0 : ldexp(ht_rng_uniform(&rng) - 0.5, i % 3 - (i % 11 ? 0 : 1060));
    for (size_t n = 0; n < 100; n++) {
        check_log_sums(n, 0, NAN);
        check_log_sums(n, 0, -9.5);
        check_log_sums(n + 900, 0.01, NAN);
        check_log_sums(n + 900, 0.01, -9.5);
    }
}

/* Long stretches of ordinary numbers are summed as vectors, each build's as wide as they are. */
static void moments_of_ordinary_numbers_are_the_same_bits(void **state)
{
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 6, HT_STREAM_TEST, 0);
    for (int i = 0; i < 1000; i++) {
        double value = 0.001 + ht_rng_uniform(&rng);
        x[i] = i % 3 ? value : -100 * value;
    }
    for (size_t n = 60; n < 1000; n += 23) {
        check_log_sums(n, 0, NAN);
        check_log_sums(n, 1e-9, -9.5);
    }
}

/* ---- reading ---- */

static void fill_both(float *f, ht_rng *rng)
{
    for (int i = 0; i < 1000; i++) {
        f[i] = i % 5 == 0 ? 0.0f : i % 5 == 1 ? -0.0f : (float)ldexp(ht_rng_uniform(rng) - 0.5, i % 60 - 30);
        x[i] = (double)f[i];
    }
}

static void check_reading(const ht_functions *f, const float *floats, size_t n)
{
    static double column[1000];
    const double factors[2] = {0.5, 0.25};
    ht_signs signs = {2, 3, INFINITY};
    size_t zeros = 2, negative = 3;
    double least = INFINITY;
    f->widen(y, floats, n, 0x1p-7);
    for (size_t i = 0; i < n; i++) assert_true(y[i] == x[i] * 0x1p-7);
    f->add_widened(y, floats, n, 3);
    for (size_t i = 0; i < n; i++) assert_true(y[i] == x[i] * 0x1p-7 + x[i] * 3);
    for (int way = 0; way < 4; way++) {
        const double *from = way & 1 ? column : NULL;
        for (size_t i = 0; i < n; i++) y[i] = x[i], column[i] = (double)i;
        f->take_centre(y, from, n, 0.3, factors, way & 2);
        for (size_t i = 0; i < n; i++) {
            double off = from ? column[i] * 0.5 * 0.25 : 0;
            assert_true(y[i] == (way & 2 && x[i] == 0 ? 0 : x[i] - 0.3 - off));
        }
    }
    f->signs(&signs, x, n);
    for (size_t i = 0; i < n; i++) {
        zeros += x[i] == 0;
        negative += x[i] < 0;
        if (x[i] != 0 && fabs(x[i]) < least) least = fabs(x[i]);
    }
    assert_true(signs.zeros == zeros && signs.negative == negative && signs.least == least);
}

static void check_bins(const ht_functions *f, size_t n, int32_t sign)
{
    uint32_t bin[1000];
    const ht_bin_window window = {(1023 - 16) << HT_BIN_MANTISSA, sign};
    f->bins(bin, x, n, &window);
    for (size_t i = 0; i < n; i++) {
        int exponent;
        double m = frexp(fabs(x[i]), &exponent); /* [½, 1) */
        long own =
            (long)(exponent + 15) * (1 << HT_BIN_MANTISSA) + (long)((2 * m - 1) * (1 << HT_BIN_MANTISSA));
        if (x[i] == 0 || own < 0) own = 0;
        if (own > HT_BINS_HALF - 1) own = HT_BINS_HALF - 1;
        assert_int_equal(bin[i], sign && signbit(x[i]) ? HT_BINS_HALF - 1 - own : HT_BINS_HALF + own);
    }
}

/* Column by column, of rows that are `stride` apart. */
static void check_counting(const ht_functions *f, const float *floats, size_t n, size_t columns)
{
    static int32_t key[1000 * HT_LANES];
    size_t stride = columns + 3, rows = n / stride;
    int32_t live[HT_LANES], limit[HT_LANES], below[HT_LANES], least[HT_LANES];
    if (rows == 0) return;
    f->live_keys(key, floats, rows, stride, columns, live);
    for (int j = 0; j < HT_LANES; j++) limit[j] = key[(rows - 1) * HT_LANES + (size_t)j] + (j % 2 ? 0 : -1);
    f->count_below(key, rows, limit, below);
    f->least_from(key, rows, limit, least);
    for (size_t j = 0; j < HT_LANES; j++) {
        int32_t own_live = 0, own_below = 0, own_least = INT32_MAX;
        for (size_t i = 0; i < rows; i++) {
            float own = j < columns ? floats[i * stride + j] : 0;
            int32_t k = key[i * HT_LANES + j];
            own_live += own != 0;
            own_below += k < limit[j];
            if (k >= limit[j] && k < own_least) own_least = k;
            if (own == 0) assert_int_equal(k, INT32_MAX);
            for (size_t t = 0; t < i && own != 0; t++) { /* in the order of the values */
                float other = floats[t * stride + j];
                if (other != 0) assert_true((own < other) == (k < key[t * HT_LANES + j]));
            }
        }
        assert_int_equal(live[j], own_live);
        assert_int_equal(below[j], own_below);
        assert_int_equal(least[j], own_least);
    }
}

static void check_block_sums(const ht_functions *f, size_t n)
{
    for (size_t parts = 1; parts <= 7; parts++) {
        f->block_sums(y, x, n / parts, parts);
        for (size_t i = 0; i < n / parts; i++) {
            double sum = 0, size = 0;
            for (size_t j = 0; j < parts; j++) sum += x[i * parts + j], size += fabs(x[i * parts + j]);
            assert_true(fabs(y[i] - sum) <= 1e-15 * size);
        }
    }
}

static void check_magnitude_bins(const ht_functions *f, const float *floats, size_t n)
{
    enum { SHIFT = 19, FIRST = (127 - 10) << 4, BINS = 160 }; /* 16 an octave, from 2^-10 to 2^0 */
    uint32_t bin[1000];
    f->magnitude_bins(bin, floats, n, SHIFT, FIRST, BINS);
    for (size_t i = 0; i < n; i++) {
        int exponent;
        double size = fabs((double)floats[i]), m = frexp(size, &exponent);
        long own = (long)(exponent - 1 + 10) * 16 + (long)((2 * m - 1) * 16) + 1;
        if (size < 0x1p-10) own = 0;
        if (size >= 1) own = BINS + 1;
        assert_int_equal(bin[i], own);
    }
}

static void values_are_read_as_plain_loops_read_them(void **state)
{
    static float floats[1000];
    const ht_kernels *const *builds = ht_kernel_builds();
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 6, HT_STREAM_TEST, 0);
    fill_both(floats, &rng);
    for (int b = 0; builds[b]; b++)
        for (size_t n = 1; n <= 1000; n += n < 40 ? 1 : 160) {
            check_reading(builds[b]->functions, floats, n);
            check_bins(builds[b]->functions, n, 0);
            check_bins(builds[b]->functions, n, -1);
            for (size_t columns = 1; columns <= HT_LANES; columns += 5)
                check_counting(builds[b]->functions, floats, n, columns);
            check_block_sums(builds[b]->functions, n);
            check_magnitude_bins(builds[b]->functions, floats, n);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithms_are_within_an_ulp),
        cmocka_unit_test(exponentials_are_within_an_ulp),
        cmocka_unit_test(points_are_on_the_circle),
        cmocka_unit_test(harmonics_are_sums_of_cosines),
        cmocka_unit_test(values_are_read_as_plain_loops_read_them),
        cmocka_unit_test(moments_of_logarithms_count_zeros_apart),
        cmocka_unit_test(moments_of_ordinary_numbers_are_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
