/* functions_body.c - compiled once per instruction set with -DHT_ISA=name (see Makefile and functions.h).
 *
 * Polynomials interpolate at Chebyshev's points. Only +, -, *, / and bits, in an order that is written down,
 * hence the same bits from every build. Values come in groups of sixteen: a last, smaller one is filled up.
 */
#include "kernel/functions.h"

#include <math.h>
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/kernel_vector.h"

typedef double doubles __attribute__((vector_size(VECTOR)));

enum { DOUBLES = VECTOR / 8, GROUP = 16, VECTORS = GROUP / DOUBLES };

INLINE wide splat(uint64_t x)
{
    return x - (wide){0};
}

INLINE doubles all(double x)
{
    return x - (doubles){0};
}

INLINE doubles load_doubles(const double *p)
{
    doubles x;
    memcpy(&x, p, sizeof x);
    return x;
}

INLINE void put_doubles(double *p, doubles x)
{
    memcpy(p, &x, sizeof x);
}

/* a where the mask has ones, b where it has zeros. */
INLINE doubles pick(wide mask, doubles a, doubles b)
{
    return (doubles)(((wide)a & mask) | ((wide)b & ~mask));
}

INLINE doubles magnitude(doubles x)
{
    return (doubles)((wide)x & splat(UINT64_MAX >> 1));
}

/* ---- reading ---- */

/* What comes next is asked for while this is worked on. */
INLINE void fetch_next(const float *x, size_t count)
{
    enum { LINE = 64 / sizeof(float) };
    for (size_t i = 0; i < count; i += LINE) __builtin_prefetch(x + count + i);
}

static void widen(double *restrict to, const float *restrict x, size_t count, double factor)
{
    fetch_next(x, count);
    for (size_t i = 0; i < count; i++) to[i] = (double)x[i] * factor;
}

static void add_widened(double *restrict to, const float *restrict x, size_t count, double factor)
{
    fetch_next(x, count);
    for (size_t i = 0; i < count; i++) to[i] += (double)x[i] * factor;
}

static void take_centre(double *restrict x, const double *restrict column, size_t count, double centre,
                        const double factors[2], bool zeros_stay)
{
    double first = factors[0], second = factors[1];
    if (column && zeros_stay)
        for (size_t i = 0; i < count; i++) x[i] = x[i] == 0 ? 0 : x[i] - centre - column[i] * first * second;
    else if (column)
        for (size_t i = 0; i < count; i++) x[i] = x[i] - centre - column[i] * first * second;
    else
        for (size_t i = 0; i < count; i++) x[i] = zeros_stay && x[i] == 0 ? 0 : x[i] - centre;
}

enum { LANE_VECTORS = HT_LANES / FLOATS };

INLINE integers load_integers(const int32_t *p)
{
    integers x;
    memcpy(&x, p, sizeof x);
    return x;
}

INLINE integers chosen(integers mask, integers a, integers b)
{
    return (a & mask) | (b & ~mask);
}

static void live_keys(int32_t *key, const float *x, size_t rows, size_t stride, size_t columns,
                      int32_t live[HT_LANES])
{
    enum { AHEAD = 24 }; /* rows too far apart for the machine to see which it will be asked for */
    integers none = INT32_MAX - (integers){0}, sum[LANE_VECTORS];
    float row[HT_LANES] = {0};
    memset(sum, 0, sizeof sum);
    for (size_t i = 0; i < rows; i++) {
        const float *from = x + i * stride;
        if (i + AHEAD < rows) __builtin_prefetch(from + AHEAD * stride);
        if (columns < HT_LANES) from = memcpy(row, from, columns * sizeof *from);
        for (int v = 0; v < LANE_VECTORS; v++) {
            integers bits = (integers)load(from + v * FLOATS), zero = (bits & none) == 0;
            sum[v] += zero + 1;
            bits = chosen(zero, none, bits ^ ((bits < 0) & none));
            memcpy(key + i * HT_LANES + v * FLOATS, &bits, sizeof bits);
        }
    }
    memcpy(live, sum, sizeof sum);
}

static void count_below(const int32_t *key, size_t rows, const int32_t limit[HT_LANES],
                        int32_t below[HT_LANES])
{
    integers most[LANE_VECTORS], sum[LANE_VECTORS];
    memcpy(most, limit, sizeof most);
    memset(sum, 0, sizeof sum);
    for (size_t i = 0; i < rows; i++)
        for (int v = 0; v < LANE_VECTORS; v++) /* true is -1 */
            sum[v] -= load_integers(key + i * HT_LANES + v * FLOATS) < most[v];
    memcpy(below, sum, sizeof sum);
}

