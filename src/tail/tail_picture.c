/* tail_picture.c - what the tail view draws. */
#include "tail/tail_picture.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "num/select.h"
#include "tail/tail_estimate.h"
#include "tail/tail_fit.h"
#include "num/values.h"

/* Magnitudes counted by the upper half of a float's bits: 128 bins an octave; keys order like the values. */
enum { BINS = 1 << 15 };

static bool is_matrix(const ht_values *x)
{
    return x->rows > 1 && x->columns > 1;
}

static void put(ht_tail_ccdf *c, double x, size_t above, size_t count)
{
    c->x[c->count] = x;
    c->above[c->count++] = (double)above / (double)count;
}

/* Ranks 1 .. count, evenly in the logarithm: the i-th of HT_PICTURE_POINTS. */
static size_t rank_at(int i, size_t count)
{
    return (size_t)llround(pow((double)count, (double)i / (HT_PICTURE_POINTS - 1)));
}

static void reverse(ht_tail_ccdf *c)
{
    for (int i = 0, j = c->count - 1; i < j; i++, j--) {
        double x = c->x[i], above = c->above[i];
        c->x[i] = c->x[j], c->above[i] = c->above[j];
        c->x[j] = x, c->above[j] = above;
    }
}

/* From `kept` of `count` values, largest first. Returns the next point that would be needed. */
static int tail_points(ht_tail_ccdf *c, const double *largest, size_t kept, size_t count)
{
    int i = 0;
    for (size_t last = 0; i < HT_PICTURE_POINTS; i++) {
        size_t rank = rank_at(i, count);
        if (rank > kept) break;
        if (rank == last || !(largest[rank - 1] > 0)) continue;
        last = rank;
        put(c, largest[rank - 1], rank, count);
    }
    return i;
}

/* Below the values kept, at the lower edges of bins: their counts are exact. */
static void bulk_points(ht_tail_ccdf *c, int next, const size_t *bin, size_t count)
{
    size_t above = 0;
    for (uint32_t b = BINS; b-- > 1 && next < HT_PICTURE_POINTS;) {
        above += bin[b];
        if (above < rank_at(next, count)) continue;
        uint32_t bits = b << 16;
        float edge;
        memcpy(&edge, &bits, sizeof edge);
        put(c, (double)edge, above, count);
        while (next < HT_PICTURE_POINTS && rank_at(next, count) <= above) next++;
    }
}

/* In the units of the sample, then in those of the values. */
static ht_code values_ccdf(ht_tail_ccdf *c, const ht_tail_sample *s, const ht_top *top, ht_error *err)
{
    size_t total = s->total;
    int next = tail_points(c, top->value, top->kept, total);
    if (next < HT_PICTURE_POINTS && total > 0) {
        size_t *bin = ht_alloc(BINS, sizeof *bin, "a picture of the tail", err);
        if (!bin) return err->code;
        for (size_t first = 0; first < total && !ht_cancelled(); first += HT_CHUNK) {
            double chunk[HT_CHUNK];
            size_t n = ht_values_load(&s->x, first, total, chunk);
            for (size_t i = 0; i < n; i++) {
                float magnitude = (float)fabs(chunk[i]);
                uint32_t bits;
                memcpy(&bits, &magnitude, sizeof bits);
                bin[bits >> 16]++;
            }
        }
        bulk_points(c, next, bin, total);
        ht_free(bin);
    }
    for (int i = 0; i < c->count; i++) c->x[i] = ht_tail_unscale(s, c->x[i]);
    reverse(c);
    return HT_OK;
}

static ht_code picture_values(ht_tail_picture *p, const ht_values *w, const ht_tail_options *options,
                              ht_error *err)
{
    ht_tail_traces traces;
    ht_code code = ht_tail_fit_values(w, options, p->all, &traces, err);
    if (code == HT_OK) code = values_ccdf(&p->weights, &traces.sample, &traces.top, err);
    p->hill_count = traces.plot.count;
    memcpy(p->hill_k, traces.plot.k, sizeof p->hill_k);
    memcpy(p->hill, traces.plot.alpha, sizeof p->hill);
    p->plateau_low = traces.plot.low;
    p->plateau_high = traces.plot.high;
    ht_tail_traces_free(&traces);
    return code;
}

/* Of few values: the largest `kept` of them, all sorted in place; x is in units of 2^exponent. */
static void small_ccdf(ht_tail_ccdf *c, double *x, size_t kept, size_t count, int exponent)
{
    for (size_t i = 0; i < count; i++) x[i] = -ldexp(x[i], exponent);
    qsort(x, count, sizeof *x, ht_by_double);
    for (size_t i = 0; i < count; i++) x[i] = -x[i];
    if (kept > 0 && isfinite(x[0])) tail_points(c, x, kept, count);
    reverse(c);
}

