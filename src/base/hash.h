/* hash.h - a quick hash of bytes, to tell whether two things are the same. No defence against malice. Pure.
 */
#ifndef HT_BASE_HASH_H
#define HT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HT_HASH_START UINT64_C(0xcbf29ce484222325)

/* FNV-1a's constants on words of 64 bits; the shift brings high bits down again. */
static inline uint64_t ht_hash(uint64_t hash, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    for (; bytes > 0; p += 8, bytes -= bytes < 8 ? bytes : 8) {
        uint64_t word = 0;
        memcpy(&word, p, bytes < 8 ? bytes : 8);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
        hash ^= hash >> 32;
    }
    return hash;
}

#endif
