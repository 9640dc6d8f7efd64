#include "tail/estimate/spectrum.h"

#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "tail/tail_estimate.h"
#include "tail/tail_work.h"
#include "num/values.h"

/* LAPACK inside OpenBLAS: eigenvalues of a symmetric matrix, by divide and conquer. */
extern void dsyevd_(const char *job, const char *uplo, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info);

enum { SLICE = 256 };

static double entry(const ht_values *w, ht_unit unit, size_t i, size_t j)
{
    return ht_values_at(w, unit, i * w->columns + j) - w->centre * unit.first * unit.second;
}

/* Rows first .. first + n - 1 of w (columns, when there are more of these) into slice (n × side). */
static void take_slice(const ht_values *w, bool tall, size_t first, size_t n, double *slice)
{
    ht_unit unit = ht_values_unit(w);
    if (tall) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < w->columns; j++) slice[i * w->columns + j] = entry(w, unit, first + i, j);
    } else {
        for (size_t j = 0; j < w->rows; j++)
            for (size_t i = 0; i < n; i++) slice[i * w->rows + j] = entry(w, unit, j, first + i);
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
        for (size_t first = 0; first < longer && !ht_cancelled(); first += SLICE) {
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

/* ---- what of it is noise ---- */

/* Bits that the entries need, of 24 or 53: what was rounded to bfloat16 and read as float needs 8. */
static int significant_bits(const ht_values *w)
{
    uint64_t used = 0;
    for (size_t i = 0; i < ht_values_count(w); i++) {
        uint64_t bits = 0;
        if (w->f32)
            memcpy(&bits, &w->f32[i], sizeof w->f32[i]);
        else
            memcpy(&bits, &w->f64[i], sizeof w->f64[i]);
        used |= bits;
    }
    int whole = w->f32 ? 24 : 53, unused = 0;
    while (unused < whole - 1 && !(used >> unused & 1)) unused++;
    return whole - unused;
}

/* Of W times 2^-exponent: the largest norm of a row and that of a column, together. */
static ht_code border_norms(const ht_values *w, double *sum, ht_error *err)
{
    ht_unit unit = ht_values_unit(w);
    double *column2 = ht_alloc(w->columns, sizeof *column2, "the column norms", err), row = 0, column = 0;
    if (!column2) return err->code;
    for (size_t i = 0; i < w->rows; i++) {
        double row2 = 0;
        for (size_t j = 0; j < w->columns; j++) {
            double v = ht_values_at(w, unit, i * w->columns + j);
            row2 += v * v;
            column2[j] += v * v;
        }
        row = fmax(row, row2);
    }
    for (size_t j = 0; j < w->columns; j++) column = fmax(column, column2[j]);
    *sum = sqrt(row) + sqrt(column);
    ht_free(column2);
    return HT_OK;
}

/* The noise, as an eigenvalue; `grid`: entries are exact. So are those of fewer bits than any type that
 * weights are rounded to has (bfloat16: 8): signs, small integers, adjacency. */
static ht_code noise_of(const ht_values *w, bool grid, double most, double *noise, ht_error *err)
{
    enum { FEWEST_BITS = 8 };
    double longer = (double)(w->rows > w->columns ? w->rows : w->columns), norms = 0;
    *noise = longer * 0x1p-52 * most;
    int bits = significant_bits(w);
    if (grid || bits < FEWEST_BITS) return HT_OK;
    if (border_norms(w, &norms, err) != HT_OK) return err->code;
    double rounding = ldexp(norms, -bits);
    *noise = fmax(*noise, rounding * rounding / longer);
    if (bits <= 24) *noise = fmax(*noise, longer * longer * 0x1p-46 * most);
    return HT_OK;
}

/* The last `rank` eigenvalues (rank of them at x, upwards) are one, as far as the noise tells: it moves an
 * eigenvalue λ by up to 2 √(λ noise) either way. And a thousandth is no tail. */
static bool alike(const double *x, size_t rank, double noise)
{
    if (rank < 2) return true;
    double least = x[0], most = x[rank - 1];
    return most - least <= fmax(1e-3 * most, 4 * sqrt(most) * sqrt(noise));
}

ht_code ht_spectrum_take(ht_spectrum *s, const ht_values *w, ht_error *err)
{
    ht_tail_sample sample;
    double noise = 0;
    *s = (ht_spectrum){.count = w->rows < w->columns ? w->rows : w->columns};
    if (ht_tail_sample_take(&sample, w, err) != HT_OK) return err->code;
    s->exponent = sample.x.exponent;
    s->eigenvalue = ht_alloc(s->count, sizeof *s->eigenvalue, "the spectrum", err);
    ht_code code = s->eigenvalue ? ht_spectrum_eigenvalues(&sample.x, s->eigenvalue, err) : HT_FAIL;
    double most = code == HT_OK ? s->eigenvalue[s->count - 1] : 0;
    if (code == HT_OK) code = noise_of(&sample.x, sample.grid > 0, most, &noise, err);
    if (code != HT_OK) {
        ht_spectrum_free(s);
        return code;
    }
    while (s->rank < s->count && s->eigenvalue[s->count - 1 - s->rank] > noise) s->rank++;
    s->flat = alike(s->eigenvalue + s->count - s->rank, s->rank, noise);
    return HT_OK;
}

void ht_spectrum_free(ht_spectrum *s)
{
    ht_free(s->eigenvalue);
    s->eigenvalue = NULL;
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
    if (!(sum > 0)) return (fit){.distance = INFINITY}; /* one value */
    f.alpha = 1 + (double)n / sum;
    for (size_t i = 0; i < n; i++) {
        double below = 1 - pow(x[i] / x[0], 1 - f.alpha);
        f.distance = fmax(f.distance, fabs(below - (double)i / (double)n));
        if (two_sided) f.distance = fmax(f.distance, fabs(below - (double)(i + 1) / (double)n));
    }
    return f;
}

/* How many of x, upwards, differ by more than rounding; counted up to `most`. */
static size_t count_distinct(const double *x, size_t count, size_t most)
{
    size_t distinct = count > 0;
    for (size_t i = 1; i < count && distinct < most; i++) distinct += x[i] - x[i - 1] > 1e-9 * x[i];
    return distinct;
}

void ht_spectrum_powerlaw(const double *eigenvalue, size_t count, bool two_sided, ht_estimate *e)
{
    enum { FEW = 25, DISTINCT = 10 };
    fit best = {.distance = INFINITY};
    while (count > 0 && !(eigenvalue[0] > 0)) eigenvalue++, count--;
    if (alike(eigenvalue, count, 0)) return;
    for (size_t i = 0; i + 1 < count && !ht_cancelled(); i++) {
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
    bool few = e->n_tail < FEW || count_distinct(eigenvalue, count, DISTINCT) < DISTINCT;
    e->quality = few                           ? HT_QUALITY_FEW_POINTS
                 : best.distance * root > 1.31 ? HT_QUALITY_NOT_POWER_LAW
                                               : HT_QUALITY_GOOD;
}

ht_code ht_spectrum_one_sided(ht_tail_work *work, ht_estimate *estimates, ht_error *err)
{
    (void)err;
    ht_spectrum_powerlaw(work->eigenvalue, work->rank, false, &estimates[HT_POWERLAW]);
    return HT_OK;
}

ht_code ht_spectrum_two_sided(ht_tail_work *work, ht_estimate *estimates, ht_error *err)
{
    (void)err;
    ht_spectrum_powerlaw(work->eigenvalue, work->rank, true, &estimates[HT_POWERLAW_TWO_SIDED]);
    return HT_OK;
}
