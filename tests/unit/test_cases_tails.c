/* test_cases_tails.c - what must hold of every estimator of the table, whatever it is given: no unit, no
 * sign, no zeros and no rounding of a few bits may change what it says; and what is none has no index. A new
 * row of the table is tested as it comes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "cli/report/tail_report.h"
#include "heavytail/tail.h"
#include "num/linalg.h"
#include "num/rng.h"
#include "tail/estimate/spectrum.h"

/* ---- samples ---- */

enum { MOST = 60000 };

/* Chambers, Mallows, Stuck (J. Amer. Statist. Assoc. 71, 1976), β = 0. */
static double stable(ht_rng *rng, double alpha)
{
    double t = M_PI * (ht_rng_uniform(rng) - 0.5), w = -log(ht_rng_uniform(rng));
    return sin(alpha * t) / pow(cos(t), 1 / alpha) * pow(cos((1 - alpha) * t) / w, (1 - alpha) / alpha);
}

static void fill_stable(double *x, size_t n, double alpha, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_TEST, 15);
    for (size_t i = 0; i < n; i++) x[i] = stable(&rng, alpha);
}

/* Round to nearest even with so many bits, where `least` is the last place of the smallest numbers. */
static double round_to(double x, int bits, double least)
{
    int exponent;
    frexp(x, &exponent);
    double place = fmax(ldexp(1, exponent - bits), least);
    return rint(x / place) * place;
}

static double bfloat16(double x)
{
    return round_to(x, 8, 0x1p-133);
}

static double float16(double x)
{
    return round_to(x, 11, 0x1p-24);
}

/* One of many laws; a whole sample is of one `kind`. */
static double draw(ht_rng *rng, int kind, double alpha)
{
    double sign = ht_rng_u32(rng) & 1 ? 1 : -1;
    switch (kind) {
    case 0:
        return ht_rng_normal(rng);
    case 1:
        return sign * pow(ht_rng_uniform(rng), -1 / alpha);
    case 2:
        return pow(ht_rng_uniform(rng), -1 / alpha);
    case 3:
        return exp(2 * ht_rng_normal(rng));
    case 4:
        return ht_rng_uniform(rng);
    case 5:
        return rint(3 * ht_rng_normal(rng));
    case 6:
        return 0.7;
    case 7:
        return 0.7 * sign;
    case 8:
        return 0;
    default:
        return stable(rng, alpha);
    }
}

typedef struct sample {
    double *x; /* (rows × columns) */
    size_t rows, columns;
    int kind;
} sample;

/* Sample `number` of 200: shape, law, and what has been done to it. Smooth ones have no ties and no zeros. */
static sample take(int number, bool smooth)
{
    static double x[MOST];
    static const size_t shapes[][2] = {{1, 1},    {2, 1},    {1, 7},    {3, 1},   {2, 2},
                                       {5, 3},    {1, 400},  {40, 25},  {25, 40}, {200, 50},
                                       {2000, 1}, {300, 12}, {12, 300}, {997, 1}};
    ht_rng rng;
    ht_rng_init(&rng, (uint64_t)number, HT_STREAM_TEST, 16);
    size_t shape = ht_rng_below(&rng, sizeof shapes / sizeof shapes[0]);
    sample s = {.x = x, .rows = shapes[shape][0], .columns = shapes[shape][1]};
    s.kind = smooth ? 9 : (int)ht_rng_below(&rng, 16);
    double alpha = 0.3 + 1.6 * ht_rng_uniform(&rng);
    int done = smooth ? 0 : (int)ht_rng_below(&rng, 6), scale = (int)ht_rng_below(&rng, 1800) - 900;
    size_t n = s.rows * s.columns;
    for (size_t i = 0; i < n; i++) {
        x[i] = draw(&rng, s.kind, alpha);
        if (done == 1 && ht_rng_below(&rng, 10) == 0) x[i] = 0;
        if (done == 2) x[i] = bfloat16(x[i]);
        if (done == 3) x[i] = float16(x[i]);
        if (done == 4 && i % 2) x[i] = x[i - 1];
        if (done == 5) x[i] = ldexp(x[i], scale);
    }
    return s;
}

/* ---- everything that is said of a matrix ---- */

typedef struct fit {
    ht_estimate e[HT_ESTIMATORS]; /* some of the rows */
} fit;

static fit fit_values(const ht_values *v, const ht_tail_options *options)
{
    fit f;
    ht_estimate rows[HT_ROW_ESTIMATORS];
    ht_error err;
    if (ht_tail_fit(v, options, f.e, &err) != HT_OK) fail_msg("%s", err.text);
    if (ht_tail_fit_all_rows(v, options, rows, &err) != HT_OK) fail_msg("%s", err.text);
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++) f.e[rows[r].estimator] = rows[r];
    return f;
}

static fit fit_all(const double *x, size_t rows, size_t columns)
{
    return fit_values(&(ht_values){.f64 = x, .rows = rows, .columns = columns},
                      &(ht_tail_options){.spectrum = true});
}

static bool of_rows(ht_estimator e)
{
    return ht_estimator_at(e)->input == HT_INPUT_ROWS;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool near(double a, double b, double tolerance)
{
    return same(a, b) || fabs(a - b) <= tolerance * fabs(b);
}

/* Equal bits of all that has no unit; what has one is that of `b` times 2^k, or 4^k of an eigenvalue. */
static void check_bits(const fit *a, const fit *b, int k, const char *what)
{
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        const ht_estimate *p = &a->e[i], *q = &b->e[i];
        bool squares = ht_estimator_at((ht_estimator)i)->input == HT_INPUT_EIGENVALUES;
        int unit = squares ? 2 * k : k;
        bool lost =
            squares && (!isnormal(p->xmin) || !isnormal(q->xmin)); /* an eigenvalue that is no double */
        if (!same(p->value, q->value) || !same(p->std_error, q->std_error) || !same(p->low, q->low) ||
            !same(p->high, q->high) || !same(p->distance, q->distance) || p->quality != q->quality ||
            p->k != q->k || p->m != q->m || p->n_tail != q->n_tail || p->zeros != q->zeros ||
            p->rank != q->rank || p->reason != q->reason || !same(p->scale, ldexp(q->scale, unit)) ||
            (!lost && !same(p->xmin, ldexp(q->xmin, unit))) || !same(p->step, ldexp(q->step, unit)))
            fail_msg("%s, %s, 2^%d: %.17g (%s) is not %.17g (%s)", what,
                     ht_estimator_at((ht_estimator)i)->name, k, p->value, ht_quality_word(p->quality),
                     q->value, ht_quality_word(q->quality));
    }
}

