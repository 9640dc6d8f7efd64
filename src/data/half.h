/* half.h - IEEE 754 half precision, which C17 has no type for. */
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

#endif
