#include "num/select.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "kernel/kernel.h"

enum { DIGIT = 12, KEYS = 1 << DIGIT, FEW = 256, MANY = 1 << 16 };

/* Values at a time: what is fetched ahead of them (functions_body.c) is on its way while these are counted.
 */
enum { PIECE = 256 };

static size_t load_piece(const ht_values *x, size_t first, size_t total, double piece[HT_CHUNK])
{
    return ht_values_load(x, first, total - first < PIECE ? total : first + PIECE, piece);
}

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
    int table;    /* searches with the same prefix count once */
    bool settled; /* these are all one value, as of weights rounded to few bits: */
    uint64_t key; /* its key */
} search;

static uint64_t leading(uint64_t key, int shift)
{
    return shift < 64 ? key >> shift : 0;
}

/* ---- the first digit ---- */

enum { HALF = HT_BINS_HALF, BINS = HT_BINS, HEAD = 52 - HT_BIN_MANTISSA };

static bool is_outermost(uint32_t bin)
{
    uint32_t own = bin < HALF ? HALF - 1 - bin : bin - HALF;
    return own == 0 || own == HALF - 1;
}

static uint64_t prefix_of(const ht_bin_window *w, uint32_t bin)
{
    uint64_t own = (uint64_t)w->first + (bin < HALF ? HALF - 1 - bin : bin - HALF);
    uint64_t half = UINT64_C(1) << (63 - HEAD);
    if (!w->sign) return own;
    return bin < HALF ? half - 1 - own : half + own;
}

/* Around the median of some hundred magnitudes. */
static ht_bin_window window_of(const ht_values *x, bool magnitude)
{
    enum { SEEN = 255 };
    double seen[SEEN] = {0}, chunk[HT_CHUNK];
    size_t total = ht_values_count(x), n = total < SEEN ? total : SEEN;
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)((double)total / (double)n * (double)i);
        ht_values_load(x, at, at + 1, chunk);
        seen[i] = fabs(chunk[0]);
    }
    qsort(seen, n, sizeof seen[0], ht_by_double);
    int32_t middle = (int32_t)(key_of(n ? seen[n / 2] : 0, true) >> HEAD), first = middle - HALF / 2;
    return (ht_bin_window){first > 0 ? first : 0, magnitude ? 0 : -1};
}

/* ---- one digit after the other ---- */

/* Which searches a value may belong to, by its bin: a bit each. */
typedef struct filter {
    ht_bin_window window;
    bool far;
    uint16_t searches[BINS];
} filter;

/* The first digit of every search; `far`: one of them is an outermost bin, whose values share no digit. False
 * where the work was cancelled. `count` is scratch. */
static bool begin(const ht_values *x, filter *f, search *s, int ranks, size_t count[BINS])
{
    size_t total = ht_values_count(x), below = 0;
    f->far = false;
    memset(count, 0, BINS * sizeof *count);
    for (size_t first = 0; first < total; first += PIECE) {
        double chunk[HT_CHUNK];
        uint32_t bin[PIECE];
        if (ht_cancelled()) return false;
        size_t n = load_piece(x, first, total, chunk);
        ht_kernel()->functions->bins(bin, chunk, n, &f->window);
        for (size_t i = 0; i < n; i++) count[bin[i]]++;
    }
    memset(f->searches, 0, sizeof f->searches);
    for (uint32_t b = 0; b < BINS; below += count[b++])
        for (int r = 0; count[b] > 0 && r < ranks; r++) {
            if (s[r].rank < below || s[r].rank >= below + count[b]) continue;
            f->far = f->far || is_outermost(b);
            f->searches[b] |= (uint16_t)(1 << r);
            s[r].prefix = prefix_of(&f->window, b);
            s[r].population = count[b];
        }
    for (int r = 0; r < ranks; r++) {
        below = 0;
        for (uint32_t b = 0; !(f->searches[b] >> r & 1); b++) below += count[b];
        s[r].rank -= below;
    }
    return true;
}