/* ---- units ---- */

/* The exponents of the smallest and the largest magnitude above 0. */
static void exponents(const double *x, size_t n, int *least, int *most)
{
    *least = 2000, *most = -2000;
    for (size_t i = 0; i < n; i++) {
        int exponent;
        if (x[i] == 0) continue;
        frexp(x[i], &exponent);
        *least = exponent < *least ? exponent : *least;
        *most = exponent > *most ? exponent : *most;
    }
}

/* As far as the values stay normal numbers. */
static void doubles_have_no_unit(void **state)
{
    static double y[MOST];
    (void)state;
    for (int number = 0; number < 200; number++) {
        sample s = take(number, false);
        size_t n = s.rows * s.columns;
        int least, most;
        exponents(s.x, n, &least, &most);
        fit own = fit_all(s.x, s.rows, s.columns);
        for (int k = -990; k <= 990; k += 600 + (number * 37 + k * k) % 600) {
            if (most != -2000 && (least + k < -1020 || most + k > 1023)) continue;
            for (size_t i = 0; i < n; i++) y[i] = ldexp(s.x[i], k);
            fit other = fit_all(y, s.rows, s.columns);
            check_bits(&other, &own, k, "doubles");
        }
    }
}

static void floats_have_no_unit(void **state)
{
    static float own[MOST], other[MOST];
    (void)state;
    for (int number = 0; number < 40; number++) {
        sample s = take(number, true);
        size_t n = s.rows * s.columns;
        ht_values v = {.f32 = own, .rows = s.rows, .columns = s.columns}, u = v;
        u.f32 = other;
        for (size_t i = 0; i < n; i++) own[i] = (float)tanh(s.x[i]) * 0.9f + 0x1p-14f; /* within 2^-15 … 1 */
        fit a = fit_values(&v, &(ht_tail_options){.spectrum = true});
        for (int k = -110; k <= 120; k += 23) {
            bool normal = true;
            for (size_t i = 0; i < n; i++) {
                other[i] = ldexpf(own[i], k);
                normal = normal && (double)other[i] == ldexp((double)own[i], k);
            }
            if (!normal) continue;
            fit b = fit_values(&u, &(ht_tail_options){.spectrum = true});
            check_bits(&b, &a, k, "floats");
        }
    }
}

/* Units that are no powers of two, down to where doubles end; Student's t with 3 degrees of freedom, as in
 * the file of which mmo said 1.500 in one unit, 1.809 in another and 6170 in a third. */
static void any_unit_gives_the_same_index(void **state)
{
    enum { ROWS = 200, COLUMNS = 100 };
    static const double units[] = {1e-300, 1e-150, 1e-20, 1e-15, 3, 1e15, 1e150, 1e300};
    static double x[ROWS * COLUMNS], y[ROWS * COLUMNS];
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 3, HT_STREAM_TEST, 17);
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        double chi2 = 0;
        for (int d = 0; d < 3; d++) {
            double z = ht_rng_normal(&rng);
            chi2 += z * z;
        }
        x[i] = ht_rng_normal(&rng) / sqrt(chi2 / 3);
    }
    fit own = fit_all(x, ROWS, COLUMNS);
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        for (size_t i = 0; i < ROWS * COLUMNS; i++) y[i] = x[i] * units[u];
        fit other = fit_all(y, ROWS, COLUMNS);
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            if (!near(other.e[e].value, own.e[e].value, 1e-9) || other.e[e].quality != own.e[e].quality)
                fail_msg("%s times %g: %.12g instead of %.12g", ht_estimator_at((ht_estimator)e)->name,
                         units[u], other.e[e].value, own.e[e].value);
            assert_true(near(other.e[e].scale, own.e[e].scale * units[u], 1e-9));
        }
    }
}

/* The smallest floats and doubles there are: whole numbers of 2^-149 and 2^-1074, and so on a grid. */
static void the_smallest_numbers_are_numbers(void **state)
{
    enum { N = 20000 };
    static double x[N], y[N];
    static float z[N];
    (void)state;
    fill_stable(x, N, 1.5, 4);
    for (int i = 0; i < N; i++) {
        y[i] = ldexp(rint(x[i] * 65536), -1074);
        z[i] = ldexpf((float)rint(x[i] * 1024), -149);
        x[i] = rint(x[i] * 65536);
    }
    fit a = fit_all(x, N, 1), b = fit_all(y, N, 1);
    /* A median between two of the smallest numbers is one of them. */
    assert_true(near(b.e[HT_MMO_PAPER].value, a.e[HT_MMO_PAPER].value, 1e-4));
    b.e[HT_MMO_PAPER] = a.e[HT_MMO_PAPER];
    check_bits(&b, &a, -1074, "subnormal doubles");
    assert_true(fabs(b.e[HT_MMO].value - 1.5) < 0.08);
    fit c = fit_values(&(ht_values){.f32 = z, .rows = N, .columns = 1}, &(ht_tail_options){0});
    assert_true(fabs(c.e[HT_MMO].value - 1.5) < 0.08 && fabs(c.e[HT_MCCULLOCH].value - 1.5) < 0.08);
}

