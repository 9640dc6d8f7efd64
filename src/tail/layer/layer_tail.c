#include "tail/layer/layer_tail.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "num/values.h"
#include "tail/estimate/gram.h"
#include "tail/layer/randomized.h"
#include "tail/tail_estimate.h"
#include "tail/tail_fit.h"
#include "tail/tail_picture.h"

static ht_values values_of(const ht_layer_matrix *m)
{
    return (ht_values){.f32 = m->f32, .f64 = m->f64, .rows = m->rows, .columns = m->columns};
}

static void begin(ht_layer_tail *l, const ht_layer_matrix *m, int cost)
{
    bool tall = m->rows >= m->columns;
    *l = (ht_layer_tail){
        .name = l->name, .as = l->as, .type = l->type, .rows = m->rows, .columns = m->columns};
    l->side = tall ? m->columns : m->rows;
    l->longer = tall ? m->rows : m->columns;
    l->cost = cost;
    for (int e = 0; e < HT_ESTIMATORS; e++) l->all[e] = ht_estimate_none((ht_estimator)e);
    ht_tail_no_rows(l->by_rows);
    l->log_largest = l->log_least = l->log_sum = l->log_relative = l->entropy = l->log_random = l->distance =
        NAN;
    l->noise = (ht_mp){NAN, NAN, NAN, NAN, 0};
}

/* ---- values and rows ---- */

static ht_code take_values(ht_layer_tail *l, const ht_values *w, const ht_tail_options *options,
                           ht_error *err)
{
    ht_tail_traces traces = {0};
    ht_code code = ht_tail_fit_values(w, options, l->all, &traces, err);
    l->zeros = traces.sample.zeros;
    ht_tail_traces_free(&traces);
    return code;
}

static void count_zeros(ht_layer_tail *l, const ht_values *w)
{
    for (size_t i = 0; i < ht_values_count(w); i++) l->zeros += w->f32 ? w->f32[i] == 0 : w->f64[i] == 0;
}

static ht_code take_rows(ht_layer_tail *l, const ht_values *w, const ht_tail_options *options, ht_error *err)
{
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++) {
        int wanted = l->by_rows[r].estimator == HT_MMO_PAPER ? HT_COST_PAPER : HT_COST_ROWS;
        if (l->cost & wanted &&
            ht_tail_fit_rows_by(l->by_rows[r].estimator, w, options, &l->by_rows[r], err) != HT_OK)
            return err->code;
    }
    return HT_OK;
}

/* ---- the spectrum ---- */

static double log10_of(const ht_layer_tail *l, double value)
{
    return value > 0 ? log10(value) + 2 * l->exponent * log10(2) : (double)NAN;
}

/* `x` (side) upwards, of WᵀW in units of `scale`; the last `rank` count. */
static void measure(ht_layer_tail *l, const double *x)
{
    size_t first = l->side - l->rank;
    double sum = 0, most = x[l->side - 1], entropy = 0, relative = 0, alpha = l->all[HT_POWERLAW].value;
    for (size_t i = 0; i < l->side; i++) sum += fmax(x[i], 0);
    for (size_t i = first; i < l->side; i++) {
        double p = x[i] / sum;
        entropy -= p * log(p);
        relative += pow(x[i] / most, alpha);
    }
    l->log_sum = log10_of(l, sum);
    l->log_largest = log10_of(l, most);
    if (l->rank > 0) l->log_least = log10_of(l, x[first]);
    if (l->rank > 1) l->entropy = entropy / log((double)l->rank);
    if (isfinite(alpha)) l->log_relative = log10(relative);
    l->noise = ht_mp_fit(x, l->rank, l->longer, l->side);
}

/* Of the same entries in another order, in the same units. */
static ht_code take_random(ht_layer_tail *l, const ht_layer_matrix *m, const double *x, ht_error *err)
{
    ht_values w = values_of(m);
    double squares = 0, *other = ht_alloc(l->side, sizeof *other, "the spectrum", err);
    if (!other) return HT_FAIL;
    ht_randomize(m->f32, m->f64, m->rows * m->columns);
    w.exponent = l->exponent;
    ht_code code = ht_still_wanted(err);
    if (code == HT_OK) code = ht_gram_eigenvalues(&w, true, other, err);
    for (size_t i = 0; code == HT_OK && i < l->side; i++) {
        other[i] *= (double)l->longer;
        squares += other[i];
    }
    if (code == HT_OK) {
        double sigma = sqrt(squares / ((double)l->longer * (double)l->side));
        l->traps = ht_mp_of(sigma, other, l->longer, l->side).spikes;
        l->log_random = log10_of(l, other[l->side - 1]);
        l->distance = ht_jensen_shannon(x, other, l->side);
    }
    ht_free(other);
    return code;
}

