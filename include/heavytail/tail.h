/* tail.h - estimators of the tail index α: the stability index, P(|X| > x) ~ x^-α, S(2) is the normal law.
 * Only `powerlaw` speaks of a density exponent (p(λ) ~ λ^-α, one more than the index of its tail).
 *
 * Pure functions, any thread, no thread started; scratch is bounded and given back. Numbers are read in float
 * or double and computed in double. All logarithms are natural. What is not defined is NaN. */
#ifndef HEAVYTAIL_TAIL_H
#define HEAVYTAIL_TAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"
#include "heavytail/values.h"

HT_PUBLIC_BEGIN

/* ---- the table of estimators ---- */

typedef enum ht_estimator {
#define HT_ESTIMATOR(id, ...) HT_##id,
#include "tail/estimators.def"
    HT_ESTIMATORS
} ht_estimator;

/* Those among them that read rows as vectors, in the same order. */
typedef enum ht_row_estimator {
#define HT_ROW_OF_VALUES(id)
#define HT_ROW_OF_ROWS(id) HT_ROW_##id,
#define HT_ROW_OF_EIGENVALUES(id)
#define HT_ESTIMATOR(id, name, input, ...) HT_ROW_OF_##input(id)
#include "tail/estimators.def"
    HT_ROW_ESTIMATORS
} ht_row_estimator;

typedef enum ht_tail_input { HT_INPUT_VALUES, HT_INPUT_ROWS, HT_INPUT_EIGENVALUES } ht_tail_input;

typedef struct ht_estimator_info {
    const char *name;       /* "mmo", as in JSON */
    const char *citation;   /* authors, journal, year */
    const char *formula;    /* one line of UTF-8 */
    const char *assumes;    /* "a stable law, centred" */
    const char *convention; /* "stability index", "tail index" or "density exponent" */
    const char *error;      /* where the standard error comes from */
    ht_tail_input input;
    bool stable; /* for stable laws: an index near 2 means no heavy tail */
} ht_estimator_info;

const ht_estimator_info *ht_estimator_at(ht_estimator estimator); /* static storage */
/* HT_ESTIMATORS of the library, for callers that were not compiled with this header. */
int ht_estimators(void);
int ht_row_estimators(void); /* of those that read rows: HT_ROW_ESTIMATORS */

/* ---- estimates out ---- */

typedef enum ht_quality {
    HT_QUALITY_GOOD,
    HT_QUALITY_FEW_POINTS,     /* too few to say anything */
    HT_QUALITY_NO_PLATEAU,     /* the estimate hangs on the choice of k */
    HT_QUALITY_NOT_POWER_LAW,  /* another law: no straight line on log-log axes */
    HT_QUALITY_NOT_STABLE,     /* another law than a symmetric stable one */
    HT_QUALITY_UNDECIDED,      /* a law that falls faster fits as well */
    HT_QUALITY_DISAGREE,       /* an estimate that is surer excludes this one */
    HT_QUALITY_COLUMNS,        /* columns of unequal scale: not one law */
    HT_QUALITY_NO_HEAVY_TAIL,  /* α at 2, or a tail that falls faster than every power */
    HT_QUALITY_QUANTIZED,      /* rounded or pruned so coarsely that the estimate may hang on it */
    HT_QUALITY_NOT_APPLICABLE, /* other input wanted, off centre (mmo), or not defined: then NaN */
    HT_QUALITIES,
} ht_quality;

const char *ht_quality_word(ht_quality quality);    /* "good", "few points", … as in JSON */
const char *ht_quality_meaning(ht_quality quality); /* one sentence for a student */

typedef struct ht_estimate {
    ht_estimator estimator;
    double value;     /* raw: no permutation, no cap, but those of mmo-paper */
    double std_error; /* NaN when unknown */
    double low, high; /* 95 % interval */
    double scale;     /* mcculloch, ecf: σ of S(α, 0, σ); NaN else */
    double xmin; /* where the fitted tail begins: |x|_(k+1), or the smallest eigenvalue fitted; NaN else */
    double distance; /* powerlaw: Kolmogorov-Smirnov distance; NaN else */
    double p;        /* of the law that it assumes: how often a sample of it is as far off; NaN: not tested */
    size_t k;        /* order statistics used; 0 where there is no such choice */
    size_t m;        /* block length; 0 where there is none, or the median over several */
    size_t n_tail;   /* points the estimate rests on */
    /* Exact zeros among the values (mmo-multi: rows of zeros). Left out where `step` is NaN; else they
     * stayed, as values below `step` that were rounded to zero or pruned by size. */
    size_t zeros;
    double step;
    size_t rank; /* powerlaw: eigenvalues above rounding noise, all that is fitted to; 0 else */
    ht_quality quality;
    const char *reason; /* of the quality, where one is known: a clause in static storage; NULL else */
} ht_estimate;

