#include "data/pictures.h"

void ht_pictures_standardize(const unsigned char *from, size_t count, double mean, double std, float *to)
{
    float level[256];
    for (int i = 0; i < 256; i++) level[i] = (float)((i / 255.0 - mean) / std);
    for (size_t i = 0; i < count; i++) to[i] = level[from[i]];
}
