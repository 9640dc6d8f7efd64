/* test_product.c - the products that skip zeros and copying, against loops in double, for every instruction
 * set. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/kernel.h"
#include "num/rng.h"

enum { ROWS = 150, SAMPLES = 230, COLUMNS = 420, STRIDE = ROWS + 7 };
static float x[SAMPLES * COLUMNS], d[SAMPLES * STRIDE], h[SAMPLES * STRIDE], other_h[SAMPLES * STRIDE];
static float before[(ROWS + 1) * COLUMNS], w[(ROWS + 1) * COLUMNS], pieces[(ROWS + 1) * COLUMNS];
static ht_panels panels;

static int setup(void **state)
{
    ht_rng rng;
    (void)state;
    ht_rng_init(&rng, 5, HT_STREAM_TEST, 0);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = (float)ht_rng_normal(&rng);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) before[i] = (float)ht_rng_normal(&rng);
    for (size_t i = 0; i < sizeof d / sizeof *d; i++)
        d[i] = (float)ht_rng_normal(&rng) * (float)ht_rng_below(&rng, 2);
    panels.x = aligned_alloc(64, (ht_panels_size(SAMPLES, COLUMNS) * sizeof *panels.x + 63) / 64 * 64);
    return panels.x == NULL;
}

static int teardown(void **state)
{
    (void)state;
    free(panels.x);
    return 0;
}

/* Sizes on both sides of every vector, tile, panel and block. */
static const int some_rows[] = {1, 3, 4, 16, 127, 128, 129, ROWS};
static const int some_samples[] = {1, 4, 5, 16, 99, 100, 101, SAMPLES};
static const int some_columns[] = {1, 7, 8, 15, 16, 17, 48, 49, 79, 80, 81, 140, 225, COLUMNS};
#define COUNT(a) (sizeof(a) / sizeof *(a))
#define FOR_EACH_SHAPE(rows, samples, columns)                                                               \
    for (size_t i_ = 0; i_ < COUNT(some_rows) * COUNT(some_samples) * COUNT(some_columns); i_++)             \
        for (int rows = some_rows[i_ % COUNT(some_rows)],                                                    \
                 samples = some_samples[i_ / COUNT(some_rows) % COUNT(some_samples)],                        \
                 columns = some_columns[i_ / COUNT(some_rows) / COUNT(some_samples)];                        \
             rows; rows = 0)

static void check_descend(const ht_kernels *kernel, int rows, int samples, int columns)
{
    size_t n = (size_t)columns;
    memcpy(w, before, sizeof w);
    kernel->pack(&panels, x, samples, columns);
    kernel->descend(w, d, STRIDE, &panels, rows, -0.3f, 0.9f);
    for (int r = 0; r < rows; r++)
        for (size_t j = 0; j < n; j += 1 + n / 9) {
            double sum = 0.9 * (double)before[(size_t)r * n + j];
            for (int s = 0; s < samples; s++)
                sum -= 0.3 * (double)d[s * STRIDE + r] * (double)x[(size_t)s * n + j];
            if (fabs((double)w[(size_t)r * n + j] - sum) > 2e-5)
                fail_msg("%s, %d × %d × %d: row %d, column %zu", kernel->isa, rows, samples, columns, r, j);
        }
    size_t end = (size_t)rows * n; /* what follows is left alone */
    assert_memory_equal(w + end, before + end, sizeof w - end * sizeof *w);
    memcpy(pieces, before, sizeof w); /* the cut does not matter */
    for (int r = 0, m = 1; r < rows; r += m, m = m % 37 + 3)
        kernel->descend(pieces + (size_t)r * n, d + r, STRIDE, &panels, m < rows - r ? m : rows - r, -0.3f,
                        0.9f);
    assert_memory_equal(w, pieces, sizeof w);
}

static void descent_is_the_product(void **state)
{
    (void)state;
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++)
        FOR_EACH_SHAPE(rows, samples, columns) check_descend(*k, rows, samples, columns);
}

static void check_project(const ht_kernels *kernel, int rows, int samples, int columns)
{
    size_t n = (size_t)columns;
    memset(h, 0, sizeof h);
    memset(other_h, 0, sizeof h);
    kernel->pack(&panels, x, samples, columns);
    kernel->project(h, STRIDE, before, &panels, rows);
    for (int s = 0; s < samples; s += 1 + samples / 9)
        for (int r = 0; r < rows; r += 1 + rows / 9) {
            double sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += (double)before[(size_t)r * n + j] * (double)x[(size_t)s * n + j];
            if (fabs((double)h[s * STRIDE + r] - sum) > 5e-5)
                fail_msg("%s, %d × %d × %d: row %d, sample %d", kernel->isa, rows, samples, columns, r, s);
        }
    for (int s = 0; s < samples; s++)
        for (int r = rows; r < STRIDE; r++) assert_true(h[s * STRIDE + r] == 0);
    for (int r = 0, m = 1; r < rows; r += m, m = m % 37 + 3)
        kernel->project(other_h + r, STRIDE, before + (size_t)r * n, &panels, m < rows - r ? m : rows - r);
    assert_memory_equal(h, other_h, sizeof h);
}

static void projection_is_the_product(void **state)
{
    (void)state;
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++)
        FOR_EACH_SHAPE(rows, samples, columns) check_project(*k, rows, samples, columns);
}

/* A network that diverges must be seen to. */
static void not_a_number_is_not_a_zero(void **state)
{
    (void)state;
    for (const ht_kernels *const *k = ht_kernel_builds(); *k; k++) {
        float nan_d[2] = {NAN, 0};
        memcpy(w, before, sizeof w);
        (*k)->pack(&panels, x, 1, 20);
        (*k)->descend(w, nan_d, 2, &panels, 2, 1, 1);
        for (int j = 0; j < 20; j++) assert_true(isnan(w[j]) && w[20 + j] == before[20 + j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descent_is_the_product),
        cmocka_unit_test(projection_is_the_product),
        cmocka_unit_test(not_a_number_is_not_a_zero),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