/* A number that says nothing, and is not printed: its index is not positive, or its standard error is half of
 * it or more, so that the 95 % interval reaches 0. */
bool ht_estimate_undetermined(const ht_estimate *estimate);

typedef struct ht_tail_options {
    size_t k;      /* order statistics; 0: the largest k that a Hill plot still calls a plateau */
    size_t m;      /* block length; 0: mmo the median over ht_tail_candidates, paulauskas √count */
    bool spectrum; /* also powerlaw: costs an eigenvalue decomposition of the smaller side */
} ht_tail_options;

/* Every estimator on all values of x, one after the other, row by row; `estimates` is (HT_ESTIMATORS) in the
 * order of the table. Those that want rows are HT_QUALITY_NOT_APPLICABLE; those that want eigenvalues too,
 * unless options->spectrum is set and x is a matrix. HT_FAIL when memory is short or a value is not finite.
 */
ht_code ht_tail_fit(const ht_values *x, const ht_tail_options *options, ht_estimate *estimates,
                    ht_error *err);

/* mmo-multi: the rows of x as vectors. */
ht_code ht_tail_fit_rows(const ht_values *x, const ht_tail_options *options, ht_estimate *estimate,
                         ht_error *err);
/* Any estimator that reads rows; all of them. mmo-paper takes the medians of the columns away, whatever
 * centres x. */
ht_code ht_tail_fit_rows_by(ht_estimator estimator, const ht_values *x, const ht_tail_options *options,
                            ht_estimate *estimate, ht_error *err);
ht_code ht_tail_fit_all_rows(const ht_values *x, const ht_tail_options *options,
                             ht_estimate estimates[HT_ROW_ESTIMATORS], ht_error *err);
/* Not applicable, all of them. */
void ht_tail_no_rows(ht_estimate estimates[HT_ROW_ESTIMATORS]);

/* Candidate block lengths of arXiv 2106.03795 for `count` values: 2, 5, 10, 20, 50, 100, 500, 1000 up to
 * count/2, each lowered to a divisor of count; then the largest divisor ≤ √count. Lengths of 1 are left out.
 * Returns how many (≤ 9). */
int ht_tail_candidates(size_t count, size_t m[9]);

/* ---- a picture of a tail ---- */

enum { HT_PICTURE_POINTS = 160 };

/* P(X > x) by rising x, ranks spaced evenly in the logarithm: the tail has as many points as the bulk. */
typedef struct ht_tail_ccdf {
    int count;
    double x[HT_PICTURE_POINTS], above[HT_PICTURE_POINTS];
} ht_tail_ccdf;

/* Everything the tail view draws; plain data, ~15 KB. */
typedef struct ht_tail_picture {
    size_t rows, columns;
    bool centred;
    ht_tail_ccdf weights;     /* of |w|, centred or not */
    ht_tail_ccdf norms;       /* of the row norms; empty for a vector */
    ht_tail_ccdf eigenvalues; /* of WᵀW / max(rows, columns); empty without options->spectrum */
    int hill_count;           /* Hill plot: α̂(k) at k spaced evenly in the logarithm; ± hill/√k */
    double hill_k[HT_PICTURE_POINTS], hill[HT_PICTURE_POINTS];
    size_t plateau_low, plateau_high;       /* the k between which α̂(k) agrees with itself; 0, 0 without */
    ht_estimate all[HT_ESTIMATORS];         /* of all weights (and of the spectrum) */
    ht_estimate by_rows[HT_ROW_ESTIMATORS]; /* of the rows as vectors; not applicable to a vector */
    ht_estimate of_norms[HT_ESTIMATORS];    /* of the row norms; not applicable to a vector */
} ht_tail_picture;

/* Fills everything from one matrix or vector. Training centres first, as arXiv 2106.03795 does: `centred`
 * takes from a matrix the medians of its columns, then from all values their median. Norms and spectrum are
 * of the rows as they are. */
ht_code ht_tail_picture_make(ht_tail_picture *picture, const ht_values *w, const ht_tail_options *options,
                             bool centred, ht_error *err);

/* The estimate in the picture of all weights, or of their rows if it reads rows. */
const ht_estimate *ht_tail_picture_estimate(const ht_tail_picture *picture, ht_estimator estimator);

/* ---- quick estimates while training goes on ---- */

/* mmo and those that need only the largest values (hill, pickands, dehaan, dekkers) of all weights, centred
 * as a picture of training is; the others are not applicable. The same values as the picture's at less than
 * half of its cost. `estimates` is (HT_ESTIMATORS). */
ht_code ht_tail_quick(const ht_values *w, ht_estimate *estimates, ht_error *err);

HT_PUBLIC_END

#endif
