#include "num/histogram.h"

#include <math.h>
#include <string.h>

/* A float's exponent and top four mantissa bits, counted from 2^-40. */
enum { MANTISSA_SHIFT = 19, FIRST = (127 - 40) << 4 };

void ht_histogram_add(ht_histogram *h, const float *x, size_t count)
{
    h->total += count;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        int bin = (int)((bits & 0x7fffffffu) >> MANTISSA_SHIFT) - FIRST;
        if (bin < 0)
            h->below++;
        else if (bin >= HT_HISTOGRAM_BINS)
            h->above++;
        else
            h->count[bin]++;
    }
}

double ht_histogram_edge(int i)
{
    return ldexp(1.0 + (i & 15) / 16.0, (i >> 4) - 40);
}

void ht_histogram_merge(ht_histogram *into, const ht_histogram *from)
{
    into->total += from->total;
    into->below += from->below;
    into->above += from->above;
    for (int i = 0; i < HT_HISTOGRAM_BINS; i++) into->count[i] += from->count[i];
}

int ht_histogram_coarse(int i)
{
    enum { PARTS = 4, OCTAVE = 16 };
    static const int first[PARTS] = {0, 3, 7, 11};
    return i / PARTS * OCTAVE + first[i % PARTS];
}