static void least_from(const int32_t *key, size_t rows, const int32_t limit[HT_LANES],
                       int32_t least[HT_LANES])
{
    integers from[LANE_VECTORS], found[LANE_VECTORS], none = INT32_MAX - (integers){0};
    memcpy(from, limit, sizeof from);
    for (int v = 0; v < LANE_VECTORS; v++) found[v] = none;
    for (size_t i = 0; i < rows; i++)
        for (int v = 0; v < LANE_VECTORS; v++) {
            integers own = load_integers(key + i * HT_LANES + v * FLOATS);
            found[v] = chosen((own >= from[v]) & (own < found[v]), own, found[v]);
        }
    memcpy(least, found, sizeof found);
}

/* From the upper half of a double's bits, without a branch, which would be mispredicted half of the time. */
static void bins(uint32_t *restrict bin, const double *restrict x, size_t count, const ht_bin_window *window)
{
    int32_t first = window->first, sign = window->sign;
    for (size_t i = 0; i < count; i++) {
        int64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        int32_t upper = (int32_t)(bits >> 32);
        int32_t own = ((upper & INT32_MAX) >> (20 - HT_BIN_MANTISSA)) - first;
        own = own < 0 ? 0 : own;
        own = own > HT_BINS_HALF - 1 ? HT_BINS_HALF - 1 : own;
        bin[i] = (uint32_t)(HT_BINS_HALF + (own ^ (upper < 0 ? sign : 0)));
    }
}

static void magnitude_bins(uint32_t *restrict bin, const float *restrict x, size_t count, int shift,
                           int32_t first, int32_t bins_there)
{
    for (size_t i = 0; i < count; i++) {
        int32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        int32_t own = ((bits & INT32_MAX) >> shift) - first + 1;
        own = own < 0 ? 0 : own;
        bin[i] = (uint32_t)(own > bins_there + 1 ? bins_there + 1 : own);
    }
}

static void signs(ht_signs *to, const double *x, size_t count)
{
    uint64_t zeros = 0, negative = 0;
    double least = to->least;
    for (size_t i = 0; i < count; i++) {
        double size = fabs(x[i]);
        zeros += size == 0;
        negative += x[i] < 0;
        size = size == 0 ? (double)INFINITY : size;
        least = size < least ? size : least;
    }
    to->zeros += zeros;
    to->negative += negative;
    to->least = least;
}

/* ---- logarithms ---- */

/* x = 2^k m, √½ ≤ m < √2; with f = m - 1 and s = f/(2 + f), log m = 2s + s R(s²) = f - (f²/2 - s (f²/2 + R)),
 * where R = ⅔s² + ⅖s⁴ + … . */
INLINE doubles logarithm(doubles x)
{
    static const uint64_t root_half = 0x3fe6a09e667f3bcd, bias = UINT64_C(1024) << 52,
                          top = UINT64_C(0xfff) << 52, two52 = UINT64_C(0x433) << 52;
    doubles size = magnitude(x), two = all(2);
    wide tiny = (wide)(size < all(0x1p-1022));
    doubles grown = pick(tiny, size * all(0x1p54), size);
    wide u = (wide)grown + splat(bias - root_half);
    doubles k = (doubles)((u >> 52) | splat(two52)) - all(0x1p52 + 1024);
    k -= (doubles)((wide)all(54) & tiny);
    doubles m = (doubles)((wide)grown - (u & splat(top)) + splat(bias));
    doubles f = m - all(1), s = f / (two + f), z = s * s, w = z * z;
    doubles odd = all(0.3999999999989889) + w * (all(0.22222211089379496) + w * all(0.15331611722055008));
    doubles even =
        all(0.666666666666667) +
        w * (all(0.28571428626253836) + w * (all(0.1818289243253687) + w * all(0.14617807153417325)));
    doubles r = z * even + w * odd, half = all(0.5) * f * f;
    doubles y = k * all(0x1.62e42feep-1) - ((half - (s * (half + r) + k * all(0x1.a39ef35793c76p-33))) - f);
    y = pick((wide)(size == all(0)), all(-INFINITY), y);
    return pick((wide)(size < all(INFINITY)), y, size); /* Inf; NaN */
}

/* ---- exponentials ---- */

