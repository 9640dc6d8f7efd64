#include "tail/tail_fit.h"

#include <math.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "tail/tail_estimate.h"
#include "tail/tail_work.h"
#include "num/values.h"

/* ---- what runs ---- */

typedef enum occasion { WATCHED, ASKED } occasion;

static const struct {
    ht_tail_function *function;
    occasion when;
} rows[HT_ESTIMATORS] = {
#define HT_ESTIMATOR(id, name, input, function, when, ...) {function, when},
#include "tail/estimators.def"
};

/* Of the rows that have the same function. */
static bool is_first(int row)
{
    for (int i = 0; i < row; i++)
        if (rows[i].function == rows[row].function) return false;
    return true;
}

/* The functions for `input` that run `when`, each once, in the order of the table. */
static ht_code run(ht_tail_input input, occasion when, ht_tail_work *work, ht_estimate *estimates,
                   ht_error *err)
{
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        if (ht_estimator_at((ht_estimator)i)->input != input || rows[i].when != when || !is_first(i))
            continue;
        if (rows[i].function(work, estimates, err) != HT_OK) return err->code;
        if (ht_still_wanted(err) != HT_OK) return err->code;
    }
    return HT_OK;
}

static void none(ht_estimate *estimates)
{
    for (int e = 0; e < HT_ESTIMATORS; e++) estimates[e] = ht_estimate_none((ht_estimator)e);
}

/* ---- values ---- */

void ht_tail_traces_free(ht_tail_traces *traces)
{
    ht_top_free(&traces->top);
}

/* Where there is no plateau: the k with the power law of least distance, if it is one. 0: none. */
static ht_code search_k(const ht_top *top, size_t *k, ht_error *err)
{
    enum { LEAST = 25 };
    static const double straight = 0.1;
    double p;
    ht_power_search found = ht_power_search_make(top->log, top->kept, LEAST, true);
    *k = 0;
    if (found.k == 0) return HT_OK;
    if (ht_power_straight(&p, top->log, found.k, top->count, 1, err) != HT_OK) return HT_FAIL;
    if (p >= straight) *k = found.k;
    return HT_OK;
}

/* The k in use: as asked for, the end of the plateau, what a search finds, or a fiftieth of the values.
 * *steady: not the last. */
static ht_code choose_k(const ht_tail_options *options, const ht_tail_traces *traces, size_t *k, bool *steady,
                        ht_error *err)
{
    size_t most = traces->top.kept > 0 ? traces->top.kept - 1 : 0, few = traces->top.count / 50;
    *steady = true;
    *k = options->k > 0 ? options->k : traces->plot.high;
    if (*k == 0 && search_k(&traces->top, k, err) != HT_OK) return err->code;
    if (*k > 0) return HT_OK;
    *steady = false;
    if (few < 10) few = 10;
    *k = few < most ? few : most;
    return HT_OK;
}

/* A stable law of index α < 2 has a power law of the same index in its tail. Where the largest values fall
 * much faster it is another law, as of a few living neurons among many that have faded: there sums of blocks
 * know two scales, and no tail. Near 2 Hill's estimate is too large for stable values, too. */
static void doubt_light_tail(const ht_estimate *hill, ht_estimate *mmo)
{
    if (mmo->quality == HT_QUALITY_GOOD && mmo->high < 1.5 && hill->low > 2)
        mmo->quality = HT_QUALITY_NOT_STABLE;
}

/* mmo and the largest values, in the sample's units. */
static ht_code fit_quick(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                         ht_tail_traces *traces, ht_tail_work *work, ht_error *err)
{
    const ht_tail_sample *s = &traces->sample;
    *traces = (ht_tail_traces){0};
    *work = (ht_tail_work){
        .options = options, .sample = s, .top = &traces->top, .tail = HT_QUALITY_NOT_APPLICABLE};
    none(estimates);
    if (ht_tail_sample_take(&traces->sample, x, err) != HT_OK) return err->code;
    if (ht_tail_sample_refusal(s)) return HT_OK;
    if (ht_still_wanted(err) != HT_OK) return err->code;
    if (ht_top_take(&traces->top, s, options->k, err) != HT_OK) return err->code;
    if (ht_still_wanted(err) != HT_OK) return err->code;
    ht_hill_plot_make(&traces->plot, &traces->top);
    if (choose_k(options, traces, &work->k, &work->plateau, err) != HT_OK) return err->code;
    if (run(HT_INPUT_VALUES, WATCHED, work, estimates, err) != HT_OK) return err->code;
    doubt_light_tail(&estimates[HT_HILL], &estimates[HT_MMO]);
    return ht_goodness_make(&traces->goodness, s, &traces->top, work->k, err);
}

