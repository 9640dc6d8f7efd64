/* power_test.h - is a tail a power law? Beyond a threshold x₀ that k of n values pass, log(x/x₀) of a power
 * law is exponential, whatever its index. Pure. */
#ifndef HT_TAIL_POWER_TEST_H
#define HT_TAIL_POWER_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

typedef struct ht_power_test {
    double p; /* Anderson and Darling's test of that, the index estimated (Stephens, in D'Agostino, Stephens,
               * Goodness-of-Fit Techniques, 1986, table 4.14) */
    /* Standard normal where both laws are equally far from the truth, positive where the power law is nearer
     * (Vuong, Econometrica 57, 1989): against a lognormal law, of which k/n is beyond x₀ as well, so that its
     * curvature is known (with that left open it could be a power law), and an exponential one. */
    double lognormal, exponential;
    double curvature; /* standard normal for a power law; negative where the tail bends down */
    double points;    /* independent values beyond x₀ */
} ht_power_test;

/* `log`: logarithms of the k + 1 largest of `count` magnitudes, largest first. `effect`: each independent
 * value counts as so many, ≥ 1. NaN of too few. HT_FAIL: no memory. */
ht_code ht_power_test_make(ht_power_test *test, const double *log, size_t k, size_t count, double effect,
                           ht_error *err);

/* Clauset, Shalizi, Newman, SIAM Review 51, 2009: the number of largest values that a power law fits with the
 * least Kolmogorov-Smirnov distance. `log` (kept), largest first; k + 1 < kept is chosen among about 160.
 * `two_sided`: the true distance; else as plfit has it. */
typedef struct ht_power_search {
    size_t k; /* 0: nothing to fit */
    double gamma, distance;
} ht_power_search;

ht_power_search ht_power_search_make(const double *log, size_t kept, size_t least, bool two_sided);

/* Their p: the share of samples as far from their own best power law as this one, or further, each of which
 * has this one's values below x₀, drawn again, and a power law beyond. Stops at the tenth that is (Besag,
 * Clifford, Biometrika 78, 1991), at most 100. */
ht_code ht_power_search_p(double *p, const double *log, size_t kept, size_t count, size_t least,
                          bool two_sided, ht_error *err);

#endif
