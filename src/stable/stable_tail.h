/* stable_tail.h - the far tail of S(α, 0, 1, 0), from Bergström's series (Ark. Mat. 2, 1952):
 *   P(|X| > x) = 2/π Σ_k (-1)^(k+1) Γ(kα)/k! sin(kπα/2) x^(-kα)
 * For 1 < α < 2 it is asymptotic: good to 1e-6 relative where P ≤ 1e-3. Pure. */
#ifndef HT_STABLE_STABLE_TAIL_H
#define HT_STABLE_STABLE_TAIL_H

double ht_stable_tail(double alpha, double x);

/* x with P(|X| > x) = p, p ≤ 1e-2. */
double ht_stable_tail_quantile(double alpha, double p);

#endif
