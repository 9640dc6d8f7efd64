/* test_eigen.c - eigenvectors are orthonormal, and A is V Λ Vᵀ, for every size around the panels' edges. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "num/eigen.h"
#include "num/linalg.h"
#include "num/rng.h"

typedef double entry(ht_rng *rng, int i, int j);

static double any(ht_rng *rng, int i, int j)
{
    (void)i, (void)j;
    return ht_rng_normal(rng);
}

static double identity(ht_rng *rng, int i, int j)
{
    (void)rng;
    return i == j;
}

static double nothing(ht_rng *rng, int i, int j)
{
    (void)rng, (void)i, (void)j;
    return 0;
}

/* Rank one, twelve orders of magnitude wide. */
static double steep(ht_rng *rng, int i, int j)
{
    (void)rng;
    return pow(10, -0.1 * (i + j));
}

static void check(int m, entry *make)
{
    ht_error err;
    ht_rng rng;
    size_t size = (size_t)m * (size_t)m;
    double *a = ht_alloc(size, sizeof *a, "a test", &err), *whole = ht_alloc(size, sizeof *a, "a test", &err),
           *values = ht_alloc((size_t)m, sizeof *values, "a test", &err), scale = 1;
    ht_rng_init(&rng, 3, HT_STREAM_TEST, (uint64_t)m);
    for (int i = 0; i < m; i++)
        for (int j = 0; j <= i; j++) {
            double x = make(&rng, i, j);
            a[i * m + j] = whole[i * m + j] = whole[j * m + i] = x;
            if (i != j) a[j * m + i] = 1e9; /* does not count */
            scale = fmax(scale, fabs(x));
        }
    double *v = ht_eigen(m, &a, values, &err);
    assert_non_null(v);
    assert_null(a);
    for (int i = 0; i < m; i++) {
        if (i > 0) assert_true(values[i - 1] <= values[i]);
        for (int j = 0; j < m; j++) {
            double dot = 0, image = 0;
            for (int k = 0; k < m; k++) dot += v[i * m + k] * v[j * m + k];
            for (int k = 0; k < m; k++) image += whole[j * m + k] * v[i * m + k];
            assert_true(fabs(dot - (i == j)) < 1e-12 * m);
            assert_true(fabs(image - values[i] * v[i * m + j]) < 1e-13 * scale * m);
        }
    }
    ht_free(v);
    ht_free(whole);
    ht_free(values);
}

static void vectors_are_orthonormal_and_make_the_matrix(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 31, 32, 33, 34, 64, 65, 66, 150};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check(sizes[i], any);
        check(sizes[i], identity);
        check(sizes[i], nothing);
        check(sizes[i], steep);
    }
}

int main(void)
{
    ht_linalg_init();
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors_are_orthonormal_and_make_the_matrix)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
