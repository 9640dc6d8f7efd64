#include "tail/estimate/spectrum.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "tail/tail_estimate.h"
#include "tail/tail_work.h"
#include "tail/estimate/gram.h"
#include "num/values.h"

ht_code ht_spectrum_eigenvalues(const ht_values *w, double *eigenvalue, ht_error *err)
{
    return ht_gram_eigenvalues(w, false, eigenvalue, err);
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

/* Products in floats, at a third of the cost, where their rounding is far below that of the entries:
 * bfloat16. Their relative error is some 2^-24 of the largest eigenvalue; 2^-21 is allowed. */
static ht_code solve(ht_spectrum *s, const ht_tail_sample *sample, double *noise, ht_error *err)
{
    enum { BITS = 8 };
    const ht_values *w = &sample->x;
    bool coarse = w->f32 && !(sample->grid > 0) && significant_bits(w) == BITS;
    for (;; coarse = false) {
        if (ht_gram_eigenvalues(w, coarse, s->eigenvalue, err) != HT_OK) return err->code;
        double most = s->eigenvalue[s->count - 1];
        if (noise_of(w, sample->grid > 0, most, noise, err) != HT_OK) return err->code;
        if (!coarse || *noise >= 0x1p-21 * most) return HT_OK;
    }
}

ht_code ht_spectrum_take(ht_spectrum *s, const ht_values *w, ht_error *err)
{
    ht_tail_sample sample;
    double noise = 0;
    *s = (ht_spectrum){.count = w->rows < w->columns ? w->rows : w->columns};
    if (ht_tail_sample_take(&sample, w, err) != HT_OK) return err->code;
    s->exponent = sample.x.exponent;
    s->eigenvalue = ht_alloc(s->count, sizeof *s->eigenvalue, "the spectrum", err);
    ht_code code = s->eigenvalue ? solve(s, &sample, &noise, err) : HT_FAIL;
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

/* To the n eigenvalues of `x`, upwards, the first of which is xmin; `sum`: Σ log(x/xmin). No further than to
 * a distance beyond `enough`, which is no best one. */
static fit fit_from(const double *x, size_t n, double sum, bool two_sided, double enough)
{
    fit f = {0};
    if (!(sum > 0)) return (fit){.distance = INFINITY}; /* one value */
    f.alpha = 1 + (double)n / sum;
    for (size_t i = 0; i < n && f.distance <= enough; i++) {
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
    double sum =
        0; /* from the largest down: all terms are positive; of equal distances the lowest xmin counts */
    for (size_t i = count - 1; i-- > 0 && !ht_cancelled();) {
        sum += (double)(count - 1 - i) * log(eigenvalue[i + 1] / eigenvalue[i]);
        fit f = fit_from(eigenvalue + i, count - i, sum, two_sided, best.distance);
        if (!isfinite(f.distance) || f.distance > best.distance) continue;
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
