/* marchenko_pastur.h - the spectrum that independent entries of one variance would have: Marchenko and
 * Pastur, Math. USSR Sbornik 1, 1967. Pure. */
#ifndef HT_TAIL_MARCHENKO_PASTUR_H
#define HT_TAIL_MARCHENKO_PASTUR_H

#include <stddef.h>

/* Median of the law of the eigenvalues of XᵀX/N, X (N × M) of variance 1, for M/N = beta in (0, 1]. */
double ht_mp_median(double beta);

/* The law of WᵀW for N × M entries of standard deviation sigma, M ≤ N. */
typedef struct ht_mp {
    double sigma;     /* NaN: half of the eigenvalues are nothing but rounding */
    double low, high; /* its edges, σ² (√N ∓ √M)² */
    double edge; /* beyond it an eigenvalue is a spike: the largest of pure noise passes it in 1 % (Tracy and
                  * Widom's law with Johnstone's centre and scale, Ann. Statist. 29, 2001) */
    size_t spikes;
} ht_mp;

/* Of a given sigma; `eigenvalue` (M), upwards, of WᵀW. */
ht_mp ht_mp_of(double sigma, const double *eigenvalue, size_t longer, size_t side);

/* σ from the median: σ² = median λ / (N median of the law), which spikes do not move (Gavish, Donoho, IEEE
 * Trans. Inform. Theory 60, 2014). `rank`: eigenvalues above rounding. */
ht_mp ht_mp_fit(const double *eigenvalue, size_t rank, size_t longer, size_t side);

#endif
