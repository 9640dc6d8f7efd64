/* tail_estimate.h - what the estimators share: intervals and when not to believe. Pure. */
#ifndef HT_TAIL_TAIL_ESTIMATE_H
#define HT_TAIL_TAIL_ESTIMATE_H

#include "heavytail/tail.h"

/* Standard normal quantiles: of 95 % intervals; of the 99 % interval that decides whether an index is
 * below 2. */
#define HT_Z95 1.959963984540054
#define HT_Z99 2.575829303548901

/* No value, not applicable. */
ht_estimate ht_estimate_none(ht_estimator estimator);

/* The estimate as a table or picture may tell it: without numbers (NaN) where it is not applicable or
 * undetermined. Whoever shows a number of an estimate by itself takes it from here. */
ht_estimate ht_estimate_told(const ht_estimate *estimate);

/* Error and interval of estimate->value from γ = 1/α and its standard deviation, where estimates are closer
 * to normal. An interval of γ that reaches 0 has no upper end in α (Inf). A γ̂ of 0 or less, a tail that ends
 * or falls faster than any power, has none (NaN): its γ's are two pieces in α, of which 1/γ̂ is in neither's
 * middle. */
void ht_estimate_inverse(ht_estimate *estimate, double gamma, double deviation);

/* Quality of an index of a stable law from `count` values: few points, no heavy tail, or good. */
void ht_estimate_assess_stable(ht_estimate *estimate, size_t count);

#endif