/* Row norms and a picture, too. */
static void a_picture_has_no_unit(void **state)
{
    enum { ROWS = 120, COLUMNS = 40, N = ROWS * COLUMNS };
    static double x[N], y[N];
    static ht_tail_picture a, b;
    ht_error err;
    (void)state;
    fill_stable(x, N, 1.7, 5);
    ht_values v = {.f64 = x, .rows = ROWS, .columns = COLUMNS}, u = v;
    u.f64 = y;
    for (int centred = 0; centred < 2; centred++) {
        assert_int_equal(ht_tail_picture_make(&a, &v, &(ht_tail_options){.spectrum = true}, centred, &err),
                         HT_OK);
        for (int k = -960; k <= 960; k += 480) {
            for (int i = 0; i < N; i++) y[i] = ldexp(x[i], k);
            assert_int_equal(
                ht_tail_picture_make(&b, &u, &(ht_tail_options){.spectrum = true}, centred, &err), HT_OK);
            fit p, q;
            memcpy(p.e, a.all, sizeof p.e), memcpy(q.e, b.all, sizeof q.e);
            for (int r = 0; r < HT_ROW_ESTIMATORS; r++)
                p.e[a.by_rows[r].estimator] = a.by_rows[r], q.e[b.by_rows[r].estimator] = b.by_rows[r];
            check_bits(&q, &p, k, "picture");
            memcpy(p.e, a.of_norms, sizeof p.e), memcpy(q.e, b.of_norms, sizeof q.e);
            check_bits(&q, &p, k, "norms");
            assert_int_equal(b.weights.count, a.weights.count);
            assert_int_equal(b.norms.count, a.norms.count);
            for (int i = 0; i < a.norms.count; i++) assert_true(b.norms.x[i] == ldexp(a.norms.x[i], k));
            for (int i = 0; i < a.weights.count; i++) assert_true(b.weights.x[i] == ldexp(a.weights.x[i], k));
        }
    }
}

/* ---- sign, order, zeros, rounding, duplicates ---- */

static void the_sign_does_not_matter(void **state)
{
    static double y[MOST];
    (void)state;
    for (int number = 0; number < 200; number++) {
        sample s = take(number, false);
        for (size_t i = 0; i < s.rows * s.columns; i++) y[i] = -s.x[i];
        fit a = fit_all(s.x, s.rows, s.columns), b = fit_all(y, s.rows, s.columns);
        check_bits(&b, &a, 0, "sign");
    }
}

/* Blocks of neighbours are what these are made of. */
static bool hangs_on_order(int e)
{
    return e == HT_MMO || of_rows(e) || e == HT_PAULAUSKAS;
}

static void shuffle(size_t *order, size_t n, ht_rng *rng)
{
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (size_t i = n; i-- > 1;) {
        size_t j = ht_rng_below(rng, (uint32_t)i + 1), t = order[i];
        order[i] = order[j], order[j] = t;
    }
}

/* Rows and columns are permuted: the spectrum stays what it is, too. */
static void the_order_does_not_matter(void **state)
{
    static double y[MOST];
    (void)state;
    for (int number = 0; number < 200; number++) {
        size_t row[2000], column[2000];
        ht_rng rng;
        sample s = take(number, true);
        ht_rng_init(&rng, (uint64_t)number, HT_STREAM_TEST, 18);
        shuffle(row, s.rows, &rng);
        shuffle(column, s.columns, &rng);
        for (size_t i = 0; i < s.rows; i++)
            for (size_t j = 0; j < s.columns; j++) y[i * s.columns + j] = s.x[row[i] * s.columns + column[j]];
        fit a = fit_all(s.x, s.rows, s.columns), b = fit_all(y, s.rows, s.columns);
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            bool spectrum = ht_estimator_at((ht_estimator)e)->input == HT_INPUT_EIGENVALUES;
            if (hangs_on_order(e)) continue;
            /* eigenvalues near the noise are known to a few digits */
            double allowed = spectrum ? 1e-3 * a.e[e].std_error / a.e[e].value : 1e-9;
            if (!near(b.e[e].value, a.e[e].value, allowed) || b.e[e].quality != a.e[e].quality)
                fail_msg("%s, sample %d: %.12g (%s) instead of %.12g (%s)",
                         ht_estimator_at((ht_estimator)e)->name, number, b.e[e].value,
                         ht_quality_word(b.e[e].quality), a.e[e].value, ht_quality_word(a.e[e].quality));
        }
    }
}

/* Zeros among values, rows of zeros among rows: they are counted, and change nothing. */
static void zeros_are_left_out(void **state)
{
    static double y[2 * MOST];
    (void)state;
    for (int number = 0; number < 200; number++) {
        sample s = take(number, true);
        size_t n = s.rows * s.columns, m = 0, zeros = 0;
        ht_rng rng;
        ht_rng_init(&rng, (uint64_t)number, HT_STREAM_TEST, 19);
        for (size_t i = 0; i < n; i++) {
            for (; ht_rng_below(&rng, 10) == 0; zeros++) y[m++] = zeros % 2 ? -0.0 : 0;
            y[m++] = s.x[i];
        }
        fit a = fit_all(s.x, n, 1), b = fit_all(y, m, 1);
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            if (ht_estimator_at((ht_estimator)e)->input == HT_INPUT_EIGENVALUES) continue;
            assert_int_equal(b.e[e].zeros, a.e[e].zeros + zeros); /* a row at the centre is one of zeros */
            bool words = e == HT_MMO_PAPER || b.e[e].quality == a.e[e].quality; /* its zeros are no law's */
            if (!near(b.e[e].value, a.e[e].value, 1e-9) || !words ||
                !near(b.e[e].scale, a.e[e].scale, 1e-9) || !isnan(b.e[e].step))
                fail_msg("%s, sample %d: %.12g instead of %.12g", ht_estimator_at((ht_estimator)e)->name,
                         number, b.e[e].value, a.e[e].value);
        }
    }
}

static void rows_of_zeros_are_left_out(void **state)
{
    enum { ROWS = 400, COLUMNS = 30 };
    static double x[ROWS * COLUMNS], y[2 * ROWS * COLUMNS];
    (void)state;
    fill_stable(x, ROWS * COLUMNS, 1.4, 6);
    for (size_t i = 0; i < ROWS; i++) memcpy(y + 2 * i * COLUMNS, x + i * COLUMNS, COLUMNS * sizeof *x);
    fit a = fit_all(x, ROWS, COLUMNS), b = fit_all(y, 2 * ROWS, COLUMNS);
    for (int e = 0; e < HT_ESTIMATORS; e++) assert_true(near(b.e[e].value, a.e[e].value, 1e-9));
    assert_int_equal(b.e[HT_MMO_MULTI].zeros, ROWS);
    assert_int_equal(b.e[HT_MMO].zeros, ROWS * COLUMNS);
    assert_int_equal(b.e[HT_POWERLAW].rank, COLUMNS);
}

