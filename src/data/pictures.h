/* pictures.h - grey levels of one byte into standardized floats. */
#ifndef HT_DATA_PICTURES_H
#define HT_DATA_PICTURES_H

#include <stddef.h>

/* to[i] = (from[i] / 255 − mean) / std, i < count. */
void ht_pictures_standardize(const unsigned char *from, size_t count, double mean, double std, float *to);

#endif
