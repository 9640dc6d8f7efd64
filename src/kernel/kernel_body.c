/* kernel_body.c - compiled once per instruction set with -DHT_ISA=name (see Makefile and kernel.h).
 *
 * Loops run over blocks of fixed size without branches, so that the compiler turns them into vector code.
 * Only +, -, *, /, sqrt and conversions are used, each correctly rounded by IEEE 754, hence the same bits
 * from every build. */
#include "kernel/kernel.h"

#include <math.h>
#include <string.h>

#include "kernel/kernel_vector.h"

/* Philox makes the words of a BLOCK of draws from 16 counters. */
enum { LANES = 16, BLOCK = HT_NOISE_BLOCK };

INLINE uint32_t bits_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

INLINE float float_of(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* ---- random words ---- */

/* Words live in the low halves of 64-bit lanes; the high halves are undefined, and the product ignores
 * them. */
enum { PER_VECTOR = VECTOR / 8, VECTORS = LANES / PER_VECTOR, ROUNDS = 10 };

INLINE wide splat(uint64_t x)
{
    return x - (wide){0};
}

/* 0, 1, 2 … in the lanes. */
INLINE wide lanes(void)
{
    wide x = {0};
    for (int i = 0; i < PER_VECTOR; i++) x[i] = (uint64_t)i;
    return x;
}

/* The low halves of a's and b's lanes, in turns. */
INLINE void store_pairs(uint32_t *to, wide a, wide b)
{
    wide pairs = (a & splat(0xffffffffu)) | b << 32;
    memcpy(to, &pairs, sizeof pairs);
}

typedef struct key_schedule {
    wide k0[ROUNDS], k1[ROUNDS];
} key_schedule;

INLINE key_schedule schedule_of(const ht_noise_key *key)
{
    key_schedule s;
    uint32_t k0 = key->key[0], k1 = key->key[1];
    for (int round = 0; round < ROUNDS; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
        s.k0[round] = splat(k0), s.k1[round] = splat(k1);
    return s;
}

/* Philox4x32-10 on 16 counters {c0 + i·step0, c1 + i·step1, step, purpose}: word w of counter i is the
 * block's word 16 w + i. */
INLINE void philox_block(const key_schedule *keys, const uint32_t counter[4], uint32_t step0, uint32_t step1,
                         uint32_t *out)
{
    wide a[VECTORS], b[VECTORS], c[VECTORS], d[VECTORS];
    wide m0 = splat(0xD2511F53u), m1 = splat(0xCD9E8D57u);
    for (int v = 0; v < VECTORS; v++) {
        wide lane = lanes() + splat((uint64_t)(v * PER_VECTOR));
        a[v] = splat(counter[0]) + lane * splat(step0);
        b[v] = splat(counter[1]) + lane * splat(step1);
        c[v] = splat(counter[2]);
        d[v] = splat(counter[3]);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int v = 0; v < VECTORS; v++) {
            wide p = MULTIPLY(a[v], m0), q = MULTIPLY(c[v], m1);
            a[v] = (q >> 32) ^ b[v] ^ keys->k0[round];
            b[v] = q;
            c[v] = (p >> 32) ^ d[v] ^ keys->k1[round];
            d[v] = p;
        }
    for (int v = 0; v < VECTORS; v++) {
        store_pairs(out + v * FLOATS, a[v], b[v]);
        store_pairs(out + BLOCK / 2 + v * FLOATS, c[v], d[v]);
    }
}

static void row_words(uint32_t *out, int blocks, const ht_noise_key *key, uint32_t neuron, uint32_t first)
{
    key_schedule keys = schedule_of(key);
    for (int i = 0; i < blocks; i++) {
        uint32_t counter[4] = {(first + (uint32_t)i) * LANES, neuron, key->step, key->purpose};
        philox_block(&keys, counter, 1, 0, out + (size_t)i * BLOCK);
    }
}

static void first_words(uint32_t *out, const ht_noise_key *key, uint32_t neuron)
{
    key_schedule keys = schedule_of(key);
    uint32_t counter[4] = {0, neuron, key->step, key->purpose}, words[BLOCK];
    philox_block(&keys, counter, 0, 1, words);
    for (int i = 0; i < LANES; i++) out[i] = words[(size_t)i * 2];
}

/* ---- quantiles ---- */

/* The polynomials of a vector of columns, one coefficient a vector. */
typedef struct quantile_terms {
    floats of[HT_QUANTILE_TERMS];
} quantile_terms;

#if defined(__AVX512F__)
/* Two registers hold a coefficient of all near columns, two that of the mirrored ones; the lookup takes the
 * low five bits of a column. */
typedef struct lookup {
    floats low[HT_QUANTILE_TERMS], high[HT_QUANTILE_TERMS];
    floats mirror_low[HT_QUANTILE_TERMS], mirror_high[HT_QUANTILE_TERMS];
} lookup;

INLINE lookup lookup_of(const ht_quantiles *q)
{
    lookup l;
    memcpy(l.low, q->near_low, sizeof l.low);
    memcpy(l.high, q->near_high, sizeof l.high);
    memcpy(l.mirror_low, q->mirror_low, sizeof l.mirror_low);
    memcpy(l.mirror_high, q->mirror_high, sizeof l.mirror_high);
    return l;
}

INLINE floats at(const floats low, const floats high, integers column)
{
    return (floats)_mm512_permutex2var_ps((__m512)low, (__m512i)column, (__m512)high);
}

INLINE quantile_terms terms_at(const lookup *l, integers column)
{
    quantile_terms t;
    for (int k = 0; k < HT_QUANTILE_TERMS; k++) t.of[k] = at(l->low[k], l->high[k], column);
    return t;
}

/* Of the mirrored columns where the mask has ones. */
INLINE quantile_terms terms_mirrored(const lookup *l, integers column, integers mirrored)
{
    quantile_terms t;
    for (int k = 0; k < HT_QUANTILE_TERMS; k++) {
        integers here = (integers)at(l->low[k], l->high[k], column);
        integers there = (integers)at(l->mirror_low[k], l->mirror_high[k], column);
        t.of[k] = (floats)((there & mirrored) | (here & ~mirrored));
    }
    return t;
}
#else
/* Rows are loaded lane by lane and transposed, four by four. */
typedef const ht_quantiles *lookup;

INLINE lookup lookup_of(const ht_quantiles *q)
{
    return q;
}

/* Half of row c[0]; and of row c[4] where a vector holds eight. */
INLINE floats half_rows(const ht_quantiles *q, const int32_t *c, int half)
{
#if defined(__AVX2__)
    __m128 low = _mm_loadu_ps(q->row[c[0]] + 4 * half), high = _mm_loadu_ps(q->row[c[4]] + 4 * half);
    return (floats)_mm256_set_m128(high, low);
#else
    return load(q->row[c[0]] + 4 * half);
#endif
}

INLINE quantile_terms terms_in(const lookup *q, integers row)
{
    quantile_terms t;
    int32_t c[FLOATS];
    memcpy(c, &row, sizeof c);
    for (int half = 0; half < 2; half++) {
        quartet four = transpose(half_rows(*q, c, half), half_rows(*q, c + 1, half),
                                 half_rows(*q, c + 2, half), half_rows(*q, c + 3, half));
        for (int k = 0; k < 4; k++) t.of[4 * half + k] = four.of[k];
    }
    return t;
}

INLINE quantile_terms terms_at(const lookup *q, integers column)
{
    return terms_in(q, column & (HT_QUANTILE_COLUMNS - 1));
}

INLINE quantile_terms terms_mirrored(const lookup *q, integers column, integers mirrored)
{
    return terms_in(q, (column & (HT_QUANTILE_COLUMNS - 1)) + (mirrored & HT_QUANTILE_NEAR));
}
#endif

/* a where the mask has ones, b where it has zeros. */
INLINE integers pick(integers mask, integers a, integers b)
{
    return (a & mask) | (b & ~mask);
}

/* ht_quantile_draw for a vector of words, step by step the same arithmetic. */
INLINE floats draw(const lookup *l, integers word, int terms, bool mirror)
{
    /* cppcheck-suppress shiftTooManyBitsSigned ; lanes of a vector */
    integers middle = (word << 1) >> 31; /* all ones if bit 30 is set */
    integers m = (word ^ middle) & 0x7fffffff;
    floats g = (__builtin_convertvector(m, floats) + 0.5f) * 0x1p-30f;
    /* cppcheck-suppress shiftTooManyBitsSigned ; lanes of a vector */
    integers mirrored = middle & ~((m - HT_QUANTILE_FAR) >> 31);
    if (mirror) middle &= ~mirrored;
    integers column = pick(middle, middle, (integers)g >> 22);
    integers fraction = ((integers)g & 0x3fffff) | 0x3f800000;
    floats t = (floats)pick(middle, (integers)(g * g), (integers)((floats)fraction - 1.25f)), tt = t * t;
    quantile_terms c = mirror ? terms_mirrored(l, column, mirrored) : terms_at(l, column);
    floats p01 = c.of[0] + c.of[1] * t, p23 = c.of[2] + c.of[3] * t, high = c.of[4] + c.of[5] * t;
    if (terms > 6) high += tt * (c.of[6] + c.of[7] * t);
    floats x = (p01 + tt * p23) + tt * tt * high;
    return (floats)(pick(middle, (integers)(x * g), (integers)x) | (word & INT32_MIN));
}

INLINE bool draw_all(const ht_quantiles *q, const uint32_t *words, size_t count, float *x, int terms,
                     bool mirror)
{
    lookup l = lookup_of(q);
    integers far = {0};
    int any = 0;
    for (size_t i = 0; i < count; i += FLOATS) {
        integers word;
        memcpy(&word, words + i, sizeof word);
        put(x + i, draw(&l, word, terms, mirror));
        far |= (word & 0x7fffffff) - HT_QUANTILE_FAR; /* negative in a lane: the draw is a far one */
    }
    for (int i = 0; i < FLOATS; i++) any |= far[i];
    return any < 0;
}

static bool quantiles(const ht_quantiles *q, const uint32_t *words, size_t count, float *x)
{
    if (q->mirrored) return draw_all(q, words, count, x, 8, true);
    return q->terms > 6 ? draw_all(q, words, count, x, 8, false) : draw_all(q, words, count, x, 6, false);
}

static void add_scaled(float *restrict w, const float *restrict x, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++) w[i] += scale * x[i];
}

static void add(float *w, size_t count, float value)
{
    for (size_t i = 0; i < count; i++) w[i] += value;
}

/* ---- the network ------------------------------------------------------------------------------- */

/* On the bits: |x| as an integer orders like |x| and puts NaN above Inf, and integer maxima vectorize without
 * -ffast-math. */
static float max_abs(const float *x, size_t count)
{
    uint32_t most = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t u = bits_of(x[i]) & 0x7fffffffu;
        most = u > most ? u : most;
    }
    return most > 0x7f800000u ? INFINITY : float_of(most);
}

