/* histogram.h - magnitudes of weights on a fixed logarithmic grid: 16 bins an octave, from 2^-40 to 2^24. A
 * bin's index is read off the float's bits, so counting costs a shift and an increment. Plain data. */
#ifndef HT_NUM_HISTOGRAM_H
#define HT_NUM_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HT_HISTOGRAM_BINS = 1024 };

typedef struct ht_histogram {
    uint64_t total, below,
        above; /* all values, those under and over the grid (0 is under, NaN and Inf over) */
    uint32_t count[HT_HISTOGRAM_BINS];
} ht_histogram;

/* Adds |x[i]|. */
void ht_histogram_add(ht_histogram *histogram, const float *x, size_t count);

void ht_histogram_merge(ht_histogram *into, const ht_histogram *from);

/* Four nearly equal parts an octave: part i of HT_HISTOGRAM_COARSE begins with this bin (the grid is linear
 * inside an octave). */
enum { HT_HISTOGRAM_COARSE = HT_HISTOGRAM_BINS / 4 };
int ht_histogram_coarse(int i);

/* Lower edge of bin i (upper edge of i - 1). */
double ht_histogram_edge(int i);

#endif
