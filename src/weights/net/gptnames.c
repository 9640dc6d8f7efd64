#include "weights/net/gptnames.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The last words of a stem; `block`: they are in one of many, h.0, h.1 …, in which `place` is their order.
 * Others stand before all blocks, or behind them. */
static const struct {
    const char *words;
    ht_gpt_role role;
    bool block;
    int place;
} names[] = {
    {"wte", HT_GPT_TOKENS, false, -2},
    {"wpe", HT_GPT_POSITIONS, false, -1},
    {"ln_1", HT_GPT_NONE, true, 0},
    {"attn.c_attn", HT_GPT_ATTENTION, true, 1},
    {"attn.c_proj", HT_GPT_PROJECTION, true, 2},
    {"ln_2", HT_GPT_NONE, true, 3},
    {"mlp.c_fc", HT_GPT_NONE, true, 4},
    {"mlp.c_proj", HT_GPT_NONE, true, 5},
    {"ln_f", HT_GPT_NONE, false, 1},
    {"lm_head", HT_GPT_HEAD, false, 2},
};

/* Of ours, behind "layers.N.". */
static const struct {
    const char *word;
    ht_gpt_role role;
} ours[] = {{"tokens", HT_GPT_TOKENS},
            {"positions", HT_GPT_POSITIONS},
            {"c_attn", HT_GPT_ATTENTION},
            {"c_proj", HT_GPT_PROJECTION}};

/* Is `words` the whole of the stem, or its end behind a dot? */
static bool ends_with(const char *stem, const char *words)
{
    size_t length = strlen(stem), tail = strlen(words);
    if (length == tail) return strcmp(stem, words) == 0;
    return length > tail && stem[length - tail - 1] == '.' && strcmp(stem + length - tail, words) == 0;
}

/* The number of its block, of a stem like "transformer.h.3.ln_1"; -1: it has none. */
static int block_of(const char *stem, const char *words)
{
    size_t before = strlen(stem) - strlen(words), from = before;
    int number, length = 0;
    while (from > 0 && stem[from - 1] != 'h') from--;
    if (from == 0 || (from > 1 && stem[from - 2] != '.')) return -1;
    if (sscanf(stem + from, ".%9d.%n", &number, &length) != 1) return -1;
    return from + (size_t)length == before ? number : -1;
}

/* Its place among all; false: it has another name. */
static bool rank_of(const char *stem, int *block, int *place, ht_gpt_role *role)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!ends_with(stem, names[i].words)) continue;
        *block = names[i].block ? block_of(stem, names[i].words) : names[i].place < 0 ? -1 : INT_MAX;
        *place = names[i].place;
        *role = names[i].role;
        if (!names[i].block || *block >= 0) return true;
    }
    return false;
}

ht_gpt_role ht_gpt_role_of(const char *stem)
{
    ht_gpt_role role;
    int block, place, length = 0;
    if (rank_of(stem, &block, &place, &role)) return role;
    if (sscanf(stem, "layers.%9d.%n", &block, &length) != 1 || length == 0) return HT_GPT_NONE;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        size_t own = strlen(ours[i].word);
        if (strncmp(stem + length, ours[i].word, own) == 0 &&
            (stem[(size_t)length + own] == '\0' || stem[(size_t)length + own] == '.'))
            return ours[i].role;
    }
    return HT_GPT_NONE;
}

bool ht_gpt_compare(const char *a, const char *b, int *sign)
{
    ht_gpt_role role;
    int block[2], place[2];
    if (!rank_of(a, &block[0], &place[0], &role) || !rank_of(b, &block[1], &place[1], &role)) return false;
    *sign =
        block[0] != block[1] ? (block[0] < block[1] ? -1 : 1) : (place[0] > place[1]) - (place[0] < place[1]);
    return *sign != 0;
}

bool ht_gpt_is_mask(const char *tensor, int ndim)
{
    return ndim == 4 && (ends_with(tensor, "attn.bias") || ends_with(tensor, "attn.masked_bias"));
}
