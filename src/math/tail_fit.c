#include "math/tail_fit.h"

#include <math.h>

#include "math/tail_blocks.h"
#include "math/tail_estimate.h"
#include "math/tail_stable.h"
#include "math/values.h"

void ht_tail_traces_free(ht_tail_traces *traces)
{
    ht_top_free(&traces->top);
}

/* The k in use: as asked for, the end of the plateau, or a fiftieth of the values where there is none. */
static size_t choose_k(const ht_tail_options *options, const ht_tail_traces *traces)
{
    size_t most = traces->top.kept > 0 ? traces->top.kept - 1 : 0, k = traces->top.count / 50;
    if (options->k > 0) return options->k;
    if (traces->plot.high > 0) return traces->plot.high;
    if (k < 10) k = 10;
    return k < most ? k : most;
}

/* A stable law of index α < 2 has a power law of the same index in its tail. Where the largest values fall
 * much faster it is another law, as of a few living neurons among many that have faded: there sums of blocks
 * know two scales, and no tail. Near 2 Hill's estimate is too large for stable values, too. */
static void doubt_light_tail(const ht_estimate *hill, ht_estimate *mmo)
{
    if (mmo->quality == HT_QUALITY_GOOD && mmo->high < 1.5 && hill->low > 2)
        mmo->quality = HT_QUALITY_NOT_POWER_LAW;
}

/* mmo and the largest values, in the sample's units. *tail: the quality of these. */
static ht_code fit_glance(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                          ht_tail_traces *traces, ht_quality *tail, ht_error *err)
{
    const ht_tail_sample *s = &traces->sample;
    *traces = (ht_tail_traces){0};
    *tail = HT_QUALITY_NOT_APPLICABLE;
    for (int e = 0; e < HT_ESTIMATORS; e++) estimates[e] = ht_estimate_none((ht_estimator)e);
    if (ht_tail_sample_take(&traces->sample, x, err) != HT_OK) return err->code;
    if (ht_tail_sample_refusal(s)) return HT_OK;
    if (ht_top_take(&traces->top, s, options->k, err) != HT_OK) return err->code;
    ht_hill_plot_make(&traces->plot, &traces->top);
    bool plateau = options->k > 0 || traces->plot.high > 0;
    *tail = ht_order_estimates(&traces->top, choose_k(options, traces), plateau, estimates);
    ht_blocks_mmo(s, options->m, &estimates[HT_MMO]);
    doubt_light_tail(&estimates[HT_HILL], &estimates[HT_MMO]);
    return HT_OK;
}

/* What holds of all estimates of values: doubts, zeros, and the units of the values. `complete`: all were
 * asked for. */
static void finish(const ht_tail_sample *s, bool complete, ht_estimate *estimates)
{
    const char *refusal = ht_tail_sample_refusal(s);
    ht_tail_sample_doubt(s, estimates);
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

ht_code ht_tail_fit_glance(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                           ht_tail_traces *traces, ht_error *err)
{
    ht_quality tail;
    if (fit_glance(x, options, estimates, traces, &tail, err) != HT_OK) return err->code;
    finish(&traces->sample, false, estimates);
    return HT_OK;
}

ht_code ht_tail_fit_values(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                           ht_tail_traces *traces, ht_error *err)
{
    const ht_tail_sample *s = &traces->sample;
    ht_quality tail;
    if (fit_glance(x, options, estimates, traces, &tail, err) != HT_OK) return err->code;
    if (!ht_tail_sample_refusal(s)) {
        ht_blocks_paulauskas(s, options->m, &estimates[HT_PAULAUSKAS]);
        if (estimates[HT_PAULAUSKAS].quality == HT_QUALITY_GOOD) estimates[HT_PAULAUSKAS].quality = tail;
        ht_stable_estimates(s, &estimates[HT_MMO], &estimates[HT_MCCULLOCH], &estimates[HT_ECF]);
    }
    finish(s, true, estimates);
    return HT_OK;
}

void ht_tail_fit_spectrum(const ht_spectrum *s, ht_estimate *estimates)
{
    for (int i = 0; i < 2; i++) {
        ht_estimate *e = &estimates[i ? HT_POWERLAW_TWO_SIDED : HT_POWERLAW];
        e->rank = s->rank;
        if (s->flat) {
            e->reason = s->rank == 0   ? "all eigenvalues are zero"
                        : s->rank == 1 ? "there is one eigenvalue: rank 1"
                                       : "all eigenvalues are alike";
            continue;
        }
        ht_spectrum_powerlaw(s->eigenvalue + s->count - s->rank, s->rank, i == 1, e);
        e->xmin = ldexp(e->xmin, 2 * s->exponent);
    }
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
    ht_tail_fit_spectrum(&spectrum, estimates);
    ht_spectrum_free(&spectrum);
    return HT_OK;
}

/* Values that have no index have none as rows; but for those too few, which may be whole rows. */
ht_code ht_tail_fit_rows(const ht_values *x, const ht_tail_options *options, ht_estimate *estimate,
                         ht_error *err)
{
    ht_tail_sample s;
    *estimate = ht_estimate_none(HT_MMO_MULTI);
    if (ht_tail_sample_take(&s, x, err) != HT_OK) return err->code;
    if (ht_blocks_mmo_multi(&s.x, options->m, estimate, err) != HT_OK) return err->code;
    if (s.distinct == 1) {
        ht_estimate none = ht_estimate_none(HT_MMO_MULTI);
        none.zeros = estimate->zeros;
        none.reason = ht_tail_sample_refusal(&s);
        *estimate = none;
    }
    return HT_OK;
}