static ht_code take_spectrum(ht_layer_tail *l, const ht_layer_matrix *m, ht_error *err)
{
    ht_spectrum s;
    ht_values w = values_of(m);
    if (ht_spectrum_take(&s, &w, err) != HT_OK) return err->code;
    l->spectrum = true;
    l->rank = s.rank;
    l->exponent = s.exponent;
    ht_code code = ht_tail_fit_spectrum(&s, l->cost & HT_COST_TWO_SIDED, l->all, err);
    if (code == HT_OK) code = ht_tail_spectrum_ccdf(&l->eigenvalues, &s, err);
    for (size_t i = 0; i < s.count; i++) s.eigenvalue[i] *= (double)l->longer;
    if (code == HT_OK && s.rank > 0) {
        measure(l, s.eigenvalue);
        if (l->cost & HT_COST_RANDOM) code = take_random(l, m, s.eigenvalue, err);
    }
    ht_spectrum_free(&s);
    return code;
}

/* ---- in words ---- */

int ht_layer_tail_training(const ht_layer_tail *l)
{
    enum { LEAST = 50 };
    double alpha = ht_estimate_told(&l->all[HT_POWERLAW]).value;
    if (l->rank < LEAST) return 0;
    return (alpha < HT_OVER_TRAINED) - (alpha > HT_UNDER_TRAINED);
}

bool ht_layer_tail_lost_rank(const ht_layer_tail *l)
{
    enum { SHARE = 20 };
    return isfinite(l->log_largest) && SHARE * (l->side - l->rank) >= l->side;
}

static void say_trusted(ht_layer_tail *l)
{
    const ht_estimate *e = ht_layer_tail_trusted(l);
    snprintf(l->trusted, sizeof l->trusted, "-");
    if (e)
        snprintf(l->trusted, sizeof l->trusted, "%s %.3f \u00b1 %.3f", ht_estimator_at(e->estimator)->name,
                 e->value, e->std_error);
}

static void say_warning(ht_layer_tail *l)
{
    const char *words[3] = {NULL};
    if (ht_layer_tail_training(l) > 0) words[0] = "over-trained";
    if (ht_layer_tail_training(l) < 0) words[0] = "under-trained";
    if (ht_layer_tail_lost_rank(l)) words[1] = "rank-loss";
    if (isfinite(l->log_random) && l->traps > 0) words[2] = "traps";
    for (int i = 0; i < 3; i++) {
        size_t used = strlen(l->warning);
        if (words[i])
            snprintf(l->warning + used, sizeof l->warning - used, "%s%s", used ? " " : "", words[i]);
    }
}

/* ---- the whole ---- */

ht_code ht_layer_tail_take(ht_layer_tail *l, const ht_layer_matrix *m, const ht_tail_options *options,
                           int cost, ht_error *err)
{
    ht_values w = values_of(m);
    begin(l, m, cost);
    ht_code code = HT_OK;
    if (cost & HT_COST_VALUES)
        code = take_values(l, &w, options, err);
    else
        count_zeros(l, &w);
    if (code == HT_OK && m->rows > 1 && m->columns > 1) code = take_rows(l, &w, options, err);
    if (code == HT_OK && cost & (HT_COST_SPECTRUM | HT_COST_RANDOM) && l->side <= HT_GRAM_SIDE)
        code = take_spectrum(l, m, err);
    if (code == HT_OK) say_trusted(l), say_warning(l);
    return code == HT_OK ? ht_still_wanted(err) : code;
}

static const ht_estimate *surer(const ht_estimate *a, const ht_estimate *b)
{
    if (b->quality != HT_QUALITY_GOOD || !isfinite(b->value) || !(b->std_error > 0)) return a;
    return !a || b->std_error / b->value < a->std_error / a->value ? b : a;
}

const ht_estimate *ht_layer_tail_trusted(const ht_layer_tail *l)
{
    const ht_estimate *best = NULL;
    for (int e = 0; e < HT_ESTIMATORS; e++)
        if (e != HT_PICKANDS_REF && e != HT_POWERLAW_TWO_SIDED) best = surer(best, &l->all[e]);
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++)
        if (l->by_rows[r].estimator != HT_MMO_PAPER) best = surer(best, &l->by_rows[r]);
    return best;
}

/* The largest values, a subset, tables; a row's number, length and sum. */
size_t ht_layer_tail_memory(size_t rows, size_t columns, int cost)
{
    enum { FIXED = 6 << 20, ROW = 64, COLUMN = 32 };
    size_t bytes = (size_t)FIXED + rows * ROW + columns * COLUMN;
    return cost & (HT_COST_SPECTRUM | HT_COST_RANDOM) ? bytes + ht_gram_memory(rows, columns) : bytes;
}
