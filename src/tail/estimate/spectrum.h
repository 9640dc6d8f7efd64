/* spectrum.h - eigenvalues of WᵀW/N and a power law fitted to the largest of them. */
#ifndef HT_TAIL_SPECTRUM_H
#define HT_TAIL_SPECTRUM_H

#include "heavytail/tail.h"

/* The spectrum of WᵀW/N (or of WWᵀ/N, the smaller one), N the larger side. */
typedef struct ht_spectrum {
    double *eigenvalue; /* (count) upwards, in units of 4^exponent */
    size_t count, rank; /* the last `rank` are above the noise of computing and of W's own rounding */
    int exponent;
    bool flat; /* these are alike, or there are fewer than two */
} ht_spectrum;

/* Noise is what lies below the largest of
 * - N 2^-52 λmax, what is lost in the Gram matrix;
 * - (N 2^-23)² λmax, for what fits a float: NumPy's matrix_rank, which speaks of singular values;
 * - the eigenvalues of the rounding of W to as many bits as its entries have (bfloat16 8, float16 11):
 *   relative errors 2^-bits that are independent have a norm of at most 2^-bits (largest row norm + largest
 *   column norm). Entries on a grid, as integers are, count as exact.
 * Free with ht_spectrum_free. HT_FAIL as below. */
ht_code ht_spectrum_take(ht_spectrum *spectrum, const ht_values *w, ht_error *err);
void ht_spectrum_free(ht_spectrum *spectrum);

/* The eigenvalues, of W times 2^-exponent, upwards into `eigenvalue` (min(rows, columns)). In double, through
 * the Gram matrix, w read block by block. HT_FAIL when memory is short or LAPACK does not converge. */
ht_code ht_spectrum_eigenvalues(const ht_values *w, double *eigenvalue, ht_error *err);

/* Clauset, Shalizi, Newman (SIAM Review 51, 2009): the power law of least Kolmogorov-Smirnov distance among
 * those that begin at one of the eigenvalues. `eigenvalue` (count) upwards; those ≤ 0 are left out. Not
 * applicable to eigenvalues that are all alike. */
void ht_spectrum_powerlaw(const double *eigenvalue, size_t count, bool two_sided, ht_estimate *estimate);

#endif
