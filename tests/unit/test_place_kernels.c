/* test_place_kernels.c - the inner loops of layers on sequences, in every build that this CPU runs: matrices
 * at places, layer norm and GELU are what slow twins in doubles say, at odd sizes too; GELU and norms have
 * the same bits from all builds. (Heads of attention: test_places.c, in the build that is picked.) */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "num/rng.h"

static float *drawn(size_t count, uint64_t which)
{
    ht_rng rng;
    float *x = malloc((count + HT_PLACE_LINE) * sizeof *x);
    ht_rng_init(&rng, 5, HT_STREAM_TEST, which);
    for (size_t i = 0; i < count + HT_PLACE_LINE; i++) x[i] = (float)ht_rng_normal(&rng);
    return x;
}

static void assert_near(float got, double right, double size, const char *what, const char *isa)
{
    if (!(fabs((double)got - right) <= 1e-6 * size))
        fail_msg("%s, %s: %.9g, not %.9g", isa, what, (double)got, right);
}

/* ---- a matrix at every place ------------------------------------------------------------------- */

typedef struct matrix {
    int units, inputs, places;
    float *w, *x, *delta, *bias;
} matrix;

static void check_forward(const ht_kernels *k, const matrix *m, const float *packed)
{
    float *h = drawn((size_t)m->places * (size_t)m->units, 9);
    float after = h[m->places * m->units];
    k->places->forward(packed, m->units, m->inputs, m->bias, m->x, m->places, h);
    for (int p = 0; p < m->places; p++)
        for (int u = 0; u < m->units; u++) {
            double sum = m->bias ? (double)m->bias[u] : 0;
            for (int i = 0; i < m->inputs; i++)
                sum += (double)m->w[u * m->inputs + i] * (double)m->x[p * m->inputs + i];
            assert_near(h[p * m->units + u], sum, m->inputs + 1, "forward", k->isa);
        }
    assert_true(h[m->places * m->units] == after); /* nothing behind the end is written */
    free(h);
}

static void check_back(const ht_kernels *k, const matrix *m, const float *packed)
{
    float *d = drawn((size_t)m->places * (size_t)m->inputs, 9);
    float after = d[m->places * m->inputs];
    k->places->back(packed, m->units, m->inputs, m->delta, m->places, d);
    for (int p = 0; p < m->places; p++)
        for (int i = 0; i < m->inputs; i++) {
            double sum = 0;
            for (int u = 0; u < m->units; u++)
                sum += (double)m->delta[p * m->units + u] * (double)m->w[u * m->inputs + i];
            assert_near(d[p * m->inputs + i], sum, m->units, "back", k->isa);
        }
    assert_true(d[m->places * m->inputs] == after);
    free(d);
}

/* Places as `samples` samples, which lie `gap` floats apart; some rows of the matrix. */
static void check_gather(const ht_kernels *k, const matrix *m, int samples, int gap)
{
    int places = m->places / samples, first = m->units / 3, rows = m->units - first;
    size_t of_delta = (size_t)(places * m->units + gap), of_x = (size_t)(places * m->inputs + gap);
    float *delta = drawn((size_t)samples * of_delta, 10), *x = drawn((size_t)samples * of_x, 11),
          *to = drawn((size_t)rows * (size_t)m->inputs, 12),
          *before = drawn((size_t)rows * (size_t)m->inputs, 12);
    const ht_place_sums of = {delta, x, of_delta, of_x, samples, places, m->units, m->inputs, first, rows};
    k->places->gather(&of, to, 0.5f, 0.25f);
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < m->inputs; i++) {
            double sum = 0;
            for (int s = 0; s < samples; s++)
                for (int p = 0; p < places; p++)
                    sum += (double)delta[(size_t)s * of_delta + (size_t)(p * m->units + first + r)] *
                           (double)x[(size_t)s * of_x + (size_t)(p * m->inputs + i)];
            assert_near(to[r * m->inputs + i], 0.25 * (double)before[r * m->inputs + i] + 0.5 * sum,
                        samples * places + 1, "gather", k->isa);
        }
    assert_true(to[rows * m->inputs] == before[rows * m->inputs]);
    free(delta), free(x), free(to), free(before);
}

static void matrices_are_their_twins(void **state)
{
    (void)state;
    static const int sizes[][3] = {{1, 1, 1},    {3, 5, 7},     {16, 16, 13},   {33, 6, 20},  {65, 48, 66},
                                   {70, 33, 25}, {12, 300, 24}, {100, 256, 27}, {48, 19, 300}};
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (int biased = 0; biased < 2; biased++) {
                matrix m = {.units = sizes[i][0], .inputs = sizes[i][1], .places = sizes[i][2]};
                m.w = drawn((size_t)m.units * (size_t)m.inputs, 1);
                m.x = drawn((size_t)m.places * (size_t)m.inputs, 2);
                m.delta = drawn((size_t)m.places * (size_t)m.units, 3);
                m.bias = biased ? drawn((size_t)m.units, 4) : NULL;
                float *packed = malloc(ht_place_packed(m.units, m.inputs) * sizeof *packed);
                (*k)->places->pack(m.w, m.units, m.inputs, packed);
                check_forward(*k, &m, packed);
                check_back(*k, &m, packed);
                check_gather(*k, &m, 1, 0);
                check_gather(*k, &m, m.places > 3 ? 3 : 1, biased ? 5 : 0);
                free(m.w), free(m.x), free(m.delta), free(m.bias), free(packed);
            }
}

/* ---- layer norm -------------------------------------------------------------------------------- */

enum { PLACES = 5, CHANNELS = 150 };

typedef struct normal {
    float h[PLACES * CHANNELS], d[PLACES * CHANNELS], gains[CHANNELS], biases[CHANNELS];
    double measured[2 * PLACES];
} normal;