/* In a layer that was pruned zeros are no weights: neither the columns' medians nor the rows know of them. */
static void a_pruned_layer_is_centred_without_its_zeros(void **state)
{
    enum { ROWS = 400, COLUMNS = 30 };
    static double x[ROWS * COLUMNS], y[2 * ROWS * COLUMNS];
    static ht_tail_picture a, b;
    ht_error err;
    (void)state;
    fill_stable(x, ROWS * COLUMNS, 1.6, 7);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < COLUMNS; j++) x[i * COLUMNS + j] += 0.2 * (double)j; /* columns off centre */
        memcpy(y + 2 * i * COLUMNS, x + i * COLUMNS, COLUMNS * sizeof *x); /* every second row is gone */
    }
    ht_values v = {.f64 = x, .rows = ROWS, .columns = COLUMNS},
              u = {.f64 = y, .rows = 2 * ROWS, .columns = COLUMNS};
    assert_int_equal(ht_tail_picture_make(&a, &v, &(ht_tail_options){0}, true, &err), HT_OK);
    assert_int_equal(ht_tail_picture_make(&b, &u, &(ht_tail_options){0}, true, &err), HT_OK);
    for (int e = 0; e < HT_ESTIMATORS; e++) assert_true(near(b.all[e].value, a.all[e].value, 1e-9));
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++) {
        const ht_estimate *before = &a.by_rows[r], *after = &b.by_rows[r];
        assert_true(after->value == before->value && after->zeros == ROWS);
        assert_true(fabs(after->value - 1.6) < 4 * after->std_error);
    }
}

/* 8 or 11 bits are enough for all that is told here: half a standard error. The spacings that pickands is
 * made of and blocks that are near a tie move more: one error. */
static void rounding_of_weights_does_not_matter(void **state)
{
    enum { ROWS = 400, COLUMNS = 100, N = ROWS * COLUMNS };
    static const double alphas[] = {0.5, 1, 1.5, 1.9};
    static double x[N], y[N];
    double (*const rounded[])(double) = {bfloat16, float16};
    (void)state;
    for (int a = 0; a < 4; a++)
        for (int r = 0; r < 2; r++) {
            fill_stable(x, N, alphas[a], 70 + (uint64_t)a);
            for (int i = 0; i < N; i++) {
                x[i] = fmax(-6e4, fmin(6e4, 0.02 * x[i])); /* what float16 holds */
                y[i] = rounded[r](x[i]);
            }
            ht_tail_options options = {.k = 800, .spectrum = true};
            ht_values v = {.f64 = x, .rows = ROWS, .columns = COLUMNS}, u = v;
            u.f64 = y;
            fit p = fit_values(&v, &options), q = fit_values(&u, &options);
            for (int e = 0; e < HT_ESTIMATORS; e++) {
                double moved = fabs(q.e[e].value - p.e[e].value) / p.e[e].std_error;
                bool jumps = e == HT_PICKANDS || e == HT_PICKANDS_REF ||
                             ht_estimator_at((ht_estimator)e)->input == HT_INPUT_EIGENVALUES;
                if (!(moved < (jumps ? 1 : 0.5)) && !same(p.e[e].value, q.e[e].value))
                    fail_msg("%s, α = %g: %g errors from rounding", ht_estimator_at((ht_estimator)e)->name,
                             alphas[a], moved);
                assert_true(q.e[e].quality != HT_QUALITY_QUANTIZED);
            }
        }
}

/* Every value twice: the law is the same. The spectrum of W above W is twice that of W, and N is, too. */
static void duplicates_do_not_change_the_law(void **state)
{
    enum { ROWS = 250, COLUMNS = 80, N = ROWS * COLUMNS };
    static double x[2 * N];
    (void)state;
    for (int number = 0; number < 20; number++) {
        fill_stable(x, N, 0.5 + 0.07 * number, 100 + (uint64_t)number);
        memcpy(x + N, x, N * sizeof *x);
        ht_tail_options once = {.k = 400, .spectrum = true}, twice = {.k = 800, .spectrum = true};
        ht_values v = {.f64 = x, .rows = ROWS, .columns = COLUMNS}, u = v;
        u.rows = 2 * ROWS;
        fit a = fit_values(&v, &once), b = fit_values(&u, &twice);
        for (int e = 0; e < HT_ESTIMATORS; e++)
            if (!hangs_on_order(e) && !(fabs(b.e[e].value - a.e[e].value) <= 0.2 * a.e[e].std_error))
                fail_msg("%s: %g ± %g of half, %g", ht_estimator_at((ht_estimator)e)->name, a.e[e].value,
                         a.e[e].std_error, b.e[e].value);
    }
}

/* ---- whatever comes ---- */

static void check_honest(const ht_estimate *e, int number)
{
    bool inside = isfinite(e->value) && e->low <= e->value && e->value <= e->high;
    if (e->quality == HT_QUALITY_GOOD && !(inside && e->value > 0 && e->n_tail > 0))
        fail_msg("sample %d, %s: good, %g in %g .. %g", number, ht_estimator_at(e->estimator)->name, e->value,
                 e->low, e->high);
    assert_true(isfinite(e->value) || e->quality == HT_QUALITY_NOT_APPLICABLE);
    bool wide = e->low < e->high ||
                e->std_error <= 1e-6 * e->value; /* no interval of one number, but of equal ones */
    if (!(inside && wide) && !(isnan(e->low) && isnan(e->high)))
        fail_msg("sample %d, %s: %g is not in %g .. %g", number, ht_estimator_at(e->estimator)->name,
                 e->value, e->low, e->high);
}

/* A normal and an even law: few values, of which some indices are negative and some end at 2. */
static void fill_light(double *x, size_t n, int number)
{
    ht_rng rng;
    ht_rng_init(&rng, (uint64_t)number, HT_STREAM_TEST, 16);
    for (size_t i = 0; i < n; i++) {
        double u = ht_rng_uniform(&rng), v = ht_rng_uniform(&rng);
        x[i] = number % 2 ? sqrt(-2 * log(u)) * cos(2 * M_PI * v) : 2 * u - 1;
    }
}