/* 2^k e^r, |r| ≤ ½ log 2; the power in two factors, which reach the denormals. */
INLINE doubles exponential(doubles x)
{
    static const double shift = 0x1.8p52, least = -746, most = 710;
    doubles y = pick((wide)(x < all(least)), all(least), x);
    y = pick((wide)(y > all(most)), all(most), y);
    doubles k = (y * all(0x1.71547652b82fep0) + all(shift)) - all(shift),
            half = (k * all(0.5) + all(shift)) - all(shift);
    doubles r = (y - k * all(0x1.62e42feep-1)) - k * all(0x1.a39ef35793c76p-33), q = r * r, w = q * q;
    doubles a = all(0.5000000000000019) + r * all(0.1666666666666668);
    doubles b = all(0.04166666666648633) + r * all(0.008333333333319464);
    doubles c = all(0.0013888888952784725) + r * all(0.00019841269890408497);
    doubles d = all(2.480148497989361e-05) + r * all(2.7557240532217283e-06);
    doubles e = all(2.763282532538488e-07) + r * all(2.5110180394444085e-08);
    doubles p = all(1) + (r + q * ((a + q * b) + w * ((c + q * d) + w * e)));
    /* An integer j up to 2^11 in the last bits of j + shift. */
    wide first = ((wide)(half + all(shift)) + splat(1023)) << 52;
    wide second = ((wide)((k - half) + all(shift)) + splat(1023)) << 52;
    return p * (doubles)first * (doubles)second;
}

/* ---- the circle ---- */

typedef struct point {
    doubles c, s;
} point;

static const double far = 0x1p20;

/* Less a multiple of π/2, in three parts: the products of the first two are exact. */
INLINE point on_circle(doubles t)
{
    static const double shift = 0x1.8p52;
    doubles turns = t * all(0x1.45f306dc9c883p-1) + all(shift), k = turns - all(shift);
    doubles r = ((t - k * all(0x1.921fb544p0)) - k * all(0x1.0b4611a6p-34)) - k * all(0x1.3198a2e037073p-69);
    doubles z = r * r, w = z * z;
    doubles s = all(-0.16666666666666666) + z * all(0.008333333333330917) +
                w * (all(-0.00019841269836710202) + z * all(2.7557316077493973e-06) +
                     w * (all(-2.5051126629403483e-08) + z * all(1.5917754033172635e-10)));
    doubles c = all(0.041666666666666664) + z * all(-0.0013888888888887378) +
                w * (all(2.4801587298735426e-05) + z * all(-2.7557317256053664e-07) +
                     w * (all(2.087614300558813e-09) + z * all(-1.1382397664789307e-11)));
    s = r + r * z * s;
    c = all(1) - (all(0.5) * z - w * c);
    wide quarter = (wide)turns, odd = splat(0) - (quarter & splat(1));
    wide s_sign = (quarter & splat(2)) << 62, c_sign = ((quarter + splat(1)) & splat(2)) << 62;
    return (point){(doubles)((wide)pick(odd, s, c) ^ c_sign), (doubles)((wide)pick(odd, c, s) ^ s_sign)};
}

/* Of a group. */
INLINE void circle_group(const double *t, point p[VECTORS])
{
    wide beyond = splat(0);
    for (int v = 0; v < VECTORS; v++) {
        doubles x = load_doubles(t + v * DOUBLES);
        p[v] = on_circle(x);
        beyond |= ~(wide)(magnitude(x) <= all(far));
    }
    if (!SIGNED(beyond)) return;
    for (int i = 0; i < GROUP; i++) {
        if (fabs(t[i]) <= far) continue;
        p[i / DOUBLES].c[i % DOUBLES] = cos(t[i]);
        p[i / DOUBLES].s[i % DOUBLES] = sin(t[i]);
    }
}

/* ---- many ---- */

/* Where a group of x stands: in x, or at its end in `own`, filled up. *n: how many are its own. A whole one
 * is not copied: vectors wider than what a copy wrote wait for it. */
INLINE const double *group_at(const double *x, size_t left, double filling, double own[GROUP], int *n)
{
    *n = left < GROUP ? (int)left : GROUP;
    if (*n == GROUP) return x;
    memcpy(own, x, (size_t)*n * sizeof *x);
    for (int i = *n; i < GROUP; i++) own[i] = filling;
    return own;
}

