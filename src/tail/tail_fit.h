/* tail_fit.h - the parts of a fit that the picture shows too. */
#ifndef HT_TAIL_TAIL_FIT_H
#define HT_TAIL_TAIL_FIT_H

#include "heavytail/tail.h"
#include "tail/estimate/spectrum.h"
#include "tail/tail_goodness.h"
#include "tail/estimate/tail_order.h"
#include "tail/tail_sample.h"

/* What a fit came across: the caller may want to draw it. Free with ht_tail_traces_free. */
typedef struct ht_tail_traces {
    ht_tail_sample sample; /* its unit is that of … */
    ht_top top;            /* empty where there can be no index */
    ht_hill_plot plot;
    ht_goodness goodness;
} ht_tail_traces;

void ht_tail_traces_free(ht_tail_traces *traces);

/* ht_tail_fit of the values alone, no spectrum, keeping the traces. */
ht_code ht_tail_fit_values(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                           ht_tail_traces *traces, ht_error *err);

/* The cheaper part of it: mmo and what the largest values tell. */
ht_code ht_tail_fit_quick(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                          ht_tail_traces *traces, ht_error *err);

/* powerlaw of the eigenvalues above the noise; `two_sided`: its variant, too. HT_FAIL: no memory. */
ht_code ht_tail_fit_spectrum(const ht_spectrum *spectrum, bool two_sided, ht_estimate *estimates,
                             ht_error *err);

#endif
