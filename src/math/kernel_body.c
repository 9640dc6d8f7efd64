/* kernel_body.c - compiled once per instruction set with -DHT_ISA=name (see Makefile and kernel.h).
 *
 * Loops run over blocks of fixed size without branches, so that the compiler turns them into vector code.
 * Only +, -, *, /, sqrt and conversions are used, each correctly rounded by IEEE 754, hence the same bits
 * from every build. */
#include "math/kernel.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
/* A call inside a loop stops the vectorizer. */
#define INLINE static inline __attribute__((always_inline))

/* Philox makes the bits of a BLOCK of draws from 16 counters. Draws are worked on a CHUNK at a time, in
 * stages: one loop over the whole chunk for each, so that many independent chains of operations are under way
 * at once. */
enum { LANES = 16, BLOCK = 2 * LANES, CHUNK = 8 * BLOCK };

/* ---- elementary functions; polynomials are Chebyshev interpolants, errors relative, before rounding ---- */

/* Sums are taken in pairs (Estrin's scheme), not one after the other (Horner's): the chain of operations that
 * wait for each other is what these loops spend their time on. */

/* sin(π/2·t), t in [0, 1]; 7e-9. Exact zero at 0, so it keeps full relative precision there. */
INLINE float sin_quarter(float t)
{
    float u = t * t, uu = u * u;
    float low = 1.5707963200386017f + u * -0.6459637595835394f;
    float middle = 0.0796899183290285f + u * -0.0046741438381517775f;
    return t * (low + uu * (middle + uu * 0.0001516717036640896f));
}

/* ln(1 + f), f in [√½ - 1, √2 - 1]; 2e-8. */
INLINE float log_near_one(float f)
{
    float ff = f * f, f4 = ff * ff;
    float p01 = 0.33333330728190674f + f * -0.25000306422569796f;
    float p23 = 0.2000104509416068f + f * -0.16641281463106394f;
    float p45 = 0.14214495923947962f + f * -0.1299818376365153f;
    float p67 = 0.12622319849228375f + f * -0.0790274377239344f;
    float p = (p01 + ff * p23) + f4 * (p45 + ff * p67);
    return f + (ff * f * p - 0.5f * ff);
}

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

/* x = 2^*exponent · (1 + result) with 1 + result in [√½, √2); x positive, normal. */
INLINE float split(float x, float *exponent)
{
    int32_t e = (int32_t)(bits_of(x) - 0x3f3504f3u) >> 23;
    *exponent = (float)e;
    return float_of(bits_of(x) - ((uint32_t)e << 23)) - 1.0f;
}

INLINE float log2_positive(float x)
{
    float e, f = split(x, &e);
    return e + log_near_one(f) * 1.44269504f;
}

/* -ln(u) where u + rest = 1, both exact near 0: no cancellation at either end. */
INLINE float minus_log(float u, float rest)
{
    float e, f = split(u, &e);
    f = rest < 0.2928f ? -rest : f; /* there the exponent is 0; u itself may have been rounded to 1 */
    return -(e * 0.69314718f + log_near_one(f));
}

/* 2^x for |x| < 120; 3e-9. */
INLINE float exp2_bounded(float x)
{
    float whole = (x + 12582912.0f) - 12582912.0f; /* round to nearest */
    float f = x - whole;
    float ff = f * f;
    float p12 = 0.6931472067028326f + f * 0.24022650922288757f;
    float p34 = 0.05550327226670302f + f * 0.009618056678524637f;
    float p56 = 0.0013400428177615838f + f * 0.0001546144469856913f;
    float p = 1.0f + f * (p12 + ff * (p34 + ff * p56));
    return p * float_of((uint32_t)((int32_t)whole + 127) << 23);
}

/* ---- random bits ------------------------------------------------------------------------------- */

typedef struct random_bits {
    uint32_t a[CHUNK], b[CHUNK]; /* 64 bits for each draw */
} random_bits;

/* Philox needs the full product of 32-bit words, which no compiler finds for every instruction set: words
 * live in the low halves of 64-bit lanes (the high halves are rubbish that the product ignores), and this is
 * the one line per set. FUSED is a·b + c for measuring the machine's peak; nothing else may use it. */