/* Sixteen partial sums, then those in order: one fixed rounding. */
static double sum_squares(const float *x, size_t count)
{
    double part[LANES] = {0}, sum = 0;
    size_t whole = count / LANES * LANES;
    for (size_t start = 0; start < whole; start += LANES)
        for (size_t i = 0; i < LANES; i++) part[i] += (double)x[start + i] * (double)x[start + i];
    for (size_t i = whole; i < count; i++) part[i - whole] += (double)x[i] * (double)x[i];
    for (int i = 0; i < LANES; i++) sum += part[i];
    return sum;
}

static float rectify(float *x, size_t count, float slope)
{
    uint32_t most = 0;
    for (size_t i = 0; i < count; i++) {
        float y = x[i] < 0.0f ? slope * x[i] : x[i]; /* a NaN stays */
        uint32_t u = bits_of(y) & 0x7fffffffu;
        x[i] = y;
        most = u > most ? u : most;
    }
    return most > 0x7f800000u ? INFINITY : float_of(most);
}

static void rectify_gradient(float *d, const float *h, size_t count, float slope)
{
    for (size_t i = 0; i < count; i++) d[i] = h[i] > 0.0f ? d[i] : slope * d[i];
}

static void adapt(const ht_adaptation *a, const float *restrict g, float *restrict w, float *restrict mean,
                  float *restrict square, size_t count)
{
    const ht_adaptation by = *a;
    for (size_t i = 0; i < count; i++) {
        float slope = g[i] + by.decay * w[i];
        float m = by.mean * mean[i] + by.fresh_mean * slope;
        float s = by.square * square[i] + by.fresh_square * slope * slope;
        mean[i] = m;
        square[i] = s;
        w[i] = by.keep * w[i] - by.rate * (m / (sqrtf(s) / by.root + by.epsilon));
    }
}

