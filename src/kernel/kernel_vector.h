/* kernel_vector.h - the vectors of one instruction set, for the sources that are compiled once per set. */
#ifndef HT_KERNEL_KERNEL_VECTOR_H
#define HT_KERNEL_KERNEL_VECTOR_H

#include <stdint.h>
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

/* MULTIPLY is the full product of the low halves of 64-bit lanes, which no compiler finds for every set.
 * FUSED is a·b + c, rounded once where the set can: for products of matrices and the machine's peak; nothing
 * else may use it. SIGNED: has any 64-bit lane its highest bit? */
#if defined(__AVX512F__)
enum { VECTOR = 64 };
#define MULTIPLY(a, k) (wide) _mm512_mul_epu32((__m512i)(a), (__m512i)(k))
#define FUSED(a, b, c) (floats) _mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c))
#define SIGNED(a) (_mm512_movepi64_mask((__m512i)(a)) != 0)
#elif defined(__AVX2__)
enum { VECTOR = 32 };
#define MULTIPLY(a, k) (wide) _mm256_mul_epu32((__m256i)(a), (__m256i)(k))
#define FUSED(a, b, c) (floats) _mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c))
#define SIGNED(a) (_mm256_movemask_pd((__m256d)(a)) != 0)
#elif defined(__SSE2__)
enum { VECTOR = 16 };
#define MULTIPLY(a, k) (wide) _mm_mul_epu32((__m128i)(a), (__m128i)(k))
#define FUSED(a, b, c) ((a) * (b) + (c))
#define SIGNED(a) (_mm_movemask_pd((__m128d)(a)) != 0)
#elif defined(__ARM_NEON)
enum { VECTOR = 16 };
#define MULTIPLY(a, k) (wide) vmull_u32(vmovn_u64((uint64x2_t)(a)), vmovn_u64((uint64x2_t)(k)))
#define FUSED(a, b, c) (floats) vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b))
#define SIGNED(a) (((a)[0] | (a)[1]) >> 63 != 0)
#else
enum { VECTOR = 16 };
#define MULTIPLY(a, k) (((a)&0xffffffffu) * (k))
#define FUSED(a, b, c) ((a) * (b) + (c))
#define SIGNED(a) (((a)[0] | (a)[1]) >> 63 != 0)
#endif
typedef float floats __attribute__((vector_size(VECTOR)));
typedef int32_t integers __attribute__((vector_size(VECTOR)));
typedef uint64_t wide __attribute__((vector_size(VECTOR)));

enum { FLOATS = VECTOR / 4 };

INLINE floats load(const float *p)
{
    floats x;
    memcpy(&x, p, sizeof x);
    return x;
}

INLINE void put(float *p, floats x)
{
    memcpy(p, &x, sizeof x);
}

/* ---- the last vector of a row may be a part of one ---- */

#if defined(__AVX512F__)
INLINE floats load_part(const float *p, integers mask)
{
    return (floats)_mm512_maskz_loadu_ps(_mm512_movepi32_mask((__m512i)mask), p);
}
INLINE void put_part(float *p, integers mask, floats x)
{
    _mm512_mask_storeu_ps(p, _mm512_movepi32_mask((__m512i)mask), (__m512)x);
}
#elif defined(__AVX2__)
INLINE floats load_part(const float *p, integers mask)
{
    return (floats)_mm256_maskload_ps(p, (__m256i)mask);
}
INLINE void put_part(float *p, integers mask, floats x)
{
    _mm256_maskstore_ps(p, (__m256i)mask, (__m256)x);
}
#else
INLINE floats load_part(const float *p, integers mask)
{
    floats x = {0};
    for (int i = 0; i < FLOATS; i++)
        if (mask[i]) x[i] = p[i];
    return x;
}
INLINE void put_part(float *p, integers mask, floats x)
{
    for (int i = 0; i < FLOATS; i++)
        if (mask[i]) p[i] = x[i];
}
#endif

/* Ones in the lanes below n. */
INLINE integers first_lanes(int n)
{
    integers mask = {0};
    for (int i = 0; i < FLOATS; i++) mask[i] = i < n ? -1 : 0;
    return mask;
}

INLINE int least(int a, int b)
{
    return a < b ? a : b;
}

/* Four vectors become four others: of[k] holds element k of each four, of a, b, c and d in turn. */
typedef struct quartet {
    floats of[4];
} quartet;

INLINE quartet transpose(floats a, floats b, floats c, floats d)
{
#if defined(__AVX512F__)
#define LOW1(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH1(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW2(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH2(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#elif defined(__AVX2__)
#define LOW1(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH1(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define LOW2(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define HIGH2(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#else
#define LOW1(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH1(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LOW2(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define HIGH2(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)
#endif
    floats ab = LOW1(a, b), cd = LOW1(c, d), ab2 = HIGH1(a, b), cd2 = HIGH1(c, d);
    return (quartet){{LOW2(ab, cd), HIGH2(ab, cd), LOW2(ab2, cd2), HIGH2(ab2, cd2)}};
}

typedef float quad __attribute__((vector_size(16)));

/* The sums of four vectors. */
INLINE quad sum_four(floats a, floats b, floats c, floats d)
{
    quartet t = transpose(a, b, c, d);
    floats sum = (t.of[0] + t.of[1]) + (t.of[2] + t.of[3]);
    quad part[FLOATS / 4];
    memcpy(part, &sum, sizeof part);
#if defined(__AVX512F__)
    return (part[0] + part[1]) + (part[2] + part[3]);
#elif defined(__AVX2__)
    return part[0] + part[1];
#else
    return part[0];
#endif
}

#endif
