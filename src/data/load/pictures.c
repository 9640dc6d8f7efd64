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

void ht_pictures_standardize(const ht_raw *raw, const unsigned char *from, ht_raw_part *part)
{
    float level[HT_SCALED_CHANNELS][256], *to = part->x;
    size_t channels = (size_t)raw->channels, plane = part->inputs / channels;
    for (size_t c = 0; c < channels; c++)
        for (int i = 0; i < 256; i++)
            level[c][i] = (float)((i / 255.0 - (double)raw->mean[c]) / (double)raw->std[c]);
    for (size_t i = 0; i < part->count * channels; i++, from += plane, to += plane)
        for (size_t k = 0; k < plane; k++) to[k] = level[i % channels][from[k]];
}