/* Numbers the tables of the searches: one for all with the same prefix. */
static int number_tables(search *s, int ranks)
{
    int tables = 0;
    for (int r = 0; r < ranks; r++) {
        int same = 0;
        while (same < r && s[same].prefix != s[r].prefix) same++;
        s[r].table = same < r ? s[same].table : tables++;
    }
    return tables;
}

static bool is_first_of_its_table(const search *s, int r)
{
    for (int i = 0; i < r; i++)
        if (s[i].prefix == s[r].prefix) return false;
    return true;
}

static size_t population(const search *s, int ranks)
{
    size_t sum = 0;
    for (int r = 0; r < ranks; r++) sum += is_first_of_its_table(s, r) ? s[r].population : 0;
    return sum;
}

/* The digit of each search from the counts of its table. */
static void take_digit(search *s, const size_t *count, int bits)
{
    uint64_t digit = 0;
    while (s->rank >= count[digit]) s->rank -= count[digit++];
    s->population = count[digit];
    s->prefix = s->prefix << bits | digit;
}

/* One more digit for every search: the bits of the key from `low` up to `high`. `known`: NULL for nothing.
 * Where all that share a prefix are one value, no further digit is wanted. */
static bool narrow(const ht_values *x, bool magnitude, const filter *known, search *s, int ranks, int high,
                   int low)
{
    size_t count[HT_RANKS][KEYS], total = ht_values_count(x);
    uint64_t prefix[HT_RANKS] = {0}, mask = (UINT64_C(1) << (high - low)) - 1;
    uint64_t least[HT_RANKS], most[HT_RANKS] = {0};
    int tables = number_tables(s, ranks);
    memset(count, 0, (size_t)tables * sizeof count[0]);
    memset(least, 0xff, sizeof least);
    for (int r = 0; r < ranks; r++) prefix[s[r].table] = s[r].prefix;
    for (size_t first = 0; first < total; first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        uint32_t bin[HT_CHUNK];
        if (ht_cancelled()) return false;
        size_t n = ht_values_load(x, first, total, chunk);
        if (known) ht_kernel()->functions->bins(bin, chunk, n, &known->window);
        for (size_t i = 0; i < n; i++) {
            if (known && !known->searches[bin[i]]) continue;
            uint64_t key = key_of(chunk[i], magnitude), head = leading(key, high);
            for (int t = 0; t < tables; t++) {
                if (head != prefix[t]) continue;
                count[t][key >> low & mask]++;
                least[t] = key < least[t] ? key : least[t];
                most[t] = key > most[t] ? key : most[t];
            }
        }
    }
    for (int r = 0; r < ranks; r++) {
        take_digit(&s[r], count[s[r].table], high - low);
        if (least[s[r].table] != most[s[r].table]) continue;
        s[r].settled = true;
        s[r].key = most[s[r].table];
    }
    return true;
}

/* The few values that share a search's digits, sorted. */
static bool finish(const ht_values *x, bool magnitude, const filter *known, const search *s, int ranks,
                   int low, double *value)
{
    double few[HT_RANKS][FEW];
    size_t found[HT_RANKS] = {0}, total = ht_values_count(x);
    for (size_t first = 0; first < total; first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        uint32_t bin[HT_CHUNK];
        if (ht_cancelled()) return false;
        size_t n = ht_values_load(x, first, total, chunk);
        if (known) ht_kernel()->functions->bins(bin, chunk, n, &known->window);
        for (size_t i = 0; i < n; i++) {
            if (known && !known->searches[bin[i]]) continue;
            uint64_t key = key_of(chunk[i], magnitude), head = leading(key, low);
            for (int r = 0; r < ranks; r++)
                if (!s[r].settled && head == s[r].prefix) few[r][found[r]++] = value_of(key, magnitude);
        }
    }
    for (int r = 0; r < ranks; r++) {
        if (s[r].settled) continue;
        qsort(few[r], found[r], sizeof few[r][0], ht_by_double);
        value[r] = few[r][s[r].rank];
    }
    return true;
}

