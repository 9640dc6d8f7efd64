#include "math/select.h"

#include <stdint.h>
#include <string.h>

enum { HALF = 16, KEYS = 1 << HALF };

/* Bits that order like the number: negative ones reversed, positive ones above them. -0 ranks just below 0.
 */
static inline uint32_t key_of(const ht_ranked *v, size_t i)
{
    float y = v->x[i] - v->centre;
    uint32_t u;
    memcpy(&u, &y, sizeof u);
    if (v->magnitude) return u & 0x7fffffffu;
    return u & 0x80000000u ? ~u : u | 0x80000000u;
}

static float value_of(const ht_ranked *v, uint32_t key)
{
    float y;
    if (!v->magnitude) key = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    memcpy(&y, &key, sizeof y);
    return y;
}

/* The key half in which rank *k lies; *k becomes the rank inside it. */
static uint32_t locate(const uint32_t count[KEYS], size_t *k)
{
    uint32_t half = 0;
    while (*k >= count[half]) *k -= count[half++];
    return half;
}

float ht_select(const ht_ranked *v, size_t k)
{
    uint32_t count[KEYS];
    memset(count, 0, sizeof count);
    for (size_t i = 0; i < v->count; i++) count[key_of(v, i) >> HALF]++;
    uint32_t upper = locate(count, &k);
    memset(count, 0, sizeof count);
    for (size_t i = 0; i < v->count; i++) {
        uint32_t key = key_of(v, i);
        if (key >> HALF == upper) count[key & (KEYS - 1)]++;
    }
    return value_of(v, upper << HALF | locate(count, &k));
}

int ht_by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

float ht_median(const float *x, size_t count)
{
    ht_ranked values = {x, count, 0, false};
    double high = (double)ht_select(&values, count / 2);
    return count % 2 ? (float)high : (float)((high + (double)ht_select(&values, count / 2 - 1)) / 2);
}