#if defined(__AVX512F__)
enum { VECTOR = 64 };
#define MULTIPLY(a, k) (wide) _mm512_mul_epu32((__m512i)(a), (__m512i)(k))
#define FUSED(a, b, c) (floats) _mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c))
#elif defined(__AVX2__)
enum { VECTOR = 32 };
#define MULTIPLY(a, k) (wide) _mm256_mul_epu32((__m256i)(a), (__m256i)(k))
#define FUSED(a, b, c) (floats) _mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c))
#elif defined(__SSE2__)
enum { VECTOR = 16 };
#define MULTIPLY(a, k) (wide) _mm_mul_epu32((__m128i)(a), (__m128i)(k))
#define FUSED(a, b, c) ((a) * (b) + (c))
#elif defined(__ARM_NEON)
enum { VECTOR = 16 };
#define MULTIPLY(a, k) (wide) vmull_u32(vmovn_u64((uint64x2_t)(a)), vmovn_u64((uint64x2_t)(k)))
#define FUSED(a, b, c) (floats) vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b))
#else
enum { VECTOR = 16 };
#define MULTIPLY(a, k) (((a)&0xffffffffu) * (k))
#define FUSED(a, b, c) ((a) * (b) + (c))
#endif
typedef float floats __attribute__((vector_size(VECTOR)));
typedef uint64_t wide __attribute__((vector_size(VECTOR)));
typedef uint32_t narrow __attribute__((vector_size(VECTOR / 2)));

enum { PER_VECTOR = VECTOR / 8, VECTORS = LANES / PER_VECTOR };

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

INLINE void store(uint32_t *to, wide x)
{
    narrow n = __builtin_convertvector(x, narrow);
    memcpy(to, &n, sizeof n);
}

/* Philox4x32-10 on 16 counters {c0 + i·step0, c1 + i·step1, step, purpose}. Words 0 and 1 serve draws 0..15,
 * words 2 and 3 draws 16..31 of the block whose bits begin at a_out and b_out. */