/* In vectors, which stay in registers: the loop over classes is one chain, and a detour through memory in it
 * would cost several times the arithmetic. */
static int add_neuron(float *logits, const float *h, const float *w, int classes, int samples,
                      const int32_t *labels)
{
    integers right = {0}, label;
    int whole = samples / FLOATS * FLOATS, correct = 0;
    for (int start = 0; start < whole; start += FLOATS) {
        floats x, y, best = {0};
        integers winner = {0}, none = {0};
        memcpy(&x, h + start, sizeof x);
        memcpy(&label, labels + start, sizeof label);
        for (int c = 0; c < classes; c++) {
            float *z = logits + (size_t)c * (size_t)samples + start;
            memcpy(&y, z, sizeof y);
            y += w[c] * x;
            memcpy(z, &y, sizeof y);
            integers larger = c == 0 ? ~none : y > best; /* all bits, or none */
            best = (floats)((larger & (integers)y) | (~larger & (integers)best));
            winner = (larger & c) | (~larger & winner);
        }
        right -= winner == label;
    }
    for (int i = whole; i < samples; i++) {
        int winner = 0;
        for (int c = 0; c < classes; c++) {
            float *z = logits + (size_t)c * (size_t)samples;
            z[i] += w[c] * h[i];
            if (z[i] > logits[(size_t)winner * (size_t)samples + (size_t)i]) winner = c;
        }
        correct += winner == labels[i];
    }
    for (size_t i = 0; i < FLOATS; i++) correct += right[i];
    return correct;
}

