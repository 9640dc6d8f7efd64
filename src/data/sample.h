/* sample.h - a part of the samples, drawn so that every class keeps its share. Used where the first so many
 * samples of a file would be no fair sample of it, and where one file becomes a training and a test part. */
#ifndef HT_DATA_SAMPLE_H
#define HT_DATA_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heavytail/status.h"

/* The classes of all samples of a file, in its order. */
typedef struct ht_class_list {
    const int32_t *of; /* (count), each in 0 .. classes-1 */
    size_t count;
    int classes;
} ht_class_list;

/* May the first `wanted` samples stand for all? Not when
 *   - the file is in runs of one class: it has fewer than half the changes of class, from one sample to the
 *     next, that a random order has, and the difference is more than 2.5 standard deviations; or
 *   - the counts of the classes among the first ones are off: Pearson's χ² against their shares (corrected
 *     for drawing without replacement, classes of which fewer than 5 are expected as one) is above
 *     d + 8 √(2d) + 10 for d degrees of freedom.
 * A random order passes, whatever `wanted`: files like MNIST keep their first samples. */
ht_code ht_sample_is_fair(const ht_class_list *list, size_t wanted, bool *fair, ht_error *err);

/* Marks `wanted` of the samples in chosen[count] (zeroed before): of each class its share, rounded by largest
 * remainders, at least one when all classes fit; within a class by lot. `keep` of each class are not taken
 * (as far as the others suffice). `which` tells draws of one seed apart. */
ht_code ht_sample_by_class(const ht_class_list *list, size_t wanted, size_t keep, uint64_t seed,
                           uint64_t which, bool *chosen, ht_error *err);

#endif