/* Is any of eight bins searched? Most are not, and one branch tells. */
static bool any_of(const uint16_t *searches, const uint32_t b[8])
{
    return searches[b[0]] | searches[b[1]] | searches[b[2]] | searches[b[3]] | searches[b[4]] |
           searches[b[5]] | searches[b[6]] | searches[b[7]];
}

/* Of a piece, what passes the filter, into room; returns how many. */
static size_t sift(const filter *f, const double *piece, size_t n, double *room)
{
    uint32_t bin[PIECE];
    size_t found = 0;
    ht_kernel()->functions->bins(bin, piece, n, &f->window);
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 8 < n ? i + 8 : n;
        if (end == i + 8 && !any_of(f->searches, bin + i)) continue;
        for (; i < end; i++)
            if (f->searches[bin[i]]) room[found++] = f->window.sign ? piece[i] : fabs(piece[i]);
    }
    return found;
}

/* Where all that passes the filter fits into `room` (BINS): that, sorted, and the values wanted of it. */
static bool gather(const ht_values *x, const filter *f, const search *s, int ranks, double room[BINS],
                   double *value)
{
    size_t n = 0, total = ht_values_count(x);
    for (size_t first = 0; first < total; first += PIECE) {
        double piece[HT_CHUNK];
        if (ht_cancelled()) return false;
        n += sift(f, piece, load_piece(x, first, total, piece), room + n);
    }
    qsort(room, n, sizeof *room, ht_by_double);
    for (int r = 0; r < ranks; r++) {
        size_t at = s[r].rank;
        for (int t = 0; t < ranks; t++)
            if (is_first_of_its_table(s, t) && s[t].prefix < s[r].prefix) at += s[t].population;
        value[r] = room[at];
    }
    return true;
}

static bool are_many(const search *s, int ranks)
{
    for (int r = 0; r < ranks; r++)
        if (!s[r].settled && s[r].population > FEW) return true;
    return false;
}

static bool are_settled(const search *s, int ranks)
{
    for (int r = 0; r < ranks; r++)
        if (!s[r].settled) return false;
    return true;
}

/* Digit after digit from the first on, or from the `known` one. False when the work was cancelled. */
static bool search_on(const ht_values *x, bool magnitude, const filter *known, search *s, int ranks,
                      double *value)
{
    int low = known ? HEAD : 64;
    while (low > 0 && are_many(s, ranks)) {
        int high = low;
        low = high > DIGIT ? high - DIGIT : 0;
        if (!narrow(x, magnitude, known, s, ranks, high, low)) return false;
    }
    if (low > 0 && !are_settled(s, ranks) && !finish(x, magnitude, known, s, ranks, low, value)) return false;
    for (int r = 0; r < ranks; r++) {
        if (s[r].settled)
            value[r] = value_of(s[r].key, magnitude);
        else if (low == 0)
            value[r] = value_of(s[r].prefix, magnitude);
    }
    return true;
}

/* False when the work was cancelled: a pass over many values takes a while. */
static bool search_all(const ht_values *x, bool magnitude, search *s, int ranks, double *value)
{
    union {
        size_t count[BINS];
        double value[BINS];
    } room;
    filter f = {.window = window_of(x, magnitude)};
    search start[HT_RANKS];
    memcpy(start, s, (size_t)ranks * sizeof *s);
    bool known = ht_values_count(x) >= MANY && begin(x, &f, s, ranks, room.count);
    if (ht_cancelled()) return false;
    if (known && population(s, ranks) <= BINS) return gather(x, &f, s, ranks, room.value, value);
    known = known && !f.far;
    return search_on(x, magnitude, known ? &f : NULL, known ? s : start, ranks, value);
}

void ht_select(const ht_values *x, bool magnitude, const size_t *rank, int ranks, double *value)
{
    search s[HT_RANKS] = {{0}};
    for (int r = 0; r < ranks; r++) s[r] = (search){.rank = rank[r], .population = ht_values_count(x)};
    if (search_all(x, magnitude, s, ranks, value)) return;
    for (int r = 0; r < ranks; r++) value[r] = NAN;
}

/* ---- the largest ---- */

