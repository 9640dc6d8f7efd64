/* stable_fit.h - is a sample from a symmetric stable law? The law that is nearest to its characteristic
 * function, and how far off it is.
 *
 * φ̂(u) is compared at K points, twice as far each, from where 20 values have |ux| > 1 to where φ is 0.08.
 * Under the law √n(φ̂ - φ) is normal with covariances known in closed form: cos: ½(φ(u+v) + φ(u-v)) -
 * φ(u)φ(v), sin: ½(φ(u-v) - φ(u+v)), none between the two. α and σ are those of the least quadratic form in
 * the inverse covariance (Feuerverger, McDunnough, J. R. Statist. Soc. B 43, 1981: nearly as good as maximum
 * likelihood), and the form itself is the test (Koutrouvelis, Kellermeier, J. R. Statist. Soc. B 43, 1981):
 * χ² with 2K - 3 degrees of freedom, the sines tell whether it is symmetric about one centre. Pure. */
#ifndef HT_TAIL_STABLE_FIT_H
#define HT_TAIL_STABLE_FIT_H

#include "tail/tail_subset.h"

typedef struct ht_stable_fit {
    double alpha, scale, error; /* of alpha; NaN where there is no fit */
    double p;                   /* of the test; NaN where there is none */
    size_t values;
    double independent; /* as many independent values would fix φ̂ as well */
} ht_stable_fit;

/* `clustered`: rows are independent, the values in a row are not, as of noise that a row has in common:
 * covariances from the rows (Hotelling). */
ht_code ht_stable_fit_make(ht_stable_fit *fit, const ht_tail_subset *subset, bool clustered, ht_error *err);

/* P(χ² > x) with `freedom` degrees of freedom. */
double ht_chi_square_above(double x, int freedom);

#endif
