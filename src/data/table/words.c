#include "data/table/words.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

enum { FIRST_SLOTS = 64 }; /* a power of two, as all later sizes are */

const char *ht_words_at(const ht_words *words, size_t number)
{
    return words->text.data + words->starts[number];
}

/* Where a word is, or where it would go. There is always a free slot. */
static size_t slot_of(const ht_words *words, const char *word)
{
    size_t at = (size_t)ht_hash(HT_HASH_START, word, strlen(word)) & (words->slot_count - 1);
    while (words->slots[at] && strcmp(ht_words_at(words, words->slots[at] - 1), word) != 0)
        at = (at + 1) & (words->slot_count - 1);
    return at;
}

size_t ht_words_find(const ht_words *words, const char *word)
{
    size_t slot = words->slot_count ? words->slots[slot_of(words, word)] : 0;
    return slot ? slot - 1 : words->count;
}

/* Keeps half of the slots free. */
static ht_code make_slots(ht_words *words, ht_error *err)
{
    if (2 * (words->count + 1) <= words->slot_count) return HT_OK;
    size_t *old = words->slots, count = words->slot_count ? 2 * words->slot_count : FIRST_SLOTS;
    size_t *slots = ht_alloc(count, sizeof *slots, "the categories", err);
    if (!slots) return err->code;
    words->slots = slots;
    words->slot_count = count;
    for (size_t i = 0; i < words->count; i++) slots[slot_of(words, ht_words_at(words, i))] = i + 1;
    ht_free(old);
    return HT_OK;
}

static ht_code make_start(ht_words *words, ht_error *err)
{
    if (words->count < words->capacity) return HT_OK;
    size_t capacity = words->capacity ? 2 * words->capacity : FIRST_SLOTS;
    void *starts = words->starts;
    if (ht_grow(&starts, words->count, capacity, sizeof *words->starts, "the categories", err) != HT_OK)
        return err->code;
    words->starts = starts;
    words->capacity = capacity;
    return HT_OK;
}

ht_code ht_words_add(ht_words *words, const char *word, size_t *number, ht_error *err)
{
    *number = ht_words_find(words, word);
    if (*number < words->count) return HT_OK;
    if (make_slots(words, err) != HT_OK || make_start(words, err) != HT_OK) return err->code;
    size_t start = words->text.length, slot = slot_of(words, word);
    ht_text_add_bytes(&words->text, word, strlen(word) + 1);
    if (words->text.failed) return ht_error_set(err, HT_FAIL, "not enough memory for the categories");
    words->starts[words->count++] = start;
    words->slots[slot] = words->count;
    return HT_OK;
}

void ht_words_free(ht_words *words)
{
    ht_text_free(&words->text);
    ht_free(words->starts);
    ht_free(words->slots);
    *words = (ht_words){0};
}