INLINE void philox_block(const ht_noise_key *key, uint32_t c0, uint32_t step0, uint32_t c1, uint32_t step1,
                         uint32_t *a_out, uint32_t *b_out)
{
    wide a[VECTORS], b[VECTORS], c[VECTORS], d[VECTORS];
    wide m0 = splat(0xD2511F53u), m1 = splat(0xCD9E8D57u);
    uint32_t k0 = key->key[0], k1 = key->key[1];
    for (int v = 0; v < VECTORS; v++) {
        wide lane = lanes() + splat((uint64_t)(v * PER_VECTOR));
        a[v] = splat(c0) + lane * splat(step0);
        b[v] = splat(c1) + lane * splat(step1);
        c[v] = splat(key->step);
        d[v] = splat(key->purpose);
    }
    for (int round = 0; round < 10; round++) {
        for (int v = 0; v < VECTORS; v++) {
            wide p = MULTIPLY(a[v], m0), q = MULTIPLY(c[v], m1);
            a[v] = (q >> 32) ^ b[v] ^ splat(k0);
            b[v] = q;
            c[v] = (p >> 32) ^ d[v] ^ splat(k1);
            d[v] = p;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int v = 0; v < VECTORS; v++) {
        store(a_out + v * PER_VECTOR, a[v]);
        store(b_out + v * PER_VECTOR, b[v]);
        store(a_out + LANES + v * PER_VECTOR, c[v]);
        store(b_out + LANES + v * PER_VECTOR, d[v]);
    }
}

/* Blocks first .. of a neuron's bits, as many as `draws` needs; returns the draws they hold. */
INLINE int row_bits(const ht_noise_key *key, uint32_t neuron, uint32_t first, size_t draws, random_bits *out)
{
    int filled = 0;
    for (; filled < CHUNK && (size_t)filled < draws; filled += BLOCK, first++)
        philox_block(key, first * LANES, 1, neuron, 0, out->a + filled, out->b + filled);
    return filled;
}

/* ---- stable draws ------------------------------------------------------------------------------ */

/* Chambers, Mallows, Stuck (JASA 1976) for β = 0:
 *   X = ± sin(αU) / cos(U)^(1/α) · (E / cos((α-1)U))^((α-1)/α),  U uniform on (0, π/2), E exponential.
 * The tail is made where U is near π/2, so the draw is v = 1 - U/(π/2), and every cosine is rewritten as the
 * sine of a sum of positive terms:   cos U = sin(π/2·v),   cos((α-1)U) = sin(π/2·((2-α) + (α-1)v)), sin(αU) =
 * sin(π/2·min((2-α) + αv, α(1-v))). Of 64 bits, 1 is the sign, 35 are v (least value 2^-36: the tail is right
 * far beyond probability 1e-8) and 28 the uniform under E (largest E 20.1, P = 2e-9: beyond it only α near 2
 * would notice, below 1e-9). v and 1 - v, and likewise the uniform and its rest, are both formed from the
 * integer, so neither end loses digits. */
/* With r = E / cos((α-1)U) the draw is sin(αU) · r · (r · cos U)^(-1/α): one power, one logarithm. */
static void stable_values(const random_bits *bits, int n, float alpha, float *restrict x)
{
    float r[CHUNK], base[CHUNK];
    float shift = 2.0f - alpha, power = -1.0f / alpha;
    for (int i = 0; i < n; i++) {
        uint32_t b = bits->b[i]; /* cppcheck-suppress uninitvar ; philox_block stored it */
        float u = ((float)(int32_t)(b >> 4) + 0.5f) * 0x1p-28f;
        float rest = ((float)(int32_t)(0x0fffffffu - (b >> 4)) + 0.5f) * 0x1p-28f;
        r[i] = minus_log(u, rest);
    }
    for (int i = 0; i < n; i++) {
        uint32_t a = bits->a[i];
        float low = (float)(int32_t)(bits->b[i] & 15u) + 0.5f;
        float v = ((float)(int32_t)(a >> 1) * 16.0f + low) * 0x1p-35f;
        float rest = ((float)(int32_t)(0x7fffffffu - (a >> 1)) * 16.0f + (16.0f - low)) * 0x1p-35f;
        float q = shift + alpha * v, q_rest = alpha * rest;
        float ratio = r[i] / sin_quarter(shift + (alpha - 1.0f) * v);
        float sine = sin_quarter(q < q_rest ? q : q_rest);
        base[i] = ratio * sin_quarter(v);
        x[i] = float_of(bits_of(ratio * sine) ^ (a << 31));
    }
    for (int i = 0; i < n; i++) base[i] = power * log2_positive(base[i]);
    for (int i = 0; i < n; i++) x[i] *= exp2_bounded(base[i]);
}

static void add_scaled(float *restrict w, const float *restrict x, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++) w[i] += scale * x[i];
}

static void stable(float *w, size_t count, const ht_noise_key *key, uint32_t neuron, float alpha, float scale)
{
    random_bits bits;
    float x[CHUNK];
    for (size_t done = 0; done < count; done += CHUNK) {
        int n = row_bits(key, neuron, (uint32_t)(done / BLOCK), count - done, &bits);
        stable_values(&bits, n, alpha, x);
        add_scaled(w + done, x, count - done < CHUNK ? count - done : CHUNK, scale);
    }
}

/* The same from bits of the caller's choosing: tests reach the corners that no counter finds. */
static void stable_of_bits(const uint32_t *a, const uint32_t *b, int count, float alpha, float *out)
{
    random_bits bits = {{0}, {0}};
    float x[CHUNK];
    memcpy(bits.a, a, (size_t)count * sizeof *a);
    memcpy(bits.b, b, (size_t)count * sizeof *b);
    stable_values(&bits, CHUNK, alpha, x);
    memcpy(out, x, (size_t)count * sizeof *out);
}

static void stable_first(float *out, size_t count, const ht_noise_key *key, uint32_t first, float alpha)
{
    random_bits bits;
    float x[CHUNK];
    for (size_t done = 0; done < count; done += LANES) {
        philox_block(key, 0, 0, first + (uint32_t)done, 1, bits.a, bits.b);
        stable_values(&bits, LANES, alpha, x);
        memcpy(out + done, x, sizeof x[0] * (count - done < LANES ? count - done : LANES));
    }
}

