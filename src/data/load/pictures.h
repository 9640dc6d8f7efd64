/* pictures.h - levels of one byte (grey, red, green, blue) into standardized floats. */
#ifndef HT_DATA_LOAD_PICTURES_H
#define HT_DATA_LOAD_PICTURES_H

#include <stddef.h>
#include <stdint.h>

#include "data/loader.h"

/* How often each grey level occurs: exact sums for mean and standard deviation. */
typedef struct ht_levels {
    uint64_t count[256];
} ht_levels;

void ht_levels_add(ht_levels *levels, const unsigned char *pixels, size_t count);

/* Mean and standard deviation of pixel / 255; pictures of one single grey level have nothing to scale: 1. */
void ht_levels_measure(const ht_levels *levels, float *mean, float *std);

/* part->x = (from / 255 − mean) / std with the figures of the pixel's channel, for all pixels of part->count
 * pictures. raw->channels is HT_SCALED_CHANNELS at the most. */
void ht_pictures_standardize(const ht_raw *raw, const unsigned char *from, ht_raw_part *part);

#endif
