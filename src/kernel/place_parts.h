/* place_parts.h - what the sources of layers on sequences share: a product with one panel, and e^x. */
#ifndef HT_KERNEL_PLACE_PARTS_H
#define HT_KERNEL_PLACE_PARTS_H

#include <stdbool.h>
#include <string.h>

#include "kernel/conv_parts.h"

/* to[r] = plus + Σ over terms k of a[r · row + k · term] b[k · panel], b a panel's vectors. Terms are next to
 * each other in a or, across, rows are. */
typedef struct place_product {
    const float *a, *b;
    ptrdiff_t row, term, panel;
    int terms;
    bool across;
    const float *plus; /* or NULL; plus_row 0: the same for all rows */
    ptrdiff_t plus_row;
} place_product;

#define place_multiply PASTE(ht_place_multiply_, HT_ISA)
/* place_sums_body.c: of a panel's first `lanes`, at most WIDTH; no others are written. */
extern void place_multiply(const place_product *of, int rows, int lanes, float *to, ptrdiff_t step);

INLINE floats spread(float x)
{
    return x - (floats){0};
}

/* e^x within 2 ulp for x ≤ 0: 2^k e^r, |r| ≤ ½ log 2; 0 below -87, NaN of NaN, e^80 above 80. */
INLINE floats exponential_of(floats x)
{
    const floats least_x = spread(-87.0f), most_x = spread(80.0f), shift = spread(0x1.8p23f);
    integers below = x < least_x;
    floats y = choose(below, least_x, x);
    y = choose(y > most_x, most_x, y);
    floats moved = y * spread(0x1.715476p0f) + shift, k = moved - shift;
    floats r = (y - k * spread(0x1.62e4p-1f)) - k * spread(0x1.7f7d1cp-20f);
    floats p = spread(0x1.6a2432p-10f); /* the exponential series, its last terms adapted to |r| ≤ ½ log 2 */
    p = p * r + spread(0x1.1239e2p-7f);
    p = p * r + spread(0x1.5558f2p-5f);
    p = p * r + spread(0x1.555492p-3f);
    p = p * r + spread(0x1.fffffcp-2f);
    p = (p * r) * r + (r + spread(1.0f));
    integers power = ((integers)moved + 127) << 23;
    return choose(below, (floats){0}, p * (floats)power);
}

#endif