static void an_interval_holds_its_value_or_is_not_given(void **state)
{
    static ht_tail_picture p;
    (void)state;
    ht_error err;
    double x[256];
    int without = 0;
    for (int number = 0; number < 200; number++) {
        fill_light(x, 256, number);
        ht_values v = {.f64 = x, .rows = 64, .columns = 4};
        assert_int_equal(ht_tail_picture_make(&p, &v, &(ht_tail_options){.spectrum = true}, false, &err),
                         HT_OK);
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            check_honest(&p.all[e], number);
            check_honest(&p.of_norms[e], number);
            without += isfinite(p.all[e].value) && isnan(p.all[e].low);
        }
        for (int r = 0; r < HT_ROW_ESTIMATORS; r++) check_honest(&p.by_rows[r], number);
    }
    assert_true(without > 0);
}

/* A table of one matrix; the caller frees it. */
static ht_text table_of(double *x, size_t rows, size_t columns, const char *spectrum_reason)
{
    static ht_tail_picture p;
    ht_error err;
    ht_text table = {0};
    ht_values v = {.f64 = x, .rows = rows, .columns = columns};
    ht_file_tensor t = {.name = "small", .ndim = 2, .rows = rows, .columns = columns, .f64 = x};
    assert_int_equal(ht_tail_picture_make(&p, &v, &(ht_tail_options){.spectrum = true}, false, &err), HT_OK);
    if (spectrum_reason) {
        p.all[HT_POWERLAW].quality = HT_QUALITY_UNDECIDED;
        p.all[HT_POWERLAW].reason = spectrum_reason;
    }
    ht_tail_table(&table, &t, &p, &(ht_tail_kernels){0}, &(ht_tail_injected){.alpha = NAN});
    return table;
}

/* A view without an index says why, whatever its shape; and no reason is said twice. */
static void every_view_says_an_index_or_why_not(void **state)
{
    (void)state;
    static double x[40 * 12];
    for (size_t rows = 1; rows <= 40; rows++) {
        int views = 0;
        fill_light(x, 40 * 12, (int)rows);
        ht_text table = table_of(x, rows, 12, NULL);
        for (const char *at = table.data; (at = strstr(at, "small (")); views++) {
            const char *next = strchr(at, '\n') + 1;
            if (strncmp(next, "  ", 2) != 0) fail_msg("%zu rows: nothing under %.60s", rows, at);
            at = next;
        }
        assert_int_equal(views, 3);
        ht_text_free(&table);
    }
    ht_text table = table_of(x, 40, 12, "an exponential law is as near");
    const char *once = strstr(table.data, "an exponential law is as near");
    assert_non_null(once);
    assert_null(strstr(once + 1, "an exponential law is as near"));
    ht_text_free(&table);
    for (int q = 0; q < HT_QUALITIES; q++)
        assert_null(strstr(ht_quality_meaning((ht_quality)q), ht_quality_word((ht_quality)q)));
}

/* Wherever numbers are wide: what stands behind the interval begins in one column. */
static void tables_keep_their_columns(void **state)
{
    static ht_tail_picture p;
    (void)state;
    ht_error err;
    double x[256];
    int wide = 0;
    for (int number = 0; number < 40; number++) {
        ht_text table = {0};
        fill_light(x, 256, number);
        ht_values v = {.f64 = x, .rows = 64, .columns = 4};
        ht_file_tensor t = {.name = "small", .ndim = 2, .rows = 64, .columns = 4, .f64 = x};
        assert_int_equal(ht_tail_picture_make(&p, &v, &(ht_tail_options){0}, false, &err), HT_OK);
        ht_tail_table(&table, &t, &p, &(ht_tail_kernels){0}, &(ht_tail_injected){.alpha = NAN});
        size_t column = 0;
        for (char *save, *line = strtok_r(table.data, "\n", &save); line;
             line = strtok_r(NULL, "\n", &save)) {
            char *choice = strstr(line, "choice");
            for (const char *c = "nmk"; *c && !choice && strncmp(line, "  ", 2) == 0; c++)
                for (char *at = line + 20; at && !choice && *at; at = at[1] ? at + 1 : NULL)
                    if (at[0] == *c && at[-1] == ' ' && at[1] == ' ' && at[2] >= '1' && at[2] <= '9')
                        choice = at;
            if (!choice) continue;
            *choice = '\0';
            if (column == 0) column = ht_utf8_length(line);
            assert_int_equal(ht_utf8_length(line), column);
        }
        wide += column > 52;
        ht_text_free(&table);
    }
    assert_true(wide > 0); /* some did not fit */
}

static void nothing_is_good_that_cannot_be(void **state)
{
    static ht_tail_picture p;
    ht_error err;
    (void)state;
    for (int number = 0; number < 400; number++) {
        sample s = take(number, false);
        ht_values v = {.f64 = s.x, .rows = s.rows, .columns = s.columns};
        ht_tail_options options = {.k = number % 3 ? 0 : (size_t)number / 3,
                                   .m = number % 5 ? 0 : (size_t)number / 5,
                                   .spectrum = true};
        fit f = fit_values(&v, &options);
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            check_honest(&f.e[e], number);
            bool spectrum = ht_estimator_at((ht_estimator)e)->input == HT_INPUT_EIGENVALUES;
            if (s.kind >= 6 && s.kind <= 8 && !spectrum) assert_true(f.e[e].quality != HT_QUALITY_GOOD);
        }
        for (int centred = 0; centred < 2; centred++) {
            assert_int_equal(ht_tail_picture_make(&p, &v, &options, centred, &err), HT_OK);
            for (int e = 0; e < HT_ESTIMATORS; e++) {
                check_honest(&p.all[e], number);
                if (s.rows > 1 && s.columns > 1) check_honest(&p.of_norms[e], number);
            }
        }
    }
}

/* Zeros, one value, a value with either sign, two values. */
static void what_is_no_sample_has_no_index(void **state)
{
    enum { ROWS = 30, COLUMNS = 20, N = ROWS * COLUMNS };
    static double x[N];
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        for (int i = 0; i < N; i++)
            x[i] = kind == 0 ? 0 : kind == 1 || i % 7 % 2 ? 0.3 : kind == 2 ? -0.3 : 0;
        fit f = fit_all(x, ROWS, COLUMNS);
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            bool spectrum = ht_estimator_at((ht_estimator)e)->input == HT_INPUT_EIGENVALUES;
            if (spectrum && kind > 1) continue; /* signs and places make a matrix like any other */
            assert_true(isnan(f.e[e].value) && f.e[e].quality == HT_QUALITY_NOT_APPLICABLE);
            assert_non_null(f.e[e].reason);
        }
        assert_int_equal(f.e[HT_MMO].zeros, kind == 0 ? N : kind == 3 ? f.e[HT_HILL].zeros : 0);
    }
    for (size_t n = 0; n < 4; n++) {
        static double few[] = {1.5, -0.2, 4};
        fit f = fit_all(few, n, 1);
        assert_true(isnan(f.e[HT_MMO].value) && f.e[HT_MMO].reason);
    }
}