/* ---- coresets (prune/coreset.h) ---- */

enum { PARTS = 4, PER_LANES = LANES / FLOATS };

INLINE floats masked(integers mask, floats x)
{
    return (floats)(mask & (integers)x);
}

/* |w a|, and the signs of w and a as masks. */
INLINE floats product(const float *w, const float *a, integers *w_negative, integers *a_negative)
{
    floats x, y;
    memcpy(&x, w, sizeof x);
    memcpy(&y, a, sizeof y);
    *w_negative = x < 0;
    *a_negative = y < 0;
    return masked(~(integers){0} ^ INT32_MIN, x * y);
}

/* In LANES partial sums whatever the width of a vector: one fixed rounding. */
static void part_sums(const float *w, const float *a, size_t count, double sum[PARTS])
{
    floats part[PARTS][PER_LANES];
    size_t whole = count / LANES * LANES;
    memset(part, 0, sizeof part);
    memset(sum, 0, PARTS * sizeof *sum);
    for (size_t start = 0; start < whole; start += LANES)
        for (int v = 0; v < PER_LANES; v++) {
            integers wn, an;
            floats t = product(w + start + v * FLOATS, a + start + v * FLOATS, &wn, &an);
            part[0][v] += masked(~wn & ~an, t);
            part[1][v] += masked(~wn & an, t);
            part[2][v] += masked(wn & ~an, t);
            part[3][v] += masked(wn & an, t);
        }
    for (int p = 0; p < PARTS; p++)
        for (int i = 0; i < LANES; i++) sum[p] += (double)part[p][i / FLOATS][i % FLOATS];
    for (size_t i = whole; i < count; i++)
        sum[2 * (w[i] < 0.0f) + (a[i] < 0.0f)] += (double)fabsf(w[i] * a[i]);
}

/* |w a| × inverse[its part] */
INLINE floats shares(const float *w, const float *a, const float inverse[PARTS])
{
    integers wn, an;
    floats t = product(w, a, &wn, &an), zero = {0};
    integers positive = pick(an, (integers)(zero + inverse[1]), (integers)(zero + inverse[0]));
    integers negative = pick(an, (integers)(zero + inverse[3]), (integers)(zero + inverse[2]));
    return t * (floats)pick(wn, negative, positive);
}

static void part_maxima(float *s, const float *w, const float *a, size_t count, const float inverse[PARTS])
{
    size_t whole = count / FLOATS * FLOATS;
    for (size_t start = 0; start < whole; start += FLOATS) {
        floats most, t = shares(w + start, a + start, inverse);
        memcpy(&most, s + start, sizeof most);
        most = (floats)pick(t > most, (integers)t, (integers)most);
        memcpy(s + start, &most, sizeof most);
    }
    for (size_t i = whole; i < count; i++) {
        float t = fabsf(w[i] * a[i]) * inverse[2 * (w[i] < 0.0f) + (a[i] < 0.0f)];
        s[i] = t > s[i] ? t : s[i];
    }
}

static void part_shares(float *s, const float *w, const float *a, size_t count, const float inverse[PARTS])
{
    size_t whole = count / FLOATS * FLOATS;
    for (size_t start = 0; start < whole; start += FLOATS) {
        floats sum;
        memcpy(&sum, s + start, sizeof sum);
        sum += shares(w + start, a + start, inverse);
        memcpy(s + start, &sum, sizeof sum);
    }
    for (size_t i = whole; i < count; i++)
        s[i] += fabsf(w[i] * a[i]) * inverse[2 * (w[i] < 0.0f) + (a[i] < 0.0f)];
}

