/* words.h - the different words of a column, each with a number in the order in which it was first seen. */
#ifndef HT_DATA_TABLE_WORDS_H
#define HT_DATA_TABLE_WORDS_H

#include <stddef.h>

#include "base/text.h"
#include "heavytail/status.h"

/* Zero-initialize; free with ht_words_free. Memory grows with the words, not with the cells. */
typedef struct ht_words {
    ht_text text;   /* the words, each terminated */
    size_t *starts; /* (count) where each begins in `text` */
    size_t count, capacity;
    size_t *slots, slot_count; /* hash table: 1 + a word's number, 0: free */
} ht_words;

/* The number of a word that is there; words->count for another. */
size_t ht_words_find(const ht_words *words, const char *word);

/* The number of a word, which is added if it is new. */
ht_code ht_words_add(ht_words *words, const char *word, size_t *number, ht_error *err);

/* Word `number` < count. */
const char *ht_words_at(const ht_words *words, size_t number);

void ht_words_free(ht_words *words);

#endif
