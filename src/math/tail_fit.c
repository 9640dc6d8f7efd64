#include "math/tail_fit.h"

#include <math.h>

#include "base/alloc.h"
#include "math/spectrum.h"
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

ht_code ht_tail_fit_glance(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                           ht_tail_traces *traces, ht_quality *tail, ht_error *err)
{
    *traces = (ht_tail_traces){0};
    for (int e = 0; e < HT_ESTIMATORS; e++) estimates[e] = ht_estimate_none((ht_estimator)e);
    if (ht_values_check(x, err) != HT_OK) return err->code;
    if (ht_top_take(&traces->top, x, options->k, err) != HT_OK) return err->code;
    ht_hill_plot_make(&traces->plot, &traces->top);
    bool plateau = options->k > 0 || traces->plot.high > 0;
    *tail = ht_order_estimates(&traces->top, choose_k(options, traces), plateau, estimates);
    ht_blocks_mmo(x, options->m, &estimates[HT_MMO]);
    doubt_light_tail(&estimates[HT_HILL], &estimates[HT_MMO]);
    if (ht_goodness_make(&traces->goodness, x, &traces->top, choose_k(options, traces), err) != HT_OK)
        return err->code;
    ht_goodness_judge(&traces->goodness, estimates);
    return HT_OK;
}

ht_code ht_tail_fit_values(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                           ht_tail_traces *traces, ht_error *err)
{
    ht_quality tail;
    if (ht_tail_fit_glance(x, options, estimates, traces, &tail, err) != HT_OK) return err->code;
    ht_blocks_paulauskas(x, options->m, &estimates[HT_PAULAUSKAS]);
    if (estimates[HT_PAULAUSKAS].quality == HT_QUALITY_GOOD) estimates[HT_PAULAUSKAS].quality = tail;
    ht_stable_estimates(x, &estimates[HT_MMO], &estimates[HT_MCCULLOCH], &estimates[HT_ECF]);
    ht_goodness_judge(&traces->goodness, estimates);
    return HT_OK;
}

ht_code ht_tail_fit_spectrum(const double *eigenvalue, size_t count, ht_estimate *estimates, ht_error *err)
{
    ht_code code = HT_OK;
    for (int two = 0; two < 2 && code == HT_OK; two++) {
        ht_estimate *e = &estimates[two ? HT_POWERLAW_TWO_SIDED : HT_POWERLAW];
        ht_spectrum_powerlaw(eigenvalue, count, two, e);
        code = ht_goodness_judge_spectrum(eigenvalue, count, two, e, err);
    }
    return code;
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
    size_t side = x->rows < x->columns ? x->rows : x->columns;
    double *eigenvalue = ht_alloc(side, sizeof *eigenvalue, "the spectrum", err);
    if (!eigenvalue) return err->code;
    code = ht_spectrum_eigenvalues(x, eigenvalue, err);
    if (code == HT_OK) code = ht_tail_fit_spectrum(eigenvalue, side, estimates, err);
    ht_free(eigenvalue);
    return code;
}

ht_code ht_tail_fit_rows(const ht_values *x, const ht_tail_options *options, ht_estimate *estimate,
                         ht_error *err)
{
    *estimate = ht_estimate_none(HT_MMO_MULTI);
    if (ht_values_check(x, err) != HT_OK) return err->code;
    ht_code code = ht_blocks_mmo_multi(x, options->m, estimate, err);
    return code == HT_OK ? ht_goodness_judge_rows(x, estimate, err) : code;
}
