/* stable_spread.h - quantiles and densities of S(α, 0, 1, 0), 0.2 ≤ α ≤ 2, from a table. Pure. */
#ifndef HT_STABLE_STABLE_SPREAD_H
#define HT_STABLE_STABLE_SPREAD_H

typedef struct ht_stable_spread {
    double q75, q95; /* P(X < q) = 0.75, 0.95 */
    double f75, f95; /* density there */
} ht_stable_spread;

/* Good to 1e-5 relative for α ≥ ½; below, quantiles to 2e-4 and densities to 1e-3. Exact to 12 digits at
 * multiples of 0.05. */
ht_stable_spread ht_stable_spread_at(double alpha);

#endif