/* e^x for x ≤ 0, to 2e-7: 2^whole times a polynomial (a Chebyshev interpolant) of the rest; 0 below e^-87. */
INLINE float exp_below(float x)
{
    float y = (x < -87.0f ? -87.0f : x) * 1.44269504f;
    float whole = (y + 12582912.0f) - 12582912.0f; /* round to nearest */
    float f = y - whole, ff = f * f;
    float p12 = 0.6931472067028326f + f * 0.24022650922288757f;
    float p34 = 0.05550327226670302f + f * 0.009618056678524637f;
    float p56 = 0.0013400428177615838f + f * 0.0001546144469856913f;
    float power = float_of((uint32_t)((int32_t)whole + 127) << 23);
    return x < -87.0f ? 0.0f : (1.0f + f * (p12 + ff * (p34 + ff * p56))) * power;
}

static double cross_entropy(const float *logits, int classes, int samples, const int32_t *labels)
{
    double total = 0;
    for (int start = 0; start < samples; start += LANES) {
        int n = samples - start < LANES ? samples - start : LANES;
        float top[LANES], sum[LANES] = {0}, y[LANES] = {0};
        for (int i = 0; i < LANES; i++) top[i] = -INFINITY;
        for (int c = 0; c < classes; c++) {
            memcpy(y, logits + (size_t)c * (size_t)samples + start, sizeof y[0] * (size_t)n);
            for (int i = 0; i < LANES; i++) top[i] = y[i] > top[i] ? y[i] : top[i];
        }
        for (int c = 0; c < classes; c++) {
            memcpy(y, logits + (size_t)c * (size_t)samples + start, sizeof y[0] * (size_t)n);
            for (int i = 0; i < LANES; i++) sum[i] += exp_below(y[i] - top[i]);
        }
        for (int i = 0; i < n; i++)
            total += log((double)sum[i]) + (double)top[i] -
                     (double)logits[(size_t)labels[start + i] * (size_t)samples + (size_t)(start + i)];
    }
    return total;
}

/* Independent chains, enough to fill two units of latency four. */
static double fused_peak(long rounds, float *sink)
{
    enum { CHAINS = 12 };
    floats x[CHAINS], factor = {0}, sum = {0};
    factor = factor + 0.9999f;
    for (int i = 0; i < CHAINS; i++) x[i] = factor + (float)i;
    for (long r = 0; r < rounds; r++)
        for (int i = 0; i < CHAINS; i++) x[i] = FUSED(x[i], factor, factor);
    for (int i = 0; i < CHAINS; i++) sum += x[i];
    *sink = sum[0];
    return 2.0 * CHAINS * (VECTOR / sizeof(float)) * (double)rounds;
}

extern ht_pack_panels PASTE(ht_pack_, HT_ISA);
extern ht_descend_rows PASTE(ht_descend_, HT_ISA);
extern ht_project_rows PASTE(ht_project_, HT_ISA);
extern const ht_functions PASTE(ht_functions_, HT_ISA);
extern const ht_conv_kernels PASTE(ht_conv_, HT_ISA);
extern const ht_place_kernels PASTE(ht_places_, HT_ISA);
extern const ht_kernels PASTE(ht_kernels_, HT_ISA);
const ht_kernels PASTE(ht_kernels_, HT_ISA) = {
    .isa = TEXT(HT_ISA),
    .row_words = row_words,
    .first_words = first_words,
    .quantiles = quantiles,
    .add_scaled = add_scaled,
    .add = add,
    .max_abs = max_abs,
    .sum_squares = sum_squares,
    .rectify = rectify,
    .rectify_gradient = rectify_gradient,
    .adapt = adapt,
    .add_neuron = add_neuron,
    .pack = PASTE(ht_pack_, HT_ISA),
    .descend = PASTE(ht_descend_, HT_ISA),
    .project = PASTE(ht_project_, HT_ISA),
    .functions = &PASTE(ht_functions_, HT_ISA),
    .conv = &PASTE(ht_conv_, HT_ISA),
    .places = &PASTE(ht_places_, HT_ISA),
    .cross_entropy = cross_entropy,
    .part_sums = part_sums,
    .part_maxima = part_maxima,
    .part_shares = part_shares,
    .fused_peak = fused_peak,
};
