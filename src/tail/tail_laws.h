/* tail_laws.h - laws whose index is known, to try the estimators on: what `heavytail bench quality` counts.
 * Pure; a sample depends on its number alone. */
#ifndef HT_TAIL_TAIL_LAWS_H
#define HT_TAIL_TAIL_LAWS_H

#include "heavytail/tail.h"
#include "num/rng.h"

typedef struct ht_tail_law {
    const char *name;
    size_t rows, columns;
    bool spectrum; /* for powerlaw, and for all others where there is no index; else for these alone */
    /* The true index of values, of rows as vectors, and of the tail (spectrum: of the density); NaN: none.
     * Near Cauchy's law Student's is nearly a stable one, and its degrees of freedom pass for its index. */
    double stability, vectors, tail;
    void (*fill)(double *x, size_t rows, size_t columns, double parameter, ht_rng *rng);
    double parameter;
} ht_tail_law;

const ht_tail_law *ht_tail_laws(int *count);

/* Sample number `which` of the law, and what is estimated from it; mmo-multi of its rows. x is scratch
 * (rows × columns). */
ht_code ht_tail_law_try(const ht_tail_law *law, uint64_t which, double *x, ht_estimate *estimates,
                        ht_error *err);

/* Is the law one to try it on? */
bool ht_tail_law_asks(const ht_tail_law *law, ht_estimator estimator);

/* Good, though there is no such index, or another one, 3.3 deviations away. */
bool ht_tail_law_wronged(const ht_tail_law *law, const ht_estimate *estimate);

/* Is it one of those that should be good of this law? Of stable laws those for stable laws, of power laws
 * from the first value on those for tails. */
bool ht_tail_law_suits(const ht_tail_law *law, ht_estimator estimator);

#endif