static normal normalize(const ht_kernels *k, const float *x, const float *gain, const float *bias,
                        const float *delta, int channels)
{
    normal n = {0};
    k->places->normalize(x, PLACES, channels, 1e-5, gain, bias, n.measured, n.h);
    k->places->normalize_back(x, PLACES, channels, n.measured, gain, delta, n.d);
    k->places->normalize_gains(x, PLACES, channels, n.measured, delta, n.gains, n.biases);
    return n;
}

static void check_norm(const ht_kernels *k, const normal *n, const float *x, const float *gain,
                       const float *bias, const float *delta, int channels)
{
    double gains[CHANNELS] = {0};
    for (int p = 0; p < PLACES; p++, x += channels, delta += channels) {
        double mean = 0, squares = 0, sum = 0, with = 0;
        for (int c = 0; c < channels; c++) mean += (double)x[c] / channels;
        for (int c = 0; c < channels; c++) squares += pow((double)x[c] - mean, 2) / channels;
        double scale = 1 / sqrt(squares + 1e-5);
        for (int c = 0; c < channels; c++) {
            double y = ((double)x[c] - mean) * scale, g = (double)gain[c] * (double)delta[c];
            assert_near(n->h[p * channels + c], y * (double)gain[c] + (double)bias[c], 3 * (1 + fabs(y)),
                        "norm", k->isa);
            sum += g / channels, with += g * y / channels;
            gains[c] += y * (double)delta[c];
        }
        for (int c = 0; c < channels; c++) {
            double y = ((double)x[c] - mean) * scale, g = (double)gain[c] * (double)delta[c];
            assert_near(n->d[p * channels + c], scale * (g - sum - y * with), 3 * scale * (1 + fabs(g)),
                        "norm, back", k->isa);
        }
    }
    for (int c = 0; c < channels; c++) assert_near(n->gains[c], gains[c], 10, "gains", k->isa);
}

/* Also about a mean that is 1000 deviations away. */
static void norms_are_their_twin_and_the_same_everywhere(void **state)
{
    (void)state;
    static const int channels[] = {2, 16, 33, CHANNELS};
    for (int i = 0; i < 8; i++) {
        int count = channels[i % 4];
        float *x = drawn((size_t)(PLACES * count), 1), *gain = drawn((size_t)count, 2),
              *bias = drawn((size_t)count, 3), *delta = drawn((size_t)(PLACES * count), 4);
        for (int j = 0; j < PLACES * count && i >= 4; j++) x[j] += 1000;
        const normal best = normalize(ht_kernel_builds()[0], x, gain, bias, delta, count);
        for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++) {
            const normal n = normalize(*k, x, gain, bias, delta, count);
            check_norm(*k, &n, x, gain, bias, delta, count);
            assert_memory_equal(&n, &best, sizeof n);
        }
        free(x), free(gain), free(bias), free(delta);
    }
}

/* ---- GELU -------------------------------------------------------------------------------------- */

static double phi(double x)
{
    return 0.5 * erfc(-x * M_SQRT1_2);
}

/* Its twin is erfc in doubles: values and slopes within 4e-7 (of the value where that is larger), values
 * below 0 relatively right, to -12. */
static void gelu_is_its_twin_and_the_same_everywhere(void **state)
{
    (void)state;
    enum { COUNT = 60001 };
    static float x[COUNT], slope[COUNT], best[COUNT], alone[COUNT];
    double off = 0, slopes = 0, relative = 0;
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++) {
        for (int i = 0; i < COUNT; i++) alone[i] = x[i] = (float)(i - COUNT / 2) * 0x1p-11f;
        (*k)->places->gelu(x, slope, COUNT);
        (*k)->places->gelu(alone, NULL, COUNT);
        assert_memory_equal(x, alone, sizeof x);
        if (k == ht_kernel_builds()) memcpy(best, x, sizeof x);
        assert_memory_equal(x, best, sizeof x);
        for (int i = 0; i < COUNT; i++) {
            double z = (double)((float)(i - COUNT / 2) * 0x1p-11f), value = z * phi(z),
                   right = phi(z) + z * exp(-z * z / 2) * 0.3989422804014327;
            off = fmax(off, fabs((double)x[i] - value) / fmax(1, fabs(value)));
            slopes = fmax(slopes, fabs((double)slope[i] - right));
            if (z < 0 && z > -12) relative = fmax(relative, fabs((double)x[i] / value - 1));
        }
    }
    print_message("figures: GELU within %.1e, its slope %.1e, below 0 relatively %.1e\n", off, slopes,
                  relative);
    assert_true(off < 4e-7 && slopes < 4e-7 && relative < 1e-5);
}

static void gelu_of_rare_values(void **state)
{
    (void)state;
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++) {
        float x[] = {NAN, 1e30f, -1e30f, INFINITY, -0.0f, 0.0f, 3e38f}, slope[7];
        (*k)->places->gelu(x, slope, 7);
        assert_true(isnan(x[0]) && isnan(slope[0]));
        assert_true(x[1] == 1e30f && x[2] == 0 && x[3] == INFINITY && x[4] == 0 && x[5] == 0 &&
                    x[6] == 3e38f);
        assert_true(slope[1] == 1 && slope[2] == 0);
        assert_true(fabsf(slope[4] - 0.5f) < 1e-7f && fabsf(slope[5] - 0.5f) < 1e-7f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices_are_their_twins),
        cmocka_unit_test(norms_are_their_twin_and_the_same_everywhere),
        cmocka_unit_test(gelu_is_its_twin_and_the_same_everywhere),
        cmocka_unit_test(gelu_of_rare_values),
    };
    return cmocka_run_group_tests_name("place kernels", tests, NULL, NULL);
}
