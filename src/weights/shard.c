#include "weights/shard.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DIGITS = 6 }; /* nobody cuts a model into a million parts */

static size_t digits_at(const char *p)
{
    return strspn(p, "0123456789");
}

/* Is "-of-" here, with digits on both sides? */
static bool joins(const char *name, const char *at)
{
    return at > name && (at[0] == '-' || at[0] == '_' || at[0] == '.') && strncasecmp(at + 1, "of", 2) == 0 &&
           at[3] == at[0] && digits_at(at - 1) > 0 && digits_at(at + 4) > 0;
}

bool ht_shard_parse(const char *name, ht_shard *shard)
{
    *shard = (ht_shard){0};
    for (const char *at = name; *at; at++) { /* the last one counts */
        if (!joins(name, at)) continue;
        const char *first = at;
        while (first > name && digits_at(first - 1) > 0) first--;
        size_t digits = (size_t)(at - first);
        if (digits > DIGITS || digits_at(at + 4) > DIGITS) continue;
        *shard = (ht_shard){.stem = (size_t)(first - name),
                            .digits = digits,
                            .number = (unsigned)strtoul(first, NULL, 10),
                            .of = (unsigned)strtoul(at + 4, NULL, 10),
                            .rest = at};
    }
    return shard->rest != NULL && !(shard->of == 1 && shard->number <= 1);
}

bool ht_shard_same_model(const char *a, const char *b)
{
    ht_shard x, y;
    return ht_shard_parse(a, &x) && ht_shard_parse(b, &y) && x.stem == y.stem && strncmp(a, b, x.stem) == 0 &&
           strcmp(x.rest, y.rest) == 0;
}

void ht_shard_name(const char *name, const ht_shard *shard, unsigned number, char to[HT_SHARD_NAME])
{
    snprintf(to, HT_SHARD_NAME, "%.*s%0*u%s", (int)shard->stem, name, (int)shard->digits, number,
             shard->rest);
}

/* ---- without a total ---- */

enum { PIECES = 4 };

/* A name with its part numbers taken out. */
typedef struct pieces {
    char key[HT_SHARD_NAME];
    int count;
    long number[PIECES];
    bool near[PIECES]; /* another one has the number before or after it */
    bool sure;
} pieces;

static bool letter(char c)
{
    return isalpha((unsigned char)c) != 0;
}

static bool separates(char c)
{
    return c != '\0' && strchr("-_. ", c) != NULL;
}

/* Does the run of letters that ends before `end` end in the word, as a whole? */
static bool word_before(const char *name, const char *end, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(end - name) < length || strncasecmp(end - length, word, length) != 0) return false;
    return end - length == name || !letter(end[-(long)length - 1]);
}

static bool any_before(const char *name, const char *end, const char *const *words)
{
    for (; *words; words++)
        if (word_before(name, end, *words)) return true;
    return false;
}

/* Is the number of `digits` at `at` that of a part? *near, *sure: see above. */
static bool is_piece(const char *name, const char *at, size_t digits, bool *near, bool *sure)
{
    static const char *const parts[] = {"part", "shard", "consolidated", NULL};
    static const char *const training[] = {"epoch",      "epochs", "ep",    "e",     "step", "steps",
                                           "iter",       "it",     "iters", "ckpt",  "seed", "fold",
                                           "trial",      "update", "run",   "round", "s",    "iteration",
                                           "checkpoint", "of",     NULL};
    const char *end = at, *behind = at + digits;
    bool of = strncasecmp(behind, "of", 2) == 0 && digits_at(behind + 2) > 0;
    if (end > name && separates(end[-1])) end--;
    *near = false, *sure = true;
    if (digits > DIGITS || (letter(*behind) && !of)) return false;
    if (of && (end < at || at == name)) return strtoul(behind + 2, NULL, 10) > 1;
    if (any_before(name, end, parts)) return true;
    *near = true;
    *sure = *at == '0';
    if (word_before(name, end, "rank")) return true;
    return digits >= 5 && *at == '0' && end < at && end > name && (*behind == '.' || *behind == '\0') &&
           !any_before(name, end, training);
}

static pieces take_pieces(const char *name)
{
    pieces p = {.count = 0};
    size_t used = 0;
    for (const char *at = name; *at && used + 2 < sizeof p.key;) {
        size_t digits = digits_at(at);
        bool near, sure;
        if (digits == 0 || p.count == PIECES || !is_piece(name, at, digits, &near, &sure)) {
            for (size_t end = used + (digits ? digits : 1); used < end && used + 2 < sizeof p.key;)
                p.key[used++] = *at++;
            continue;
        }
        p.number[p.count] = strtol(at, NULL, 10);
        p.near[p.count++] = near;
        p.sure = p.sure || sure;
        p.key[used++] = '#';
        at += digits;
    }
    return p;
}

ht_piece ht_shard_piece(const char *name)
{
    pieces p = take_pieces(name);
    return p.count == 0 ? HT_PIECE_NO : p.sure ? HT_PIECE_YES : HT_PIECE_PERHAPS;
}

bool ht_shard_pieces(const char *a, const char *b)
{
    pieces x = take_pieces(a), y = take_pieces(b);
    bool differ = false;
    if (x.count == 0 || x.count != y.count || strcmp(x.key, y.key) != 0) return false;
    for (int i = 0; i < x.count; i++) {
        long apart = labs(x.number[i] - y.number[i]);
        differ = differ || apart > 0;
        if (x.near[i] && apart > 1) return false;
    }
    return differ;
}
