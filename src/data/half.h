/* half.h - the short floating-point numbers that C17 has no type for: IEEE 754 half precision, and the two of
 * 8 bits (Micikevicius et al., arXiv 2209.05433). */
#ifndef HT_DATA_HALF_H
#define HT_DATA_HALF_H

#include <math.h>
#include <stdint.h>

static inline float ht_float_of_half(uint32_t h)
{
    uint32_t exponent = h >> 10 & 31, fraction = h & 1023;
    float magnitude = exponent == 0    ? ldexpf((float)fraction, -24)
                      : exponent == 31 ? (fraction ? NAN : INFINITY)
                                       : ldexpf((float)(fraction | 1024), (int)exponent - 25);
    return h & 0x8000 ? -magnitude : magnitude;
}

/* The upper half of a half. */
static inline float ht_float_of_e5m2(uint32_t b)
{
    return ht_float_of_half(b << 8);
}

/* No infinity: only the largest pattern of either sign is no number. */
static inline float ht_float_of_e4m3(uint32_t b)
{
    uint32_t exponent = b >> 3 & 15, fraction = b & 7;
    float magnitude = (b & 127) == 127 ? NAN
                      : exponent == 0  ? ldexpf((float)fraction, -9)
                                       : ldexpf((float)(fraction | 8), (int)exponent - 10);
    return b & 128 ? -magnitude : magnitude;
}

#endif