/* Norms are taken in the unit of the largest weight: squares of huge or tiny weights leave no double. */
static ht_code picture_norms(ht_tail_picture *p, const ht_values *w, const ht_tail_options *options,
                             ht_error *err)
{
    ht_values scaled = *w;
    double largest, *norm = ht_alloc(w->rows, sizeof *norm, "the row norms", err);
    if (!norm) return err->code;
    ht_code code = ht_values_check(w, &largest, err);
    if (code == HT_OK) {
        frexp(largest, &scaled.exponent);
        ht_values_norms(&scaled, norm);
        ht_values v = {.f64 = norm, .rows = w->rows, .columns = 1};
        code = ht_tail_fit(&v, options, p->of_norms, err);
        for (int e = 0; e < HT_ESTIMATORS; e++) {
            p->of_norms[e].scale = ldexp(p->of_norms[e].scale, scaled.exponent);
            p->of_norms[e].xmin = ldexp(p->of_norms[e].xmin, scaled.exponent);
            p->of_norms[e].step = ldexp(p->of_norms[e].step, scaled.exponent);
        }
        small_ccdf(&p->norms, norm, w->rows, w->rows, scaled.exponent);
    }
    ht_free(norm);
    return code;
}

ht_code ht_tail_spectrum_ccdf(ht_tail_ccdf *c, const ht_spectrum *s, ht_error *err)
{
    double *x = ht_alloc(s->count, sizeof *x, "a picture of the spectrum", err);
    if (!x) return err->code;
    memcpy(x, s->eigenvalue, s->count * sizeof *x);
    small_ccdf(c, x, s->rank, s->count, 2 * s->exponent);
    ht_free(x);
    return HT_OK;
}

static ht_code picture_spectrum(ht_tail_picture *p, const ht_values *w, ht_error *err)
{
    ht_spectrum s;
    if (ht_spectrum_take(&s, w, err) != HT_OK) return err->code;
    ht_code code = ht_tail_fit_spectrum(&s, true, p->all, err);
    if (code == HT_OK) code = ht_tail_spectrum_ccdf(&p->eigenvalues, &s, err);
    ht_spectrum_free(&s);
    return code;
}

/* What training takes from w: the medians of its columns (into `median`, if it is a matrix), then the median.
 */
static ht_code centre(ht_values *w, double *median, ht_error *err)
{
    w->zeros_stay = true;
    if (median) {
        if (ht_values_column_medians(w, median, err) != HT_OK) return err->code;
        w->column_centre = median;
    }
    w->centre = ht_values_live_median(w);
    return HT_OK;
}

/* Room for the medians of columns; a vector needs none. */
static ht_code median_room(const ht_values *w, double **median, ht_error *err)
{
    *median = is_matrix(w) ? ht_alloc(w->columns, sizeof **median, "the column medians", err) : NULL;
    return is_matrix(w) && !*median ? err->code : HT_OK;
}

/* Weights and rows. Of rows as vectors the columns' medians are the centre. */
static ht_code picture_weights(ht_tail_picture *p, ht_values w, const ht_tail_options *options, ht_error *err)
{
    if (picture_values(p, &w, options, err) != HT_OK) return err->code;
    w.centre = 0;
    return is_matrix(&w) ? ht_tail_fit_all_rows(&w, options, p->by_rows, err) : HT_OK;
}

ht_code ht_tail_picture_make(ht_tail_picture *p, const ht_values *w, const ht_tail_options *options,
                             bool centred, ht_error *err)
{
    const ht_values raw = {.f32 = w->f32, .f64 = w->f64, .rows = w->rows, .columns = w->columns};
    ht_values used = raw;
    double *median = NULL;
    memset(p, 0, sizeof *p);
    p->rows = w->rows;
    p->columns = w->columns;
    p->centred = centred;
    ht_tail_no_rows(p->by_rows);
    for (int e = 0; e < HT_ESTIMATORS; e++) p->of_norms[e] = ht_estimate_none((ht_estimator)e);
    if (!is_matrix(w)) /* a matrix of one row, or of rows of one number */
        p->by_rows[0].reason = p->of_norms[0].reason =
            w->rows > 1 ? "rows of one value: as all weights" : "only one row";
    ht_code code = centred ? median_room(w, &median, err) : HT_OK;
    if (code == HT_OK && centred) code = centre(&used, median, err);
    if (code == HT_OK) code = picture_weights(p, used, options, err);
    ht_free(median);
    if (code == HT_OK) code = ht_still_wanted(err);
    if (code != HT_OK || !is_matrix(w)) return code;
    code = picture_norms(p, &raw, options, err);
    if (code == HT_OK) ht_goodness_assess_norms(p->of_norms, p->all, &p->by_rows[HT_ROW_MMO_MULTI]);
    if (code == HT_OK && options->spectrum) code = picture_spectrum(p, &raw, err);
    return code == HT_OK ? ht_still_wanted(err) : code;
}

const ht_estimate *ht_tail_picture_estimate(const ht_tail_picture *p, ht_estimator estimator)
{
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++)
        if (p->by_rows[r].estimator == estimator) return &p->by_rows[r];
    return &p->all[estimator];
}

ht_code ht_tail_quick(const ht_values *w, ht_estimate *estimates, ht_error *err)
{
    ht_values used = {.f32 = w->f32, .f64 = w->f64, .rows = w->rows, .columns = w->columns};
    ht_tail_traces traces = {0};
    double *median = NULL;
    ht_code code = median_room(w, &median, err);
    if (code == HT_OK) code = centre(&used, median, err);
    if (code == HT_OK) code = ht_tail_fit_quick(&used, &(ht_tail_options){0}, estimates, &traces, err);
    ht_tail_traces_free(&traces);
    ht_free(median);
    return code;
}