/* Box and Muller: the radius from 32 bits (largest 6.76, P = 1.4e-11), the angle from a quarter turn and two
 * signs. One pair of words gives draws i and i + 32 of a block of 64, so a normal costs half the bits of a
 * stable draw. x holds 2n values. */
static void normal_values(const random_bits *bits, int n, float *restrict x)
{
    float radius[CHUNK];
    for (int i = 0; i < n; i++) {
        uint32_t a = bits->a[i];
        float low = 0.25f + 0.5f * (float)(int32_t)(a & 1u);
        float u = ((float)(int32_t)(a >> 1) + low) * 0x1p-31f;
        float rest = ((float)(int32_t)(0x7fffffffu - (a >> 1)) + (1.0f - low)) * 0x1p-31f;
        radius[i] = sqrtf(2.0f * minus_log(u, rest));
    }
    for (int block = 0; block < n; block += BLOCK)
        for (int i = block; i < block + BLOCK; i++) {
            uint32_t b = bits->b[i];
            float turn = ((float)(int32_t)(b >> 2) + 0.5f) * 0x1p-30f;
            float rest = ((float)(int32_t)(0x3fffffffu - (b >> 2)) + 0.5f) * 0x1p-30f;
            x[block + i] = float_of(bits_of(radius[i] * sin_quarter(turn)) ^ (b << 31));
            x[block + BLOCK + i] = float_of(bits_of(radius[i] * sin_quarter(rest)) ^ ((b & 2u) << 30));
        }
}

static void normal(float *w, size_t count, const ht_noise_key *key, uint32_t neuron, float scale)
{
    random_bits bits;
    float x[2 * CHUNK];
    for (size_t done = 0; done < count; done += 2 * CHUNK) {
        int n = row_bits(key, neuron, (uint32_t)(done / (2 * BLOCK)), (count - done + 1) / 2, &bits);
        normal_values(&bits, n, x);
        add_scaled(w + done, x, count - done < 2 * CHUNK ? count - done : 2 * CHUNK, scale);
    }
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

typedef int32_t whole_numbers __attribute__((vector_size(VECTOR)));
enum { WIDE = VECTOR / sizeof(float) };

/* In vectors, which stay in registers: the loop over classes is one chain, and a detour through memory in it
 * would cost several times the arithmetic. */
static int add_neuron(float *logits, const float *h, const float *w, int classes, int samples,
                      const int32_t *labels)
{
    whole_numbers right = {0}, label;
    int whole = samples / WIDE * WIDE, correct = 0;
    for (int start = 0; start < whole; start += WIDE) {
        floats x, y, best = {0};
        whole_numbers winner = {0};
        memcpy(&x, h + start, sizeof x);
        memcpy(&label, labels + start, sizeof label);
        for (int c = 0; c < classes; c++) {
            float *z = logits + (size_t)c * (size_t)samples + start;
            memcpy(&y, z, sizeof y);
            y += w[c] * x;
            memcpy(z, &y, sizeof y);
            whole_numbers larger = c == 0 ? ~(whole_numbers){0} : y > best; /* all bits, or none */
            best = (floats)((larger & (whole_numbers)y) | (~larger & (whole_numbers)best));
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
    for (size_t i = 0; i < WIDE; i++) correct += right[i];
    return correct;
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

extern const ht_kernels PASTE(ht_kernels_, HT_ISA);
const ht_kernels PASTE(ht_kernels_, HT_ISA) = {
    .isa = TEXT(HT_ISA),
    .stable = stable,
    .stable_first = stable_first,
    .stable_of_bits = stable_of_bits,
    .normal = normal,
    .add = add,
    .max_abs = max_abs,
    .sum_squares = sum_squares,
    .rectify = rectify,
    .rectify_gradient = rectify_gradient,
    .add_neuron = add_neuron,
    .cross_entropy = cross_entropy,
    .fused_peak = fused_peak,
};
