#include "num/select.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"

enum { DIGIT = 12, KEYS = 1 << DIGIT, FEW = 64 };

#define SIGN (UINT64_C(1) << 63)

/* Bits that order like the number: negative ones reversed, positive ones above them. -0 ranks just below 0.
 */
static inline uint64_t key_of(double y, bool magnitude)
{
    uint64_t u;
    memcpy(&u, &y, sizeof u);
    if (magnitude) return u & ~SIGN;
    return u & SIGN ? ~u : u | SIGN;
}

static double value_of(uint64_t key, bool magnitude)
{
    double y;
    if (!magnitude) key = key & SIGN ? key & ~SIGN : ~key;
    memcpy(&y, &key, sizeof y);
    return y;
}

/* What is known of a wanted value: the leading digits of its key, its rank among the values that share them,
 * and how many these are. */
typedef struct search {
    uint64_t prefix;
    size_t rank, population;
    int table; /* searches with the same prefix count once */
} search;

static uint64_t leading(uint64_t key, int shift)
{
    return shift < 64 ? key >> shift : 0;
}

/* One more digit for every search: the bits of the key from `low` up to `high`. */
static bool narrow(const ht_values *x, bool magnitude, search *s, int ranks, int high, int low)
{
    size_t count[HT_RANKS][KEYS], total = ht_values_count(x);
    int tables = 0;
    uint64_t prefix[HT_RANKS], mask = (UINT64_C(1) << (high - low)) - 1;
    for (int r = 0; r < ranks; r++) {
        int t = 0;
        while (t < tables && prefix[t] != s[r].prefix) t++;
        if (t == tables) {
            memset(count[t], 0, sizeof count[t]);
            prefix[tables++] = s[r].prefix;
        }
        s[r].table = t;
    }
    for (size_t first = 0; first < total; first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        if (ht_cancelled()) return false;
        size_t n = ht_values_load(x, first, total, chunk);
        for (size_t i = 0; i < n; i++) {
            uint64_t key = key_of(chunk[i], magnitude), head = leading(key, high);
            for (int t = 0; t < tables; t++)
                if (head == prefix[t]) count[t][key >> low & mask]++;
        }
    }
    for (int r = 0; r < ranks; r++) {
        const size_t *c = count[s[r].table];
        uint64_t digit = 0;
        while (s[r].rank >= c[digit]) s[r].rank -= c[digit++];
        s[r].population = c[digit];
        s[r].prefix = s[r].prefix << (high - low) | digit;
    }
    return true;
}

/* The few values that share a search's digits, sorted. */
static bool finish(const ht_values *x, bool magnitude, const search *s, int ranks, int low, double *value)
{
    double few[HT_RANKS][FEW];
    size_t found[HT_RANKS] = {0}, total = ht_values_count(x);
    for (size_t first = 0; first < total; first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        if (ht_cancelled()) return false;
        size_t n = ht_values_load(x, first, total, chunk);
        for (size_t i = 0; i < n; i++) {
            uint64_t key = key_of(chunk[i], magnitude), head = leading(key, low);
            for (int r = 0; r < ranks; r++)
                if (head == s[r].prefix) few[r][found[r]++] = value_of(key, magnitude);
        }
    }
    for (int r = 0; r < ranks; r++) {
        qsort(few[r], found[r], sizeof few[r][0], ht_by_double);
        value[r] = few[r][s[r].rank];
    }
    return true;
}

/* False when the work was cancelled: a pass over many values takes a while. */
static bool search_all(const ht_values *x, bool magnitude, search *s, int ranks, double *value)
{
    int low = 64;
    for (bool many = true; many && low > 0;) {
        int high = low;
        low = high > DIGIT ? high - DIGIT : 0;
        if (!narrow(x, magnitude, s, ranks, high, low)) return false;
        many = false;
        for (int r = 0; r < ranks; r++) many = many || s[r].population > FEW;
    }
    if (low > 0) return finish(x, magnitude, s, ranks, low, value);
    for (int r = 0; r < ranks; r++) value[r] = value_of(s[r].prefix, magnitude);
    return true;
}

void ht_select(const ht_values *x, bool magnitude, const size_t *rank, int ranks, double *value)
{
    search s[HT_RANKS];
    for (int r = 0; r < ranks; r++) s[r] = (search){.rank = rank[r], .population = ht_values_count(x)};
    if (search_all(x, magnitude, s, ranks, value)) return;
    for (int r = 0; r < ranks; r++) value[r] = NAN;
}

int ht_by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