#define EACH(name, function)                                                                                 \
    static void name(double *y, const double *x, size_t count)                                               \
    {                                                                                                        \
        size_t whole = count / GROUP * GROUP;                                                                \
        for (size_t i = 0; i < whole; i += DOUBLES) put_doubles(y + i, function(load_doubles(x + i)));       \
        if (whole == count) return;                                                                          \
        double group[GROUP];                                                                                 \
        int n;                                                                                               \
        group_at(x + whole, count - whole, 1, group, &n);                                                    \
        for (int i = 0; i < GROUP; i += DOUBLES) put_doubles(group + i, function(load_doubles(group + i)));  \
        memcpy(y + whole, group, (size_t)n * sizeof *y);                                                     \
    }

EACH(logarithms, logarithm)
EACH(exponentials, exponential)

static void circle(const double *t, size_t count, double *c, double *s)
{
    for (size_t i = 0; i < count; i += GROUP) {
        double own[GROUP];
        point p[VECTORS];
        int n;
        circle_group(group_at(t + i, count - i, 0, own, &n), p);
        for (int j = 0; j < n; j++)
            c[i + j] = p[j / DOUBLES].c[j % DOUBLES], s[i + j] = p[j / DOUBLES].s[j % DOUBLES];
    }
}

/* Two groups at a time, so that sums are read and written half as often. */
enum { PAIR = 2, STEP = 4 };

/* cos (j + i)t = 2 cos it cos jt - cos (j - i)t, and so for sines: errors grow like j², to 10⁻¹² at most. */
typedef struct turning {
    point now, last;
    doubles twice;
} turning;

INLINE void turn(turning *g)
{
    point now = g->now, last = g->last;
    g->now = (point){g->twice * now.c - last.c, g->twice * now.s - last.s};
    g->last = now;
}

/* Angles t of a group, and what their cosine at j = 0 is: 1, but 0 of what fills the group up, which stays 0.
 */
typedef struct angles {
    point first[VECTORS];
    doubles one[VECTORS];
} angles;

INLINE void take_angles(angles *to, const double *x, size_t left, double origin, double factor)
{
    double group[GROUP], own[GROUP];
    int n;
    x = group_at(x, left, origin, own, &n);
    for (int v = 0; v < VECTORS; v++)
        put_doubles(group + v * DOUBLES, (load_doubles(x + v * DOUBLES) - all(origin)) * all(factor));
    circle_group(group, to->first);
    for (int v = 0; v < VECTORS; v++) to->one[v] = all(1);
    for (int j = n; j < GROUP; j++)
        to->first[j / DOUBLES].c[j % DOUBLES] = to->one[j / DOUBLES][j % DOUBLES] = 0;
}

/* Up to STEP the cosines and sines themselves; then, STEP at a time, products of those of the last multiple g
 * of STEP with cos bt, b = 1 .. STEP: half of what is at g + b and at g - b together (from_products). */
INLINE void add_turned(point sum[][VECTORS], const angles of[PAIR], int v, int points)
{
    turning at[PAIR];
    doubles near[PAIR][STEP];
    for (int g = 0; g < PAIR; g++) {
        point first = of[g].first[v];
        at[g] = (turning){first, {of[g].one[v], all(0)}, first.c + first.c};
    }
    for (int b = 0; b < STEP; b++) {
        if (b < points) {
            sum[b][v].c += at[0].now.c + at[1].now.c;
            sum[b][v].s += at[0].now.s + at[1].now.s;
        }
        for (int g = 0; g < PAIR; g++) {
            near[g][b] = at[g].now.c;
            if (b + 1 < STEP) turn(&at[g]);
        }
    }
    for (int g = 0; g < PAIR; g++) {
        at[g].last = (point){of[g].one[v], all(0)};
        at[g].twice = at[g].now.c + at[g].now.c;
    }
    for (int j = STEP; j < points; j += STEP) {
        for (int b = 0; b < STEP; b++) {
            if (j + b >= points) break;
            sum[j + b][v].c += at[0].now.c * near[0][b] + at[1].now.c * near[1][b];
            sum[j + b][v].s += at[0].now.s * near[0][b] + at[1].now.s * near[1][b];
        }
        for (int g = 0; g < PAIR; g++) turn(&at[g]);
    }
}

