/* augment.h - training pictures changed at random as they go into a batch: flipped left to right, or shifted
 * by a few pixels. Pure: seed, step and place in the batch alone decide, so that a step done again is the
 * same. */
#ifndef HT_DATA_AUGMENT_H
#define HT_DATA_AUGMENT_H

#include <stdint.h>

#include "heavytail/dataset.h"
#include "heavytail/status.h"

/* The choices of data.augment, in the order of params.def. */
typedef enum ht_augment {
    HT_AUGMENT_NONE,
    HT_AUGMENT_FLIP,
    HT_AUGMENT_SHIFT,
    HT_AUGMENT_FLIP_SHIFT,
} ht_augment;

/* Pixels that a picture is shifted by at most, up or down and left or right, but no more than a third of its
 * side. */
enum { HT_AUGMENT_REACH = 4 };

/* HT_USAGE where samples are no pictures. */
ht_code ht_augment_check(ht_augment how, const ht_dataset *data, ht_error *err);

/* What moves in from outside: the level 0 of the file's pictures, as their channel is scaled. */
float ht_augment_padding(const ht_dataset *data, int channel);

/* The largest |x| that may move in; 0 where nothing does. */
float ht_augment_bound(ht_augment how, const ht_dataset *data);

/* Writes what the sample `from` (channels × height × width) becomes at `place` of the batch of a step; from
 * and to do not overlap. */
void ht_augment_sample(ht_augment how, const ht_dataset *data, uint64_t seed, uint64_t step, uint32_t place,
                       const float *from, float *to);

#endif