/* What holds of all estimates of values: goodness of fit, doubts, zeros, and the units of the values.
 * `complete`: all were asked for. */
static void finish(const ht_tail_traces *traces, bool complete, ht_estimate *estimates)
{
    const ht_tail_sample *s = &traces->sample;
    const char *refusal = ht_tail_sample_refusal(s);
    ht_tail_sample_doubt(s, estimates);
    if (!refusal) ht_goodness_assess(&traces->goodness, estimates);
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        ht_estimate *e = &estimates[i];
        if (ht_estimator_at((ht_estimator)i)->input != HT_INPUT_VALUES) continue;
        e->zeros = s->zeros;
        e->scale = ht_tail_unscale(s, e->scale);
        e->xmin = ht_tail_unscale(s, e->xmin);
        e->step = ht_tail_unscale(s, e->step);
        if (refusal) e->reason = refusal;
        if (!e->reason && complete && !isfinite(e->value)) e->reason = "too few values for it";
    }
}

ht_code ht_tail_fit_quick(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                          ht_tail_traces *traces, ht_error *err)
{
    ht_tail_work work;
    if (fit_quick(x, options, estimates, traces, &work, err) != HT_OK) return err->code;
    finish(traces, false, estimates);
    return HT_OK;
}

ht_code ht_tail_fit_values(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                           ht_tail_traces *traces, ht_error *err)
{
    ht_tail_work work;
    if (fit_quick(x, options, estimates, traces, &work, err) != HT_OK) return err->code;
    if (!ht_tail_sample_refusal(&traces->sample) &&
        run(HT_INPUT_VALUES, ASKED, &work, estimates, err) != HT_OK)
        return err->code;
    finish(traces, true, estimates);
    return HT_OK;
}

/* ---- eigenvalues ---- */

static const char *refusal_of_spectrum(const ht_spectrum *s)
{
    if (!s->flat) return NULL;
    return s->rank == 0   ? "all eigenvalues are zero"
           : s->rank == 1 ? "there is one eigenvalue: rank 1"
                          : "all eigenvalues are alike";
}

ht_code ht_tail_fit_spectrum(const ht_spectrum *s, bool two_sided, ht_estimate *estimates, ht_error *err)
{
    const double *largest = s->eigenvalue + s->count - s->rank;
    const char *refusal = refusal_of_spectrum(s);
    ht_tail_work work = {.eigenvalue = largest, .rank = s->rank};
    if (!refusal && run(HT_INPUT_EIGENVALUES, ASKED, &work, estimates, err) != HT_OK) return err->code;
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        ht_estimate *e = &estimates[i];
        if (ht_estimator_at((ht_estimator)i)->input != HT_INPUT_EIGENVALUES) continue;
        bool left_out = i == HT_POWERLAW_TWO_SIDED && !two_sided;
        if (left_out) *e = ht_estimate_none((ht_estimator)i);
        e->rank = s->rank;
        if (left_out) continue;
        if (refusal) e->reason = refusal;
        if (refusal) continue;
        if (ht_goodness_assess_spectrum(largest, s->rank, e->estimator, estimates, err) != HT_OK)
            return err->code;
        e->xmin = ldexp(e->xmin, 2 * s->exponent);
    }
    return HT_OK;
}

static bool is_matrix(const ht_values *x)
{
    return x->rows > 1 && x->columns > 1;
}

