#include "data/checksum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { DIGITS = HT_CHECKSUM_SIZE - 1 };

uint32_t ht_checksum_add(uint32_t sum, const void *bytes, size_t count)
{
    return count ? (uint32_t)crc32_z(sum, bytes, count) : sum;
}

void ht_checksum_format(char digits[HT_CHECKSUM_SIZE], uint32_t sum)
{
    snprintf(digits, HT_CHECKSUM_SIZE, "%08" PRIx32, sum);
}

/* The digits in a compact header; quotes inside of a string would be escaped. */
static char *find(char *text)
{
    static const char before[] = "\"" HT_CHECKSUM_KEY "\":\"";
    char *at = strstr(text, before);
    return at ? at + sizeof before - 1 : NULL;
}

bool ht_checksum_take(char *text, char digits[HT_CHECKSUM_SIZE])
{
    char *at = find(text);
    digits[0] = '\0';
    if (!at || strcspn(at, "\"") != DIGITS) return at != NULL;
    memcpy(digits, at, DIGITS);
    digits[DIGITS] = '\0';
    memset(at, '0', DIGITS);
    return true;
}

void ht_checksum_put(char *text, const ht_part *parts, size_t count)
{
    char digits[HT_CHECKSUM_SIZE];
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++) sum = ht_checksum_add(sum, parts[i].data, parts[i].size);
    ht_checksum_format(digits, sum);
    memcpy(find(text), digits, DIGITS);
}
