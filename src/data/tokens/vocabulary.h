/* vocabulary.h - the different characters of a text, sorted, and what they are called. */
#ifndef HT_DATA_VOCABULARY_H
#define HT_DATA_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/labels.h"
#include "heavytail/status.h"

/* A text as it was read: Unicode's number of each character, or each byte. Zero-initialize; free with
 * ht_characters_free. */
typedef struct ht_characters {
    uint32_t *of; /* (count) */
    size_t count;
    bool bytes;
    bool mark; /* it began with a byte order mark, which was left out */
} ht_characters;

/* HT_FAIL with the place where a text is none: bytes that are no UTF-8, a zero byte. As bytes anything is
 * good. `text` has `size` bytes and one '\0' more. */
ht_code ht_characters_read(const char *path, const char *text, size_t size, bool bytes, ht_characters *to,
                           ht_error *err);
void ht_characters_free(ht_characters *characters);

/* The sorted different characters become tokens 0, 1, …: *vocabulary (*tokens of them; the caller frees it)
 * and of each character its token. HT_FAIL for less than two or more than HT_TOKENS_MAX. */
ht_code ht_vocabulary_make(const char *path, const ht_characters *characters, uint32_t **vocabulary,
                           int *tokens, int32_t **numbers, ht_error *err);

/* What a token is called on a screen: the character, or, where that shows nothing, a name: "\n", "space",
 * "\x07", "U+200B". */
void ht_character_name(uint32_t character, bool bytes, char to[HT_LABEL_NAME]);

#endif