/* ---- zeros of pruning and of rounding ---- */

/* With 1 % zeros mmo was 1.34, with 5 % 0.90. */
static void a_few_zeros_move_nothing(void **state)
{
    enum { N = 60000 };
    static const ht_estimator tested[] = {HT_MMO, HT_MCCULLOCH, HT_ECF, HT_HILL};
    static double x[N];
    ht_rng rng;
    (void)state;
    for (int percent = 0; percent <= 50; percent = percent ? percent * 5 : 1) {
        fill_stable(x, N, 1.5, 8);
        ht_rng_init(&rng, 8, HT_STREAM_TEST, 20);
        for (int i = 0; i < N; i++)
            if ((int)ht_rng_below(&rng, 100) < percent) x[i] = 0;
        fit f = fit_all(x, N, 1);
        for (int t = 0; t < 4; t++) {
            const ht_estimate *e = &f.e[tested[t]];
            assert_true(fabs(e->value - 1.5) < 3.5 * e->std_error);
            assert_true(tested[t] == HT_HILL || e->quality == HT_QUALITY_GOOD);
            assert_true(fabs((double)e->zeros / N - percent / 100.0) < 0.01);
        }
    }
}

/* A grid of 1/1024 to 1: good where it is right, and marked where the grid begins to show. With 1/64 mmo was
 * 1.446, good. */
static void a_grid_is_noticed_where_it_matters(void **state)
{
    enum { N = 60000 };
    static double x[N], y[N];
    (void)state;
    fill_stable(x, N, 1.5, 9);
    for (double step = 0x1p-10; step <= 2; step *= 2)
        for (int decimal = 0; decimal < 2; decimal++) {
            double h = decimal ? step * 1.024 : step; /* 0.001, 0.002 … */
            for (int i = 0; i < N; i++) y[i] = rint(x[i] / h) * h;
            fit f = fit_all(y, N, 1);
            for (int e = 0; e < HT_ESTIMATORS; e++) {
                const ht_estimate *own = &f.e[e];
                bool stable_law = ht_estimator_at((ht_estimator)e)->stable && !of_rows((ht_estimator)e);
                if (own->quality == HT_QUALITY_GOOD && stable_law)
                    assert_true(fabs(own->value - 1.5) < 3.5 * own->std_error && h < 0.06);
            }
            if (h < 0.02) assert_int_equal(f.e[HT_MMO].quality, HT_QUALITY_GOOD);
            assert_true(fabs(f.e[HT_MMO].step / (h / 2) - 1) < 1e-6);
            if (h >= 0.1) assert_int_equal(f.e[HT_MMO].quality, HT_QUALITY_QUANTIZED);
        }
}

/* The small weights gone: these zeros say that there were small ones. */
static void pruning_by_size_is_noticed(void **state)
{
    enum { N = 60000 };
    static double x[N], y[N];
    (void)state;
    fill_stable(x, N, 1.5, 10);
    for (double least = 0.01; least < 2; least *= 1.5) {
        for (int i = 0; i < N; i++) y[i] = fabs(x[i]) < least ? 0 : x[i];
        fit f = fit_all(y, N, 1);
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            const ht_estimate *own = &f.e[e];
            if (own->quality == HT_QUALITY_GOOD && ht_estimator_at((ht_estimator)e)->stable &&
                !of_rows((ht_estimator)e))
                assert_true(fabs(own->value - 1.5) < 3.5 * own->std_error);
        }
        if (least < 0.05) assert_int_equal(f.e[HT_MMO].quality, HT_QUALITY_GOOD);
        if (least > 0.2) assert_true(f.e[HT_MMO].quality != HT_QUALITY_GOOD);
    }
}

/* 127 levels to either side of zero for a row, 7 for a group of 32: no index of a stable law is good. */
static void weights_of_few_levels_are_not_good(void **state)
{
    enum { ROWS = 600, COLUMNS = 96, N = ROWS * COLUMNS };
    static const int group[] = {N, COLUMNS, 32}, levels[] = {127, 127, 7};
    static float x[N];
    static double w[N];
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        fill_stable(w, N, 1.5, 11);
        for (int first = 0; first < N; first += group[kind]) {
            double most = 0;
            for (int i = first; i < first + group[kind]; i++) most = fmax(most, fabs(w[i]));
            float unit = (float)(most / levels[kind]);
            for (int i = first; i < first + group[kind]; i++)
                x[i] = rintf((float)(w[i] / (double)unit)) * unit;
        }
        fit f = fit_values(&(ht_values){.f32 = x, .rows = ROWS, .columns = COLUMNS}, &(ht_tail_options){0});
        for (int e = 0; e < HT_ESTIMATORS; e++)
            if (ht_estimator_at((ht_estimator)e)->stable && !of_rows((ht_estimator)e))
                assert_true(f.e[e].quality != HT_QUALITY_GOOD);
    }
}

/* ---- rank ---- */

enum { RANK_ROWS = 300, RANK_COLUMNS = 200 };

static double unchanged(double x)
{
    return x;
}

static double to_float(double x)
{
    return (double)(float)x;
}

/* A product of factors of so many columns, its entries rounded, in a unit. */
static void product(double *w, int rank, double (*rounded)(double), double unit)
{
    static double a[RANK_ROWS * RANK_COLUMNS], b[RANK_ROWS * RANK_COLUMNS];
    ht_rng rng;
    ht_rng_init(&rng, (uint64_t)rank, HT_STREAM_TEST, 21);
    for (int i = 0; i < RANK_ROWS * rank; i++) a[i] = ht_rng_normal(&rng);
    for (int i = 0; i < RANK_COLUMNS * rank; i++) b[i] = ht_rng_normal(&rng);
    for (int i = 0; i < RANK_ROWS; i++)
        for (int j = 0; j < RANK_COLUMNS; j++) {
            double sum = 0;
            for (int r = 0; r < rank; r++) sum += a[i * rank + r] * b[j * rank + r];
            w[i * RANK_COLUMNS + j] = rounded(sum) * unit;
        }
}

