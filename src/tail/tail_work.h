/* tail_work.h - what the functions of tail/estimators.def are given, and what they may leave for each other.
 */
#ifndef HT_TAIL_TAIL_WORK_H
#define HT_TAIL_TAIL_WORK_H

#include "heavytail/tail.h"
#include "tail/tail_sample.h"

/* The largest magnitudes, largest first: `kept` of them, for k up to kept - 1; in the sample's units. */
typedef struct ht_top {
    size_t count; /* of all values that are not zero */
    size_t kept;
    double *value, *log; /* (kept) */
} ht_top;

typedef struct ht_tail_work {
    const ht_tail_options *options;
    /* VALUES, ROWS */
    const ht_tail_sample *sample; /* estimates of values are in its units */
    /* VALUES */
    const ht_top *top;
    size_t k;
    bool plateau;    /* is k from one? */
    ht_quality tail; /* what is wrong with the tail itself, from hill's row on */
    /* EIGENVALUES: those above the noise, upwards */
    const double *eigenvalue;
    size_t rank;
} ht_tail_work;

/* Fills its places of `estimates` (HT_ESTIMATORS), in the order of the table: value, std_error, low, high,
 * quality, and what else it knows; where there is no estimate they stay as they are, not applicable. HT_FAIL
 * when memory is short. */
typedef ht_code ht_tail_function(ht_tail_work *work, ht_estimate *estimates, ht_error *err);

#define HT_ESTIMATOR(id, name, input, function, ...) ht_tail_function function;
#include "tail/estimators.def"

#endif
