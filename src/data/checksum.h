/* checksum.h - a CRC-32 that a file carries in its own JSON header, so that a bit that turned over on the
 * disk is noticed. It is the sum of the header's text, with zeros in place of its own digits, and of all that
 * follows. No defence against malice. Pure. */
#ifndef HT_DATA_CHECKSUM_H
#define HT_DATA_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"

#define HT_CHECKSUM_KEY "heavytail.crc32"
#define HT_CHECKSUM_NONE "00000000" /* what the header is written with before the sum is known */

enum { HT_CHECKSUM_SIZE = sizeof HT_CHECKSUM_NONE };

uint32_t ht_checksum_add(uint32_t sum, const void *bytes, size_t count);
void ht_checksum_format(char digits[HT_CHECKSUM_SIZE], uint32_t sum);

/* Takes the digits out of a header's text (terminated), leaving zeros. False: a file of others, or an older
 * one. Digits that are none come out as "". */
bool ht_checksum_take(char *text, char digits[HT_CHECKSUM_SIZE]);

/* Puts the sum of the parts into the first of them, `text`, which was made with HT_CHECKSUM_NONE. */
void ht_checksum_put(char *text, const ht_part *parts, size_t count);

#endif
