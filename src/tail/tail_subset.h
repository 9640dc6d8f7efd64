/* tail_subset.h - what goodness of fit is decided on: at most HT_SUBSET of the values, so that a verdict
 * costs milliseconds and means the same for a thousand values and for a billion: "cannot be told from it with
 * 20 000 values". (With enough values every law that is only nearly right is wrong.) Pure. */
#ifndef HT_TAIL_TAIL_SUBSET_H
#define HT_TAIL_TAIL_SUBSET_H

#include <stdint.h>

#include "tail/tail_sample.h"

enum { HT_SUBSET = 20000 };

typedef struct ht_tail_subset {
    size_t count;           /* values here */
    double *x;              /* (count), centred; zeros are left out unless the sample is censored */
    double *sorted;         /* (count) the same, upwards */
    uint32_t *row, *column; /* (count) where from, numbered from 0; rows rise */
    size_t rows, columns;   /* how many of them */
    bool matrix;
} ht_tail_subset;

/* All values, or one of each of HT_SUBSET equal pieces, chosen by a fixed seed; of a wide matrix from a
 * thousand of the columns, so that columns can be compared. Free with ht_tail_subset_free. */
ht_code ht_tail_subset_take(ht_tail_subset *subset, const ht_tail_sample *sample, ht_error *err);
void ht_tail_subset_free(ht_tail_subset *subset);

/* Do rows (columns) differ in scale? Analysis of variance of log|x| (of what is not zero), which has all
 * moments in every law here. */
typedef struct ht_spread {
    double deviation; /* of the logarithm of the groups' scales, what chance adds taken out; 0 for none */
    double z;         /* how sure it is that there is one, in standard deviations */
} ht_spread;

ht_code ht_tail_subset_spread(const ht_tail_subset *subset, bool columns, ht_spread *spread, ht_error *err);

#endif