static void harmonics(const double *x, size_t count, double origin, double factor, int points, double *cosine,
                      double *sine)
{
    /* Cosines and sines side by side: two tables, a multiple of 4096 bytes apart, would wait for each other.
     */
    point sum[HT_HARMONICS][VECTORS];
    memset(sum, 0, (size_t)points * sizeof sum[0]);
    for (size_t i = 0; i < count; i += PAIR * GROUP) {
        angles of[PAIR];
        for (size_t g = 0; g < PAIR; g++)
            take_angles(&of[g], x + i + g * GROUP, i + g * GROUP < count ? count - i - g * GROUP : 0, origin,
                        factor);
        for (int v = 0; v < VECTORS; v++) add_turned(sum, of, v, points);
    }
    /* The first go on from what is there lane by lane: they begin fits that small rounding leads elsewhere.
     */
    double c[HT_HARMONICS + 1] = {(double)count}, s[HT_HARMONICS + 1] = {0};
    for (int j = 1; j <= points; j++) {
        for (int i = 0; i < GROUP; i++) {
            double own_c = sum[j - 1][i / DOUBLES].c[i % DOUBLES],
                   own_s = sum[j - 1][i / DOUBLES].s[i % DOUBLES];
            c[j] += own_c, s[j] += own_s;
            if (j <= STEP) cosine[j - 1] += own_c, sine[j - 1] += own_s;
        }
        if (j <= STEP) continue;
        int back = j - 2 * ((j - 1) % STEP + 1);
        c[j] = 2 * c[j] - c[back], s[j] = 2 * s[j] - s[back];
        cosine[j - 1] += c[j], sine[j - 1] += s[j];
    }
}

/* ---- sums of blocks ---- */

/* Lengths that divide most others are written out. */
static void block_sums(double *restrict to, const double *restrict x, size_t blocks, size_t parts)
{
    if (parts == 2)
        for (size_t i = 0; i < blocks; i++) to[i] = x[2 * i] + x[2 * i + 1];
    else if (parts == 5)
        for (size_t i = 0; i < blocks; i++) {
            const double *own = x + 5 * i;
            to[i] = ((own[0] + own[1]) + (own[2] + own[3])) + own[4];
        }
    else
        for (size_t i = 0; i < blocks; i++) {
            double sum = 0;
            for (size_t j = 0; j < parts; j++) sum += x[i * parts + j];
            to[i] = sum;
        }
}

/* ---- moments ---- */

/* Of a normal number: x = 2^k m, √½ ≤ m < √2. */
typedef struct split {
    doubles m, k;
} split;

INLINE split split_of(doubles size)
{
    static const uint64_t root_half = 0x3fe6a09e667f3bcd, bias = UINT64_C(1024) << 52,
                          fraction = (UINT64_C(1) << 52) - 1, two52 = UINT64_C(0x433) << 52;
    wide u = (wide)size + splat(bias - root_half);
    return (split){(doubles)((u & splat(fraction)) + splat(root_half)),
                   (doubles)((u >> 52) | splat(two52)) - all(0x1p52 + 1024)};
}

/* As logarithm() above without care for the last bit: within 3 ulps of the larger of |log x| and ½. Two at
 * once share a division; which two is part of the result: values HALF a group apart, in every build. */
enum { HALF = VECTORS / 2 };

typedef struct two {
    doubles a, b;
} two;

INLINE doubles simple_series(split x, doubles s)
{
    doubles z = s * s, w = z * z;
    doubles odd = all(0.3999999999989889) + w * (all(0.22222211089379496) + w * all(0.15331611722055008));
    doubles even =
        all(0.666666666666667) +
        w * (all(0.28571428626253836) + w * (all(0.1818289243253687) + w * all(0.14617807153417325)));
    return x.k * all(0x1.62e42fefa39efp-1) + s * (all(2) + (z * even + w * odd));
}

INLINE two simple_logarithms(split x, split y)
{
    doubles below_x = x.m + all(1), below_y = y.m + all(1), both = all(1) / (below_x * below_y);
    return (two){simple_series(x, (x.m - all(1)) * (below_y * both)),
                 simple_series(y, (y.m - all(1)) * (below_x * both))};
}

/* Are all of x (count, a multiple of GROUP) beyond `below`, and at least 2^-most, below 2^most? Told by signs
 * of differences of bits, which order like magnitudes. */
INLINE bool are_plain(const double *x, size_t count, double below, int most)
{
    uint64_t least, smallest = (uint64_t)(1023 - most) << 52, largest = ((uint64_t)(1023 + most) << 52) - 1;
    memcpy(&least, &below, sizeof least);
    wide low = splat(least + 1 > smallest ? least + 1 : smallest), high = splat(largest), strange = splat(0);
    for (size_t i = 0; i < count; i += DOUBLES) {
        wide size = (wide)magnitude(load_doubles(x + i));
        strange |= (size - low) | (high - size);
    }
    return !SIGNED(strange);
}

