#include "weights/shard.h"

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
