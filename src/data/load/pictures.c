#include "data/load/pictures.h"

#include <math.h>

void ht_levels_add(ht_levels *levels, const unsigned char *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) levels->count[pixels[i]]++;
}

void ht_levels_measure(const ht_levels *levels, float *mean, float *std)
{
    double n = 0, first = 0, second = 0;
    for (int i = 0; i < 256; i++) {
        double weight = (double)levels->count[i], value = i / 255.0;
        n += weight, first += weight * value, second += weight * value * value;
    }
    double centre = first / n, variance = second / n - centre * centre;
    *mean = (float)centre;
    *std = variance > 1e-12 ? (float)sqrt(variance) : 1;
}

void ht_pictures_standardize(const unsigned char *from, size_t count, double mean, double std, float *to)
{
    float level[256];
    for (int i = 0; i < 256; i++) level[i] = (float)((i / 255.0 - mean) / std);
    for (size_t i = 0; i < count; i++) to[i] = level[from[i]];
}
