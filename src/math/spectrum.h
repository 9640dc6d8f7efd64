/* spectrum.h - eigenvalues of WᵀW/N and a power law fitted to the largest of them. */
#ifndef HT_MATH_SPECTRUM_H
#define HT_MATH_SPECTRUM_H

#include "heavytail/tail.h"

/* The eigenvalues of WᵀW/N (or of WWᵀ/N, the smaller one), N the larger side, upwards into `eigenvalue`
 * (min(rows, columns)). In double, through the Gram matrix, w read block by block. HT_FAIL when memory is
 * short or LAPACK does not converge. */
ht_code ht_spectrum_eigenvalues(const ht_values *w, double *eigenvalue, ht_error *err);

/* Clauset, Shalizi, Newman (SIAM Review 51, 2009): the power law of least Kolmogorov-Smirnov distance among
 * those that begin at one of the eigenvalues. `eigenvalue` (count) upwards; those ≤ 0 are left out. */
void ht_spectrum_powerlaw(const double *eigenvalue, size_t count, bool two_sided, ht_estimate *estimate);

#endif
