/* tail_goodness.h - which estimates may be called good: those whose law the numbers cannot be told from.
 *
 * An estimate that nothing spoke against so far is tested: those of stable laws by the distance from the
 * nearest symmetric stable law (stable_fit.h) and by its likelihood beside Student's (student.h), those of
 * tails by the shape beyond their threshold (power_test.h), both by their agreement with the index of that
 * law. Rows that have a scale in common count as fewer values; columns of unequal scale are no one law.
 * docs/tails.md has the rules and how often each is right. Pure. */
#ifndef HT_TAIL_TAIL_GOODNESS_H
#define HT_TAIL_TAIL_GOODNESS_H

#include "tail/power_test.h"
#include "tail/stable_fit.h"
#include "tail/student.h"
#include "tail/estimate/tail_order.h"

typedef struct ht_goodness {
    bool clustered, together; /* rows differ in scale, the values of a row are not independent; by much */
    bool columns_differ;
    double scales;        /* rows, where each has its own; Inf where all have one */
    ht_stable_fit stable; /* of the values */
    ht_student student;   /* where that law was not refused */
    ht_power_test power;  /* of those beyond the threshold in use */
    /* How many values count as one independent one: of all, and of those beyond the threshold. */
    double effect, tail_effect;
    double bias; /* of 1/α beyond that threshold, as far as the values below tell */
} ht_goodness;

/* Of the values, and of the k largest among them. */
ht_code ht_goodness_make(ht_goodness *goodness, const ht_tail_sample *sample, const ht_top *top, size_t k,
                         ht_error *err);

/* Lowers what is not good, fills p, and widens the intervals of values that are not independent. Once. */
void ht_goodness_assess(const ht_goodness *goodness, ht_estimate *estimates);

/* The same of mmo-multi, of the sample's rows. */
ht_code ht_goodness_assess_rows(const ht_tail_sample *sample, ht_estimate *estimate, ht_error *err);

/* Of the norms of rows, against what is good of their weights (`all`, of HT_ESTIMATORS, and `rows`): where
 * weights have a tail of index α, so have the norms, and a norm adds up many weights before that shows: a
 * threshold among few norms is often too low for it. */
void ht_goodness_assess_norms(ht_estimate *norms, const ht_estimate *all, const ht_estimate *rows);

/* The same of a power law among all eigenvalues (count), upwards, into its place among the estimates, of
 * which those of the entries are judged already: where entries have a tail of index α < 4, the largest
 * eigenvalues are their largest squares, of index α/2 (Auffinger, Ben Arous, Péché, Ann. Inst. H. Poincaré
 * 45, 2009). */
ht_code ht_goodness_assess_spectrum(const double *eigenvalue, size_t count, ht_estimator which,
                                    ht_estimate *estimates, ht_error *err);

#endif