static void reverse(double *v, size_t n)
{
    for (size_t i = 0, j = n; i + 1 < j; i++) {
        double t = v[i];
        v[i] = v[--j];
        v[j] = t;
    }
}

/* Magnitudes above the threshold, upwards in the last places of value (kept); equal ones fill the rest. */
static void gather_above(const ht_values *x, double threshold, size_t kept, double *value, double *scratch)
{
    size_t n = 0, total = ht_values_count(x);
    for (size_t first = 0; first < total && !ht_cancelled(); first += HT_CHUNK) {
        double chunk[HT_CHUNK];
        size_t loaded = ht_values_load(x, first, total, chunk);
        for (size_t i = 0; i < loaded; i++)
            if (fabs(chunk[i]) > threshold) value[n++] = fabs(chunk[i]);
    }
    ht_sort(value, n, scratch);
    reverse(value, n);
    while (n < kept) value[n++] = threshold;
    reverse(value, kept);
}

/* Of the bin that the smallest of them is in, into `room`; what is beyond it into value. Returns how many are
 * there. */
static size_t gather_beyond(const ht_values *x, const filter *f, uint32_t last, double *value, double *room)
{
    size_t n = 0, m = 0, total = ht_values_count(x);
    for (size_t first = 0; first < total && !ht_cancelled(); first += PIECE) {
        double chunk[HT_CHUNK];
        uint32_t bin[PIECE];
        size_t loaded = load_piece(x, first, total, chunk);
        ht_kernel()->functions->bins(bin, chunk, loaded, &f->window);
        for (size_t i = 0; i < loaded; i++) {
            if (bin[i] < last) continue;
            if (bin[i] > last)
                value[n++] = fabs(chunk[i]);
            else
                room[m++] = fabs(chunk[i]);
        }
    }
    qsort(room, m, sizeof *room, ht_by_double);
    return n;
}

void ht_select_largest(const ht_values *x, size_t kept, double *value, double *scratch)
{
    union {
        size_t count[BINS];
        double value[BINS];
    } room;
    size_t total = ht_values_count(x);
    filter f = {.window = window_of(x, true)};
    search s = {.rank = total - kept, .population = total};
    if (total >= MANY && begin(x, &f, &s, 1, room.count) && s.population <= BINS) {
        uint32_t last = 0;
        while (!f.searches[last]) last++;
        size_t n = gather_beyond(x, &f, last, value, room.value);
        ht_sort(value, n, scratch);
        memmove(value + kept - n, value, n * sizeof *value);
        memcpy(value, room.value + s.rank, (kept - n) * sizeof *value);
    } else {
        double threshold;
        size_t rank = total - kept;
        ht_select(x, true, &rank, 1, &threshold);
        gather_above(x, threshold, kept, value, scratch);
    }
    reverse(value, kept);
}

/* ---- sorting ---- */

/* By digits of the keys, the last one first; digits that all have in common are skipped. */
void ht_sort(double *v, size_t n, double *scratch)
{
    enum { RADIX = 11, SIZE = 1 << RADIX, PASSES = 6, SMALL = 500 };
    size_t count[PASSES][SIZE] = {{0}};
    double *from = v, *to = scratch;
    if (n < SMALL) {
        qsort(v, n, sizeof *v, ht_by_double);
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (int p = 0; p < PASSES; p++) count[p][key_of(v[i], false) >> (RADIX * p) & (SIZE - 1)]++;
    for (int p = 0; p < PASSES; p++) {
        size_t *c = count[p], at = 0;
        if (c[key_of(v[0], false) >> (RADIX * p) & (SIZE - 1)] == n) continue;
        for (int i = 0; i < SIZE; i++) {
            size_t own = c[i];
            c[i] = at;
            at += own;
        }
        for (size_t i = 0; i < n; i++) to[c[key_of(from[i], false) >> (RADIX * p) & (SIZE - 1)]++] = from[i];
        double *other = from;
        from = to;
        to = other;
    }
    if (from != v) memcpy(v, from, n * sizeof *v);
}

int ht_by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
