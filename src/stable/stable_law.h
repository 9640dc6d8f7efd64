/* stable_law.h - the distribution of |X|, X ~ S(α, 0, 1, 0), to 1e-10 relative from the middle to the far
 * tail.
 *
 * Zolotarev's integral (One-dimensional Stable Distributions, 1986, thm 2.2.3; Nolan, Comm.
 * Statist. Stoch. Models 13, 1997) has a positive integrand, so nothing cancels however small the answer is:
 *   P(|X| > x) = 2/π ∫ exp(-x^(α/(α-1)) V(θ)) dθ over (0, π/2),
 *   V(θ) = (cos θ / sin αθ)^(α/(α-1)) cos((α-1)θ) / cos θ.
 * for 1 < α < 2; for α < 1 this is P(|X| < x), and 1 - exp(…) is integrated. α = 1 and α = 2 are closed
 * forms. Pure; any thread. */
#ifndef HT_STABLE_STABLE_LAW_H
#define HT_STABLE_STABLE_LAW_H

/* P(|X| > x), x > 0, 0.3 ≤ α ≤ 2, and in *slope its derivative to log x. */
double ht_stable_beyond(double alpha, double x, double *slope);

/* The same at x[0] < x[1] < … (count), where the integrands share what they have in common: by the same rule
 * at other points, within 1e-10 of it. */
void ht_stable_beyond_all(double alpha, const double *x, int count, double *beyond, double *slope);

#endif
