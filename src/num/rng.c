#include "num/rng.h"

#include <math.h>

void ht_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4])
{
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
    for (int round = 0; round < 10; round++) {
        uint64_t p = (uint64_t)0xD2511F53u * a, q = (uint64_t)0xCD9E8D57u * c;
        a = (uint32_t)(q >> 32) ^ b ^ k0;
        b = (uint32_t)q;
        c = (uint32_t)(p >> 32) ^ d ^ k1;
        d = (uint32_t)p;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = a, out[1] = b, out[2] = c, out[3] = d;
}

void ht_rng_init(ht_rng *rng, uint64_t seed, ht_stream stream, uint64_t which)
{
    *rng = (ht_rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, (uint32_t)which, (uint32_t)(which >> 32), (uint32_t)stream << 24},
        .used = 4,
    };
}

uint64_t ht_rng_u64(ht_rng *rng)
{
    uint64_t high = ht_rng_u32(rng);
    return high << 32 | ht_rng_u32(rng);
}

double ht_rng_uniform(ht_rng *rng)
{
    return ((double)(ht_rng_u64(rng) >> 12) + 0.5) * 0x1p-52;
}

double ht_rng_normal(ht_rng *rng)
{
    double radius = sqrt(-2.0 * log(ht_rng_uniform(rng)));
    return radius * cos(2.0 * M_PI * ht_rng_uniform(rng));
}

uint32_t ht_rng_below(ht_rng *rng, uint32_t bound)
{
    /* Lemire's multiply-and-reject: no bias, rarely a second draw. */
    uint32_t least = (uint32_t)-bound % bound;
    for (;;) {
        uint64_t product = (uint64_t)ht_rng_u32(rng) * bound;
        if ((uint32_t)product >= least) return (uint32_t)(product >> 32);
    }
}