static void the_rank_is_told_and_noise_is_no_spectrum(void **state)
{
    static double w[RANK_ROWS * RANK_COLUMNS];
    static float f[RANK_ROWS * RANK_COLUMNS];
    static const int ranks[] = {1, 2, 5, 9, 30, 100};
    static const double units[] = {1, 0x1p-900, 0x1p900};
    double (*const rounded[])(double) = {unchanged, to_float, bfloat16, float16};
    (void)state;
    for (int t = 0; t < 4; t++)
        for (int r = 0; r < 6; r++)
            for (int u = 0; u < 4; u++) { /* the last time as floats */
                product(w, ranks[r], rounded[t], u < 3 ? units[u] : 1);
                for (int i = 0; i < RANK_ROWS * RANK_COLUMNS; i++) f[i] = u < 3 ? 0 : (float)w[i];
                ht_values v = {.f64 = u < 3 ? w : NULL,
                               .f32 = u < 3 ? NULL : f,
                               .rows = RANK_ROWS,
                               .columns = RANK_COLUMNS};
                fit own = fit_values(&v, &(ht_tail_options){.spectrum = true});
                const ht_estimate *e = &own.e[HT_POWERLAW];
                if (e->rank != (size_t)ranks[r])
                    fail_msg("rank %zu of %d, rounding %d", e->rank, ranks[r], t);
                if (ranks[r] == 1) assert_true(isnan(e->value) && e->quality == HT_QUALITY_NOT_APPLICABLE);
                if (ranks[r] < 10) assert_true(e->quality != HT_QUALITY_GOOD);
                assert_true(e->n_tail <= (size_t)ranks[r]);
            }
}

/* Nothing of a matrix of full rank is taken for noise, as numpy.linalg.matrix_rank has it. */
static void a_full_rank_is_full(void **state)
{
    enum { SIDE = 200 };
    static double w[SIDE * SIDE];
    static float f[SIDE * SIDE];
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 5, HT_STREAM_TEST, 22);
    for (int i = 0; i < SIDE * SIDE; i++) f[i] = (float)(w[i] = ht_rng_normal(&rng));
    fit a = fit_all(w, SIDE, SIDE);
    fit b = fit_values(&(ht_values){.f32 = f, .rows = SIDE, .columns = SIDE},
                       &(ht_tail_options){.spectrum = true});
    assert_int_equal(a.e[HT_POWERLAW].rank, SIDE);
    assert_int_equal(b.e[HT_POWERLAW].rank, SIDE);
    /* Integers of few bits are exact, not rounded. */
    static const int values[] = {256, 8, 3, 2};
    for (int k = 0; k < 4; k++)
        for (int shift = 0; shift < 2; shift++) {
            for (int i = 0; i < SIDE * SIDE; i++)
                w[i] = (double)ht_rng_below(&rng, (uint32_t)values[k]) - shift * (values[k] - 1) / 2.0;
            assert_int_equal(fit_all(w, SIDE, SIDE).e[HT_POWERLAW].rank, SIDE);
        }
    for (int i = 0; i < SIDE * SIDE; i++) w[i] = i % (SIDE + 1) == 0; /* all eigenvalues are one */
    fit unit = fit_all(w, SIDE, SIDE);
    assert_int_equal(unit.e[HT_POWERLAW].rank, SIDE);
    assert_true(isnan(unit.e[HT_POWERLAW].value));
}

/* An orthogonal matrix has one eigenvalue: α was 97 308 468, good. Reflections, rounded to three types. */
static void equal_eigenvalues_are_no_power_law(void **state)
{
    enum { SIDE = 300 };
    static double q[SIDE * SIDE], w[SIDE * SIDE], v[SIDE];
    double (*const rounded[])(double) = {unchanged, to_float, bfloat16, float16};
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 6, HT_STREAM_TEST, 23);
    for (int i = 0; i < SIDE * SIDE; i++) q[i] = i % (SIDE + 1) == 0;
    for (int turn = 0; turn < 6; turn++) {
        double norm2 = 0;
        for (int i = 0; i < SIDE; i++) {
            v[i] = ht_rng_normal(&rng);
            norm2 += v[i] * v[i];
        }
        for (int i = 0; i < SIDE; i++) {
            double dot = 0;
            for (int j = 0; j < SIDE; j++) dot += q[i * SIDE + j] * v[j];
            for (int j = 0; j < SIDE; j++) q[i * SIDE + j] -= 2 * dot / norm2 * v[j];
        }
    }
    for (int t = 0; t < 4; t++) {
        for (int i = 0; i < SIDE * SIDE; i++) w[i] = rounded[t](q[i]);
        fit f = fit_all(w, SIDE, SIDE);
        assert_true(isnan(f.e[HT_POWERLAW].value));
        assert_int_equal(f.e[HT_POWERLAW].quality, HT_QUALITY_NOT_APPLICABLE);
        assert_int_equal(f.e[HT_POWERLAW].rank, SIDE);
        assert_non_null(f.e[HT_POWERLAW].reason);
    }
}

/* Preferential attachment, an Erdős–Rényi graph, and entries of two bits: what has few levels is exact, so no
 * rank is lost; two hundred eigenvalues of these are no power law that is sure. */
