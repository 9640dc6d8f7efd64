#include "math/spectrum.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/call_off.h"
#include "math/tail_estimate.h"
#include "math/values.h"

/* LAPACK inside OpenBLAS: eigenvalues of a symmetric matrix, by divide and conquer. */
extern void dsyevd_(const char *job, const char *uplo, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info);

enum { SLICE = 256 };

static double entry(const ht_values *w, size_t i, size_t j)
{
    size_t at = i * w->columns + j;
    return (w->f32 ? (double)w->f32[at] : w->f64[at]) - w->centre;
}

/* Rows first .. first + n - 1 of w (columns, when there are more of these) into slice (n × side). */
static void take_slice(const ht_values *w, bool tall, size_t first, size_t n, double *slice)
{
    if (tall) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < w->columns; j++) slice[i * w->columns + j] = entry(w, first + i, j);
    } else {
        for (size_t j = 0; j < w->rows; j++)
            for (size_t i = 0; i < n; i++) slice[i * w->rows + j] = entry(w, j, first + i);
    }
}

static ht_code decompose(double *gram, int side, double *eigenvalue, ht_error *err)
{
    int info = 0, query = -1, whole = 0;
    double size = 0;
    dsyevd_("N", "L", &side, gram, &side, eigenvalue, &size, &query, &whole, &query, &info);
    int length = (int)size;
    double *work = ht_alloc((size_t)length, sizeof *work, "the spectrum", err);
    int *integers = ht_alloc((size_t)whole, sizeof *integers, "the spectrum", err);
    ht_code code = work && integers ? HT_OK : err->code;
    if (code == HT_OK) {
        /* A row-major upper triangle is a column-major lower one. */
        dsyevd_("N", "L", &side, gram, &side, eigenvalue, work, &length, integers, &whole, &info);
        if (info != 0)
            code = ht_error_set(err, HT_FAIL, "the eigenvalues did not converge (dsyevd: %d)", info);
    }
    ht_free(work);
    ht_free(integers);
    return code;
}

ht_code ht_spectrum_eigenvalues(const ht_values *w, double *eigenvalue, ht_error *err)
{
    bool tall = w->rows >= w->columns;
    size_t side = tall ? w->columns : w->rows, longer = tall ? w->rows : w->columns;
    if (side > 1 << 15) return ht_error_set(err, HT_FAIL, "a spectrum of %zu eigenvalues is too large", side);
    double *gram = ht_alloc(side, side * sizeof *gram, "the spectrum", err);
    double *slice = ht_alloc(side, SLICE * sizeof *slice, "the spectrum", err);
    ht_code code = gram && slice ? HT_OK : err->code;
    if (code == HT_OK) {
        for (size_t first = 0; first < longer && !ht_called_off(); first += SLICE) {
            size_t n = longer - first < SLICE ? longer - first : SLICE;
            take_slice(w, tall, first, n, slice);
            cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)side, (int)n, 1, slice, (int)side, 1,
                        gram, (int)side);
        }
        code = ht_still_wanted(err);
        if (code == HT_OK) code = decompose(gram, (int)side, eigenvalue, err);
    }
    for (size_t i = 0; code == HT_OK && i < side; i++) eigenvalue[i] /= (double)longer;
    ht_free(gram);
    ht_free(slice);
    return code;
}

/* ---- the power law ---- */

typedef struct fit {
    double alpha, distance;
} fit;

/* To the n eigenvalues of `x`, upwards, the first of which is xmin. */
static fit fit_from(const double *x, size_t n, bool two_sided)
{
    double sum = 0;
    fit f = {0};
    for (size_t i = 0; i < n; i++) sum += log(x[i] / x[0]);
    f.alpha = 1 + (double)n / sum;
    for (size_t i = 0; i < n; i++) {
        double below = 1 - pow(x[i] / x[0], 1 - f.alpha);
        f.distance = fmax(f.distance, fabs(below - (double)i / (double)n));
        if (two_sided) f.distance = fmax(f.distance, fabs(below - (double)(i + 1) / (double)n));
    }
    return f;
}

void ht_spectrum_powerlaw(const double *eigenvalue, size_t count, bool two_sided, ht_estimate *e)
{
    enum { FEW = 25 };
    fit best = {.distance = INFINITY};
    while (count > 0 && !(eigenvalue[0] > 0)) eigenvalue++, count--;
    for (size_t i = 0; i + 1 < count && !ht_called_off(); i++) {
        fit f = fit_from(eigenvalue + i, count - i, two_sided);
        if (!(f.distance < best.distance)) continue;
        best = f;
        e->xmin = eigenvalue[i];
        e->n_tail = count - i;
    }
    if (!isfinite(best.distance)) return;
    double root = sqrt((double)e->n_tail);
    e->value = best.alpha;
    e->distance = best.distance;
    e->std_error = (best.alpha - 1) / root;
    e->low = best.alpha - HT_Z95 * e->std_error;
    e->high = best.alpha + HT_Z95 * e->std_error;
    e->k = e->n_tail;
    e->quality = e->n_tail < FEW               ? HT_QUALITY_FEW_POINTS
                 : best.distance * root > 1.31 ? HT_QUALITY_NOT_POWER_LAW
                                               : HT_QUALITY_GOOD;
}
