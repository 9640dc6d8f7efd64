#include "tail/tail_fit.h"

#include <math.h>

#include "base/cancel.h"
#include "tail/tail_blocks.h"
#include "tail/tail_estimate.h"
#include "tail/tail_stable.h"
#include "num/values.h"

void ht_tail_traces_free(ht_tail_traces *traces)
{
    ht_top_free(&traces->top);
}

/* Where there is no plateau: the k with the power law of least distance, if it is one. 0: none. */
static ht_code search_k(const ht_top *top, size_t *k, ht_error *err)
{
    enum { LEAST = 25 };
    static const double straight = 0.1;
    ht_power_test test;
    ht_power_search found = ht_power_search_make(top->log, top->kept, LEAST, true);
    *k = 0;
    if (found.k == 0) return HT_OK;
    if (ht_power_test_make(&test, top->log, found.k, top->count, 1, err) != HT_OK) return err->code;
    if (test.p >= straight) *k = found.k;
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

/* mmo and the largest values, in the sample's units. *tail: the quality of these. */
static ht_code fit_quick(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                         ht_tail_traces *traces, ht_quality *tail, ht_error *err)
{
    const ht_tail_sample *s = &traces->sample;
    *traces = (ht_tail_traces){0};
    *tail = HT_QUALITY_NOT_APPLICABLE;
    for (int e = 0; e < HT_ESTIMATORS; e++) estimates[e] = ht_estimate_none((ht_estimator)e);
    if (ht_tail_sample_take(&traces->sample, x, err) != HT_OK) return err->code;
    if (ht_tail_sample_refusal(s)) return HT_OK;
    if (ht_still_wanted(err) != HT_OK) return err->code;
    if (ht_top_take(&traces->top, s, options->k, err) != HT_OK) return err->code;
    if (ht_still_wanted(err) != HT_OK) return err->code;
    ht_hill_plot_make(&traces->plot, &traces->top);
    size_t k;
    bool steady;
    if (choose_k(options, traces, &k, &steady, err) != HT_OK) return err->code;
    *tail = ht_order_estimates(&traces->top, k, steady, estimates);
    ht_blocks_mmo(s, options->m, &estimates[HT_MMO]);
    if (ht_still_wanted(err) != HT_OK) return err->code;
    doubt_light_tail(&estimates[HT_HILL], &estimates[HT_MMO]);
    return ht_goodness_make(&traces->goodness, s, &traces->top, k, err);
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
    ht_quality tail;
    if (fit_quick(x, options, estimates, traces, &tail, err) != HT_OK) return err->code;
    finish(traces, false, estimates);
    return HT_OK;
}

ht_code ht_tail_fit_values(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                           ht_tail_traces *traces, ht_error *err)
{
    const ht_tail_sample *s = &traces->sample;
    ht_quality tail;
    if (fit_quick(x, options, estimates, traces, &tail, err) != HT_OK) return err->code;
    if (!ht_tail_sample_refusal(s)) {
        ht_blocks_paulauskas(s, options->m, &estimates[HT_PAULAUSKAS]);
        if (estimates[HT_PAULAUSKAS].quality == HT_QUALITY_GOOD) estimates[HT_PAULAUSKAS].quality = tail;
        if (ht_still_wanted(err) != HT_OK) return err->code;
        ht_stable_estimates(s, &estimates[HT_MMO], &estimates[HT_MCCULLOCH], &estimates[HT_ECF]);
        if (ht_still_wanted(err) != HT_OK) return err->code;
    }
    finish(traces, true, estimates);
    return HT_OK;
}

ht_code ht_tail_fit_spectrum(const ht_spectrum *s, ht_estimate *estimates, ht_error *err)
{
    const double *largest = s->eigenvalue + s->count - s->rank;
    for (int i = 0; i < 2; i++) {
        ht_estimate *e = &estimates[i ? HT_POWERLAW_TWO_SIDED : HT_POWERLAW];
        e->rank = s->rank;
        if (s->flat) {
            e->reason = s->rank == 0   ? "all eigenvalues are zero"
                        : s->rank == 1 ? "there is one eigenvalue: rank 1"
                                       : "all eigenvalues are alike";
            continue;
        }
        ht_spectrum_powerlaw(largest, s->rank, i == 1, e);
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
    code = ht_tail_fit_spectrum(&spectrum, estimates, err);
    ht_spectrum_free(&spectrum);
    return code;
}

/* Values that have no index have none as rows; but for those too few, which may be whole rows. */
ht_code ht_tail_fit_rows(const ht_values *x, const ht_tail_options *options, ht_estimate *estimate,
                         ht_error *err)
{
    ht_tail_sample s;
    *estimate = ht_estimate_none(HT_MMO_MULTI);
    if (ht_tail_sample_take(&s, x, err) != HT_OK) return err->code;
    if (ht_still_wanted(err) != HT_OK) return err->code;
    if (ht_blocks_mmo_multi(&s.x, options->m, estimate, err) != HT_OK) return err->code;
    if (ht_goodness_assess_rows(&s, estimate, err) != HT_OK) return err->code;
    if (s.distinct == 1 || s.lost > 0) {
        ht_estimate none = ht_estimate_none(HT_MMO_MULTI);
        none.zeros = estimate->zeros;
        none.reason = ht_tail_sample_refusal(&s);
        *estimate = none;
    }
    return HT_OK;
}
