/* test_spectrum.c - eigenvalues against Jacobi's method, the power law against the golden table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heavytail/tail.h"
#include "num/rng.h"
#include "num/select.h"
#include "tail/estimate/spectrum.h"
#include "unit/golden.h"

enum { MOST = 40 };

/* Eigenvalues of the symmetric a (n × n) by cyclic Jacobi rotations, upwards. */
static void jacobi(double a[MOST][MOST], int n, double *eigenvalue)
{
    for (int sweep = 0; sweep < 30; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                if (a[p][q] == 0) continue;
                double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
                double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1)),
                       c = 1 / sqrt(t * t + 1), s = t * c;
                for (int k = 0; k < n; k++) {
                    double kp = a[k][p], kq = a[k][q];
                    a[k][p] = c * kp - s * kq, a[k][q] = s * kp + c * kq;
                }
                for (int k = 0; k < n; k++) {
                    double pk = a[p][k], qk = a[q][k];
                    a[p][k] = c * pk - s * qk, a[q][k] = s * pk + c * qk;
                }
            }
    for (int i = 0; i < n; i++) eigenvalue[i] = a[i][i];
    qsort(eigenvalue, (size_t)n, sizeof *eigenvalue, ht_by_double);
}

static void check_shape(size_t rows, size_t columns)
{
    static double w[600 * MOST], gram[MOST][MOST];
    static float w32[600 * MOST];
    double slow[MOST], fast[MOST];
    size_t side = rows < columns ? rows : columns, longer = rows < columns ? columns : rows;
    ht_error err;
    ht_rng rng;
    ht_rng_init(&rng, rows, HT_STREAM_TEST, columns);
    for (size_t i = 0; i < rows * columns; i++) w[i] = (double)(w32[i] = (float)ht_rng_normal(&rng));
    for (size_t a = 0; a < side; a++)
        for (size_t b = 0; b < side; b++) {
            gram[a][b] = 0;
            for (size_t k = 0; k < longer; k++)
                gram[a][b] += rows < columns ? w[a * columns + k] * w[b * columns + k]
                                             : w[k * columns + a] * w[k * columns + b];
            gram[a][b] /= (double)longer;
        }
    jacobi(gram, (int)side, slow);
    ht_values v = {.f64 = w, .rows = rows, .columns = columns},
              v32 = {.f32 = w32, .rows = rows, .columns = columns};
    assert_int_equal(ht_spectrum_eigenvalues(&v, fast, &err), HT_OK);
    for (size_t i = 0; i < side; i++) assert_true(fabs(fast[i] - slow[i]) <= 1e-12 * slow[side - 1]);
    assert_int_equal(ht_spectrum_eigenvalues(&v32, fast, &err), HT_OK);
    for (size_t i = 0; i < side; i++) assert_true(fabs(fast[i] - slow[i]) <= 1e-12 * slow[side - 1]);
}

static void eigenvalues_agree_with_jacobi(void **state)
{
    (void)state;
    check_shape(30, 20);
    check_shape(20, 30);
    check_shape(600, 40); /* more than one slice */
    check_shape(40, 600);
    check_shape(7, 7);
    check_shape(1, 5);
    check_shape(3, 1);
}

typedef struct esd {
    const char *matrix;
    double value[300];
    size_t count;
    int rows;
} esd;

static void singular_row(void *context, int fields, char **field)
{
    esd *e = context;
    assert_true(fields >= 4);
    if (strcmp(field[0], e->matrix) == 0) e->value[e->count++] = atof(field[3]);
}

static void near(double value, const char *wanted, double tolerance)
{
    if (fabs(value / atof(wanted) - 1) > tolerance) fail_msg("%.12g instead of %s", value, wanted);
}

/* matrix,rows,cols,N,eigenvalues,ks,xmin,xmin_index,tail_count,alpha,sigma,D,second_best_D */
static void powerlaw_row(void *context, int fields, char **field)
{
    esd *e = context;
    assert_true(fields >= 12);
    if (strcmp(field[0], e->matrix) != 0) return;
    ht_estimate fit = {.value = NAN};
    ht_spectrum_powerlaw(e->value, e->count, strcmp(field[5], "two_sided") == 0, &fit);
    near(fit.value, field[9], 1e-6);
    near(fit.std_error, field[10], 1e-6);
    near(fit.distance, field[11], 1e-6);
    near(fit.xmin, field[6], 1e-9);
    assert_int_equal(fit.n_tail, atoi(field[8]));
    e->rows++;
}

static void power_laws_match_the_golden_table(void **state)
{
    (void)state;
    static const char *const matrices[] = {"gaussian", "stable_1.5"};
    for (int i = 0; i < 2; i++) {
        esd e = {.matrix = matrices[i]};
        golden_csv("esd_singular_values.csv", singular_row, &e);
        assert_int_equal(e.count, 300);
        qsort(e.value, e.count, sizeof e.value[0], ht_by_double);
        golden_csv("esd_powerlaw.csv", powerlaw_row, &e);
        assert_int_equal(e.rows, 2);
    }
}

static void a_power_law_is_found_and_a_flat_spectrum_is_not(void **state)
{
    (void)state;
    double x[400];
    ht_estimate fit = {.value = NAN};
    for (int i = 0; i < 400; i++) x[i] = pow(1 - (i + 0.5) / 400, -1 / 1.5); /* density exponent 2.5 */
    ht_spectrum_powerlaw(x, 400, true, &fit);
    assert_true(fit.quality == HT_QUALITY_GOOD && fit.low <= 2.5 && 2.5 <= fit.high);
    fit = (ht_estimate){.value = NAN, .quality = HT_QUALITY_NOT_APPLICABLE};
    for (int i = 0; i < 400; i++) x[i] = 2;
    ht_spectrum_powerlaw(x, 400, false, &fit);
    assert_true(fit.quality != HT_QUALITY_GOOD);
    fit = (ht_estimate){.value = NAN, .quality = HT_QUALITY_NOT_APPLICABLE};
    memset(x, 0, sizeof x);
    ht_spectrum_powerlaw(x, 400, false, &fit);
    assert_true(isnan(fit.value) && fit.quality == HT_QUALITY_NOT_APPLICABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvalues_agree_with_jacobi),
        cmocka_unit_test(power_laws_match_the_golden_table),
        cmocka_unit_test(a_power_law_is_found_and_a_flat_spectrum_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
