#include "data/loader.h"

void ht_raw_shape(ht_raw *raw, size_t channels, size_t height, size_t width)
{
    raw->channels = (int)channels;
    raw->height = (int)height;
    raw->width = (int)width;
}

void ht_raw_scale(ht_raw *raw, float mean, float std)
{
    for (int c = 0; c < HT_SCALED_CHANNELS; c++) raw->mean[c] = mean, raw->std[c] = std;
}

size_t ht_data_limited(size_t count, size_t limit)
{
    return limit && limit < count ? limit : count;
}

uint64_t ht_synth_which(ht_synth_part part, size_t index)
{
    return (uint64_t)part << 40 | index;
}
