/* tail_fit.h - the parts of a fit that the picture shows too. */
#ifndef HT_MATH_TAIL_FIT_H
#define HT_MATH_TAIL_FIT_H

#include "heavytail/tail.h"
#include "math/tail_goodness.h"

/* What a fit came across: the caller may want to draw it. Free with ht_tail_traces_free. */
typedef struct ht_tail_traces {
    ht_top top;
    ht_hill_plot plot;
    ht_goodness goodness;
} ht_tail_traces;

void ht_tail_traces_free(ht_tail_traces *traces);

/* ht_tail_fit of the values alone, no spectrum, keeping the traces. */
ht_code ht_tail_fit_values(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                           ht_tail_traces *traces, ht_error *err);

/* The cheaper part of it: mmo and what the largest values tell. *tail: the quality of those. */
ht_code ht_tail_fit_glance(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                           ht_tail_traces *traces, ht_quality *tail, ht_error *err);

/* powerlaw of the eigenvalues (count), upwards. HT_FAIL: no memory. */
ht_code ht_tail_fit_spectrum(const double *eigenvalue, size_t count, ht_estimate *estimates,
                             ht_error *err);

#endif