/* A stretch at a time; what is not plain is rare. */
enum { STRETCH = 4 * GROUP };

/* At most a stretch, whatever they are. */
static void add_any(ht_log_sums *sums, const double *x, size_t count)
{
    double y[STRETCH];
    logarithms(y, x, count);
    for (size_t i = 0; i < count; i++) {
        double own = fabs(x[i]) <= sums->below ? sums->zero : y[i];
        if (isnan(own) && !isnan(x[i])) continue;
        sums->sum += own - sums->origin;
        sums->squares += (own - sums->origin) * (own - sums->origin);
        sums->count++;
    }
}

static void log_sums(ht_log_sums *sums, const double *x, size_t count)
{
    doubles origin = all(sums->origin), sum[VECTORS], squares[VECTORS];
    size_t i = 0;
    memset(sum, 0, sizeof sum);
    memset(squares, 0, sizeof squares);
    for (; i + STRETCH <= count; i += STRETCH) {
        if (!are_plain(x + i, STRETCH, sums->below, 1022)) {
            add_any(sums, x + i, STRETCH);
            continue;
        }
        for (size_t j = 0; j < STRETCH; j += GROUP)
            for (int v = 0; v < HALF; v++) {
                const double *own = x + i + j + v * DOUBLES;
                two y = simple_logarithms(split_of(magnitude(load_doubles(own))),
                                          split_of(magnitude(load_doubles(own + HALF * DOUBLES))));
                doubles a = y.a - origin, b = y.b - origin;
                sum[v] += a, sum[v + HALF] += b;
                squares[v] += a * a, squares[v + HALF] += b * b;
            }
        sums->count += STRETCH;
    }
    for (int l = 0; l < GROUP; l++) {
        sums->sum += sum[l / DOUBLES][l % DOUBLES];
        sums->squares += squares[l / DOUBLES][l % DOUBLES];
    }
    add_any(sums, x + i, count - i);
}

/* Products of four of a stretch, where these are plain: one logarithm for each. */
INLINE split product_at(const double *own)
{
    return split_of(magnitude((load_doubles(own) * load_doubles(own + GROUP)) *
                              (load_doubles(own + 2 * GROUP) * load_doubles(own + 3 * GROUP))));
}

INLINE void add_products(const double *x, doubles sum[VECTORS])
{
    for (int v = 0; v < HALF; v++) {
        two y = simple_logarithms(product_at(x + v * DOUBLES), product_at(x + (v + HALF) * DOUBLES));
        sum[v] += y.a, sum[v + HALF] += y.b;
    }
}

/* The last stretch is filled up with ones, whose logarithm is 0. */
static void log_sum(ht_log_sums *sums, const double *x, size_t count)
{
    doubles sum[VECTORS];
    size_t plain = 0;
    memset(sum, 0, sizeof sum);
    for (size_t i = 0, n; i < count; i += n) {
        double last[STRETCH];
        const double *own = x + i;
        n = count - i < STRETCH ? count - i : STRETCH;
        if (n < STRETCH) {
            memcpy(last, own, n * sizeof *own);
            for (size_t j = n; j < STRETCH; j++) last[j] = 1;
            own = last;
        }
        if (are_plain(own, STRETCH, sums->below, 255)) {
            add_products(own, sum);
            plain += n;
        } else {
            add_any(sums, own, n);
        }
    }
    for (int l = 0; l < GROUP; l++) sums->sum += sum[l / DOUBLES][l % DOUBLES];
    sums->sum -= (double)plain * sums->origin;
    sums->count += (double)plain;
}

extern const ht_functions PASTE(ht_functions_, HT_ISA);
const ht_functions PASTE(ht_functions_, HT_ISA) = {
    .widen = widen,
    .add_widened = add_widened,
    .take_centre = take_centre,
    .live_keys = live_keys,
    .count_below = count_below,
    .least_from = least_from,
    .bins = bins,
    .magnitude_bins = magnitude_bins,
    .signs = signs,
    .logarithms = logarithms,
    .exponentials = exponentials,
    .circle = circle,
    .harmonics = harmonics,
    .block_sums = block_sums,
    .log_sums = log_sums,
    .log_sum = log_sum,
};
