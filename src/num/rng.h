/* rng.h - counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011).
 * The same (seed, stream, counter) gives the same bits on every machine and for every number of threads. */
#ifndef HT_NUM_RNG_H
#define HT_NUM_RNG_H

#include <stdint.h>

/* What a stream of draws is for. One seed serves them all; they never overlap. Order is part of the format:
 * append only, or old runs no longer replay. */
typedef enum ht_stream {
    HT_STREAM_NOISE = 1,
    HT_STREAM_INIT,
    HT_STREAM_SHUFFLE,
    HT_STREAM_DATA,
    HT_STREAM_SUBSET,
    HT_STREAM_PRUNE,
    HT_STREAM_TEST,
    HT_STREAM_CORESET,
    HT_STREAM_TAIL,
    HT_STREAM_FACTOR,
    HT_STREAM_AUGMENT,
    HT_STREAM_DROPOUT,
    HT_STREAM_TEXT,
} ht_stream;

/* One block: 128 bits out of a 64-bit key and a 128-bit counter. */
void ht_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]);

/* A sequential reader of one stream. Plain data, copyable; `which` tells parallel streams apart (an epoch, a
 * sample, a row). */
typedef struct ht_rng {
    uint32_t key[2], counter[4], block[4];
    int used;
} ht_rng;

void ht_rng_init(ht_rng *rng, uint64_t seed, ht_stream stream, uint64_t which);

static inline uint32_t ht_rng_u32(ht_rng *rng) /* here, for loops that draw once a turn */
{
    if (rng->used == 4) {
        ht_philox(rng->key, rng->counter, rng->block);
        rng->counter[0]++;
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

uint64_t ht_rng_u64(ht_rng *rng);
double ht_rng_uniform(ht_rng *rng);                 /* in (0, 1), 53 bits, never 0 or 1 */
double ht_rng_normal(ht_rng *rng);                  /* N(0, 1), Box-Muller */
uint32_t ht_rng_below(ht_rng *rng, uint32_t bound); /* 0 .. bound-1 without bias; bound ≥ 1 */

#endif
