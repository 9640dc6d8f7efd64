/* pictures.h - grey levels of one byte into standardized floats. */
#ifndef HT_DATA_LOAD_PICTURES_H
#define HT_DATA_LOAD_PICTURES_H

#include <stddef.h>
#include <stdint.h>

/* How often each grey level occurs: exact sums for mean and standard deviation. */
typedef struct ht_levels {
    uint64_t count[256];
} ht_levels;

void ht_levels_add(ht_levels *levels, const unsigned char *pixels, size_t count);

/* Mean and standard deviation of pixel / 255; pictures of one single grey level have nothing to scale: 1. */
void ht_levels_measure(const ht_levels *levels, float *mean, float *std);

/* to[i] = (from[i] / 255 − mean) / std, i < count. */
void ht_pictures_standardize(const unsigned char *from, size_t count, double mean, double std, float *to);

#endif