ht_code ht_tail_fit(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates, ht_error *err)
{
    ht_tail_traces traces;
    ht_code code = ht_tail_fit_values(x, options, estimates, &traces, err);
    ht_tail_traces_free(&traces);
    if (code != HT_OK || !options->spectrum || !is_matrix(x)) return code;
    ht_spectrum spectrum;
    if (ht_spectrum_take(&spectrum, x, err) != HT_OK) return err->code;
    code = ht_tail_fit_spectrum(&spectrum, true, estimates, err);
    ht_spectrum_free(&spectrum);
    return code;
}

/* Values that have no index have none as rows; but for those too few, which may be whole rows. */
static ht_code fit_rows(ht_estimator which, const ht_values *x, const ht_tail_options *options,
                        ht_estimate *estimate, ht_error *err)
{
    ht_tail_sample s;
    ht_tail_work work = {.options = options, .sample = &s};
    ht_estimate estimates[HT_ESTIMATORS];
    none(estimates);
    *estimate = estimates[which];
    if (ht_tail_sample_take(&s, x, err) != HT_OK) return err->code;
    if (ht_still_wanted(err) != HT_OK) return err->code;
    if (rows[which].function(&work, estimates, err) != HT_OK) return err->code;
    if (ht_still_wanted(err) != HT_OK) return err->code;
    *estimate = estimates[which];
    if (ht_goodness_assess_rows(&s, estimate, err) != HT_OK) return err->code;
    if (s.distinct == 1 || s.lost > 0) {
        ht_estimate none = ht_estimate_none(which);
        none.zeros = estimate->zeros;
        none.reason = ht_tail_sample_refusal(&s);
        *estimate = none;
    }
    return HT_OK;
}

/* mmo-paper centres by itself. What is exactly zero was pruned, and stays. */
static ht_code fit_centred(const ht_values *x, const ht_tail_options *options, ht_estimate *estimate,
                           ht_error *err)
{
    ht_values own = {
        .f32 = x->f32, .f64 = x->f64, .rows = x->rows, .columns = x->columns, .zeros_stay = true};
    double *median = ht_alloc(x->columns, sizeof *median, "the medians of the columns", err);
    if (!median) return err->code;
    ht_code code = ht_values_column_medians(&own, median, err);
    own.column_centre = median;
    if (code == HT_OK) code = fit_rows(HT_MMO_PAPER, &own, options, estimate, err);
    ht_free(median);
    return code;
}

ht_code ht_tail_fit_rows_by(ht_estimator which, const ht_values *x, const ht_tail_options *options,
                            ht_estimate *estimate, ht_error *err)
{
    const ht_values raw = {.f32 = x->f32, .f64 = x->f64, .rows = x->rows, .columns = x->columns};
    ht_tail_sample s;
    if (which != HT_MMO_PAPER) return fit_rows(which, x, options, estimate, err);
    *estimate = ht_estimate_none(which);
    if (ht_tail_sample_take(&s, &raw, err) != HT_OK) return err->code;
    if (s.lost == 0) return fit_centred(x, options, estimate, err);
    estimate->reason = ht_tail_sample_refusal(&s); /* centring would hide it */
    return HT_OK;
}

ht_code ht_tail_fit_rows(const ht_values *x, const ht_tail_options *options, ht_estimate *estimate,
                         ht_error *err)
{
    return ht_tail_fit_rows_by(HT_MMO_MULTI, x, options, estimate, err);
}

void ht_tail_no_rows(ht_estimate estimates[HT_ROW_ESTIMATORS])
{
    for (int e = 0, r = 0; e < HT_ESTIMATORS; e++)
        if (ht_estimator_at((ht_estimator)e)->input == HT_INPUT_ROWS)
            estimates[r++] = ht_estimate_none((ht_estimator)e);
}

ht_code ht_tail_fit_all_rows(const ht_values *x, const ht_tail_options *options,
                             ht_estimate estimates[HT_ROW_ESTIMATORS], ht_error *err)
{
    ht_tail_no_rows(estimates);
    for (int r = 0; r < HT_ROW_ESTIMATORS; r++)
        if (ht_tail_fit_rows_by(estimates[r].estimator, x, options, &estimates[r], err) != HT_OK)
            return err->code;
    return HT_OK;
}
