/* student.h - is a symmetric stable law as near to the values as Student's law?
 *
 * Below two degrees of freedom the two are nearly alike in the middle and both have power laws for tails, so
 * a characteristic function tells them apart only late: a ratio of likelihoods does sooner (Vuong,
 * Econometrica 57, 1989). Both laws are fitted by maximum likelihood to counts of |x - centre| in some
 * hundred bins, over all values: those of the counts that are exact, with each bin's probability a difference
 * of the distribution function. At one degree of freedom, α = 1, both are Cauchy's law. Pure. */
#ifndef HT_TAIL_STUDENT_H
#define HT_TAIL_STUDENT_H

#include "tail/stable_fit.h"

typedef struct ht_student {
    double freedom;    /* of the nearest Student law; NaN where nothing was compared */
    double ratio;      /* log-likelihood of the nearest stable law less that of the nearest Student law */
    double deviations; /* the ratio in its standard deviations, of independent values */
} ht_student;

/* Nothing is compared where the fit is none, or its index below 0.29 or above 1.99. The subset gives centre
 * and bins, the sample the values. */
void ht_student_compare(ht_student *student, const ht_tail_sample *sample, const ht_tail_subset *subset,
                        const ht_stable_fit *fit);

/* P(|T| > x) of Student's law, x > 0, and in *slope its derivative to log x. */
double ht_student_beyond(double freedom, double x, double *slope);

#endif