static void matrices_of_few_levels_are_not_good(void **state)
{
    enum { SIDE = 200, KINDS = 4, LINKS = 3 };
    static double w[SIDE * SIDE];
    static int end[2 * LINKS * SIDE];
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 7, HT_STREAM_TEST, 23);
    for (int kind = 0; kind < KINDS; kind++) {
        int ends = 0;
        memset(w, 0, sizeof w);
        for (int i = 0; i < SIDE * SIDE; i++) {
            int row = i / SIDE, column = i % SIDE;
            if (kind == 0 && column < row && ht_rng_below(&rng, 20) == 0) w[i] = w[column * SIDE + row] = 1;
            if (kind == 1) w[i] = fmin(fmax(rint(1.2 * ht_rng_normal(&rng)), -2), 1);
            if (kind == 2) w[i] = ht_rng_u32(&rng) & 1 ? 1 : -1;
        }
        for (int i = 1; kind == 3 && i < SIDE; i++)
            for (int l = 0; l < LINKS; l++) {
                int to = ends ? end[ht_rng_below(&rng, (uint32_t)ends)] : 0;
                w[i * SIDE + to] = w[to * SIDE + i] = 1;
                end[ends++] = i, end[ends++] = to;
            }
        fit f = fit_all(w, SIDE, SIDE);
        if (f.e[HT_POWERLAW].rank < SIDE - 10) fail_msg("kind %d: rank %zu", kind, f.e[HT_POWERLAW].rank);
        for (int e = 0; e < HT_ESTIMATORS; e++)
            if (f.e[e].quality == HT_QUALITY_GOOD)
                fail_msg("kind %d: %s is good", kind, ht_estimator_at((ht_estimator)e)->name);
    }
    for (int i = 0; i < SIDE * SIDE; i++) w[i] = i / SIDE == (7 * (i % SIDE) + 3) % SIDE; /* a permutation */
    fit f = fit_all(w, SIDE, SIDE);
    assert_true(isnan(f.e[HT_POWERLAW].value) && f.e[HT_POWERLAW].rank == SIDE);
}

/* Doubles from 1e-300 to 1e300: none is a zero, and there is no unit in which all are doubles. */
static void what_spans_more_than_doubles_has_no_zeros(void **state)
{
    enum { ROWS = 100, COLUMNS = 20, N = ROWS * COLUMNS };
    static double x[N];
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 8, HT_STREAM_TEST, 23);
    for (int i = 0; i < N; i++) x[i] = i % 10 ? pow(10, 600 * ht_rng_uniform(&rng) - 300) : 0;
    fit f = fit_all(x, ROWS, COLUMNS);
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        if (ht_estimator_at((ht_estimator)e)->input == HT_INPUT_EIGENVALUES) continue;
        assert_true(isnan(f.e[e].value) && f.e[e].quality == HT_QUALITY_NOT_APPLICABLE);
        assert_non_null(f.e[e].reason);
        assert_non_null(strstr(f.e[e].reason, "span"));
        if (!of_rows((ht_estimator)e)) assert_int_equal(f.e[e].zeros, N / 10);
    }
}

/* ---- indices below 1 ---- */

/* Each mean of 20 samples within 4 of its errors, the scale too; what is beyond the table is refused. */
static void small_indices_are_found(void **state)
{
    enum { N = 10000, SAMPLES = 20 };
    static const double alphas[] = {0.3, 0.5, 0.8, 1};
    static const ht_estimator tested[] = {HT_MMO, HT_MCCULLOCH, HT_ECF, HT_HILL};
    static double x[N];
    (void)state;
    for (int a = 0; a < 4; a++) {
        double sum[4] = {0}, error[4] = {0}, scale[4] = {0};
        for (int s = 0; s < SAMPLES; s++) {
            fill_stable(x, N, alphas[a], 200 + (uint64_t)s);
            for (int i = 0; i < N; i++) x[i] *= 0.3;
            fit f = fit_values(&(ht_values){.f64 = x, .rows = N, .columns = 1}, &(ht_tail_options){.k = 200});
            for (int t = 0; t < 4; t++) {
                sum[t] += f.e[tested[t]].value / SAMPLES;
                error[t] += f.e[tested[t]].std_error / SAMPLES;
                scale[t] += log(f.e[tested[t]].scale / 0.3) / SAMPLES;
            }
        }
        for (int t = 0; t < 4; t++) {
            if (!(fabs(sum[t] - alphas[a]) < 4 * error[t] / sqrt(SAMPLES)))
                fail_msg("%s: %g of %g", ht_estimator_at(tested[t])->name, sum[t], alphas[a]);
            if (tested[t] == HT_MCCULLOCH || tested[t] == HT_ECF) assert_true(fabs(scale[t]) < 0.06);
        }
    }
    fill_stable(x, N, 0.1, 1);
    fit f = fit_all(x, N, 1);
    assert_true(isnan(f.e[HT_MCCULLOCH].value) && f.e[HT_MCCULLOCH].reason && isnan(f.e[HT_ECF].value));
    assert_true(fabs(f.e[HT_MMO].value - 0.1) < 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_have_no_unit),
        cmocka_unit_test(an_interval_holds_its_value_or_is_not_given),
        cmocka_unit_test(tables_keep_their_columns),
        cmocka_unit_test(every_view_says_an_index_or_why_not),
        cmocka_unit_test(floats_have_no_unit),
        cmocka_unit_test(any_unit_gives_the_same_index),
        cmocka_unit_test(the_smallest_numbers_are_numbers),
        cmocka_unit_test(a_picture_has_no_unit),
        cmocka_unit_test(the_sign_does_not_matter),
        cmocka_unit_test(the_order_does_not_matter),
        cmocka_unit_test(zeros_are_left_out),
        cmocka_unit_test(rows_of_zeros_are_left_out),
        cmocka_unit_test(a_pruned_layer_is_centred_without_its_zeros),
        cmocka_unit_test(rounding_of_weights_does_not_matter),
        cmocka_unit_test(duplicates_do_not_change_the_law),
        cmocka_unit_test(nothing_is_good_that_cannot_be),
        cmocka_unit_test(what_is_no_sample_has_no_index),
        cmocka_unit_test(a_few_zeros_move_nothing),
        cmocka_unit_test(a_grid_is_noticed_where_it_matters),
        cmocka_unit_test(pruning_by_size_is_noticed),
        cmocka_unit_test(weights_of_few_levels_are_not_good),
        cmocka_unit_test(the_rank_is_told_and_noise_is_no_spectrum),
        cmocka_unit_test(a_full_rank_is_full),
        cmocka_unit_test(equal_eigenvalues_are_no_power_law),
        cmocka_unit_test(matrices_of_few_levels_are_not_good),
        cmocka_unit_test(what_spans_more_than_doubles_has_no_zeros),
        cmocka_unit_test(small_indices_are_found),
    };
    ht_linalg_init(); /* one BLAS thread */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
