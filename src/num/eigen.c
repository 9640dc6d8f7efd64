/* eigen.c - what LAPACK's dsyevr does, in its steps: A = Q T Qᵀ with T tridiagonal, T = Z Λ Zᵀ by relatively
 * robust representations, vectors Q Z. Between them Q, which fills one triangle of A, is packed, so that A
 * has gone before there is a Z.
 *
 * Row-major lower is column-major upper, and a column of theirs a row of ours; comments count from 0. */
#include "num/eigen.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"

/* In OpenBLAS, but in none of its headers. The lengths of the strings come last, as Fortran has it. */
void dlatrd_(const char *triangle, const int *n, const int *panel, double *a, const int *lda, double *e,
             double *tau, double *work, const int *ldwork, size_t);
void dsytd2_(const char *triangle, const int *n, double *a, const int *lda, double *d, double *e, double *tau,
             int *info, size_t);
void dsyr2k_(const char *triangle, const char *transposed, const int *n, const int *k, const double *alpha,
             const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c,
             const int *ldc, size_t, size_t);
void dstemr_(const char *job, const char *range, const int *n, double *d, double *e, const double *low,
             const double *high, const int *first, const int *last, int *found, double *values, double *z,
             const int *ldz, const int *room, int *support, int *accurate, double *work, const int *work_size,
             int *whole, const int *whole_size, int *info, size_t, size_t);
void dlarft_(const char *direction, const char *storage, const int *n, const int *k, const double *v,
             const int *ldv, const double *tau, double *t, const int *ldt, size_t, size_t);
void dlarfb_(const char *side, const char *transposed, const char *direction, const char *storage,
             const int *m, const int *n, const int *k, const double *v, const int *ldv, const double *t,
             const int *ldt, double *c, const int *ldc, double *work, const int *ldwork, size_t, size_t,
             size_t, size_t);

enum { PANEL = 32, WORK = PANEL, WHOLE = 10 + 2 }; /* reflectors at a time; room for each row */

typedef struct tridiagonal {
    int m;
    double *d, *e, *tau; /* (m) each: diagonal, beside it, and the reflectors' factors */
    double *work;        /* (m × WORK): dlatrd and dlarfb want 32 rows, dstemr 18 */
    int *whole;          /* (m × WHOLE) */
    double *packed;      /* column j of the upper triangle: j + 1 numbers at j (j + 1) / 2 */
} tridiagonal;

static ht_code room(tridiagonal *t, int m, ht_error *err)
{
    size_t rows = (size_t)m;
    t->m = m;
    t->d = ht_alloc(rows * (3 + WORK), sizeof *t->d, "eigenvalues", err);
    t->whole = t->d ? ht_alloc(rows * WHOLE, sizeof *t->whole, "eigenvalues", err) : NULL;
    if (!t->whole) return HT_FAIL;
    t->e = t->d + rows;
    t->tau = t->e + rows;
    t->work = t->tau + rows;
    return HT_OK;
}

static size_t column_at(int j)
{
    return (size_t)j * ((size_t)j + 1) / 2;
}

/* dsytrd, panel by panel from the last, with a look between two at whether it is still wanted: of a layer of
 * 3000 inputs the whole takes half a minute. */
static ht_code make_tridiagonal(tridiagonal *t, double *a, ht_error *err)
{
    int m = t->m, panel = PANEL, info, first = m;
    double minus = -1, one = 1;
    while (first > PANEL) {
        int rows = first;
        first -= PANEL;
        if (ht_still_wanted(err) != HT_OK) return err->code;
        double *columns = a + (size_t)first * (size_t)m;
        dlatrd_("U", &rows, &panel, a, &m, t->e, t->tau, t->work, &m, 1);
        dsyr2k_("U", "N", &first, &panel, &minus, columns, &m, t->work, &m, &one, a, &m, 1, 1);
        for (int j = first; j < rows; j++) {
            a[(size_t)j * (size_t)m + (size_t)j - 1] = t->e[j - 1];
            t->d[j] = a[(size_t)j * (size_t)m + (size_t)j];
        }
    }
    dsytd2_("U", &first, a, &m, t->d, t->e, t->tau, &info, 1);
    return HT_OK;
}

/* A becomes T and the reflectors, which are packed. */
static ht_code reduce(tridiagonal *t, double *a, ht_error *err)
{
    int m = t->m;
    if (make_tridiagonal(t, a, err) != HT_OK) return err->code;
    t->packed = ht_alloc(column_at(m), sizeof *t->packed, "eigenvectors", err);
    if (!t->packed) return HT_FAIL;
    for (int j = 0; j < m; j++)
        memcpy(t->packed + column_at(j), a + (size_t)j * (size_t)m, ((size_t)j + 1) * sizeof *a);
    return HT_OK;
}

static ht_code solve(tridiagonal *t, double *values, double *z, ht_error *err)
{
    int m = t->m, size = m * WORK, whole_size = m * 10, found = 0, none = 0, accurate = 1, info;
    double zero = 0;
    dstemr_("V", "A", &m, t->d, t->e, &zero, &zero, &none, &none, &found, values, z, &m, &m,
            t->whole + (size_t)whole_size, &accurate, t->work, &size, t->whole, &whole_size, &info, 1, 1);
    if (info == 0 && found == m) return HT_OK;
    return ht_error_set(err, HT_FAIL, "the eigenvalues of a layer did not converge (dstemr: %d)", info);
}

/* Z becomes Q Z, Q = H(m-2) … H(0): H(i) has its vector in the rows 0 .. i, of which the last is 1 and the
 * others are column i + 1 of the triangle. */
static ht_code turn_back(const tridiagonal *t, double *panel, double *z, ht_error *err)
{
    double factor[PANEL * PANEL];
    int m = t->m, ld = PANEL;
    for (int first = 0; first < m - 1; first += PANEL) {
        if (ht_still_wanted(err) != HT_OK) return err->code;
        int count = m - 1 - first < PANEL ? m - 1 - first : PANEL, rows = first + count;
        for (int c = 0; c < count; c++)
            memcpy(panel + (size_t)c * (size_t)rows, t->packed + column_at(first + c + 1),
                   (size_t)(first + c) * sizeof *panel);
        dlarft_("B", "C", &rows, &count, panel, &rows, t->tau + first, factor, &ld, 1, 1);
        dlarfb_("L", "N", "B", "C", &rows, &m, &count, panel, &rows, factor, &ld, z, &m, t->work, &m, 1, 1, 1,
                1);
    }
    return HT_OK;
}

double *ht_eigen(int m, double **matrix, double *values, ht_error *err)
{
    tridiagonal t = {0};
    double *z = NULL, *panel = NULL;
    ht_code code = room(&t, m, err);
    if (code == HT_OK) code = reduce(&t, *matrix, err);
    ht_free(*matrix);
    *matrix = NULL;
    if (code == HT_OK) {
        z = ht_alloc((size_t)m * (size_t)m, sizeof *z, "eigenvectors", err);
        panel = ht_alloc((size_t)m * PANEL, sizeof *panel, "eigenvectors", err);
        code = z && panel ? solve(&t, values, z, err) : HT_FAIL;
    }
    if (code == HT_OK) code = turn_back(&t, panel, z, err);
    ht_free(t.d);
    ht_free(t.whole);
    ht_free(t.packed);
    ht_free(panel);
    if (code == HT_OK) return z;
    ht_free(z);
    return NULL;
}
