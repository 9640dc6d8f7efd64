#include "num/histogram.h"

#include <math.h>
#include <string.h>

#include "kernel/kernel.h"

/* A float's exponent and top four mantissa bits, counted from 2^-40. */
enum { MANTISSA_SHIFT = 19, FIRST = (127 - 40) << 4 };

/* Two values in a row, often of one bin, are counted in two tables: one need not wait for the other. */
void ht_histogram_add(ht_histogram *h, const float *x, size_t count)
{
    enum { CHUNK = 512, TABLES = 2, OVER = HT_HISTOGRAM_BINS + 1 };
    uint32_t found[TABLES][OVER + 1] = {{0}}, bin[CHUNK];
    for (size_t first = 0, n; first < count; first += n) {
        n = count - first < CHUNK ? count - first : CHUNK;
        ht_kernel()->functions->magnitude_bins(bin, x + first, n, MANTISSA_SHIFT, FIRST, HT_HISTOGRAM_BINS);
        size_t i = 0;
        for (; i + TABLES <= n; i += TABLES) found[0][bin[i]]++, found[1][bin[i + 1]]++;
        if (i < n) found[0][bin[i]]++;
    }
    h->total += count;
    for (int t = 0; t < TABLES; t++) {
        h->below += found[t][0];
        h->above += found[t][OVER];
        for (int i = 0; i < HT_HISTOGRAM_BINS; i++) h->count[i] += found[t][i + 1];
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
