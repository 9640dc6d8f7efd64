/* kernel.h - the inner loops that are compiled once per instruction set and picked at run time.
 *
 * The same C source (kernel_body.c, product_body.c, functions_body.c, conv*_body.c, …) is built for portable,
 * AVX2 and AVX-512 code, without floating-point contraction; all but `descend`, `project` (product.h),
 * `conv`, `places` and `fused_peak` give the same bits from every build. All functions are pure on
 * caller-owned memory and thread-safe. */
#ifndef HT_KERNEL_KERNEL_H
#define HT_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/conv.h"
#include "kernel/functions.h"
#include "kernel/places.h"
#include "kernel/product.h"
#include "stable/stable_quantile.h"

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0) ||                 \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
#error "results would change in silence: compile without -ffast-math, -Ofast and their parts"
#endif
#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2)
#error "floats would be computed in more digits than they have: compile for SSE (no -mfpmath=387)"
#endif

/* Which draws: the Philox key and counter words shared by a run of draws. */
typedef struct ht_noise_key {
    uint32_t key[2];  /* seed */
    uint32_t step;    /* low 32 bits */
    uint32_t purpose; /* stream << 24 | layer << 16 | step's high 16 bits */
} ht_noise_key;

enum { HT_NOISE_BLOCK = 64, HT_NOISE_GROUP = 16 };

/* A step of Adam's kind: g' = g + decay·w; mean and square take in fresh_… parts of g' and g'²; then
 * w = keep·w - rate·mean / (√square / root + epsilon). */
typedef struct ht_adaptation {
    float keep, decay, mean, square, fresh_mean, fresh_square, rate, root, epsilon;
} ht_adaptation;

typedef struct ht_kernels {
    const char *isa;

    /* The random words of `blocks` blocks of HT_NOISE_BLOCK weights of a neuron, from weight first ·
     * HT_NOISE_BLOCK */
    void (*row_words)(uint32_t *out, int blocks, const ht_noise_key *key, uint32_t neuron, uint32_t first);
    /* The word of weight 0 of each of HT_NOISE_GROUP neurons */
    void (*first_words)(uint32_t *out, const ht_noise_key *key, uint32_t neuron);
    /* x[i] = draw made of words[i], for all but the far ones; says whether there are such. count is a
     * multiple of 16 */
    bool (*quantiles)(const ht_quantiles *q, const uint32_t *words, size_t count, float *x);
    /* w[i] += scale * x[i] */
    void (*add_scaled)(float *w, const float *x, size_t count, float scale);
    /* w[i] += value */
    void (*add)(float *w, size_t count, float value);

    /* largest |x[i]|; NaN counts as +Inf */
    float (*max_abs)(const float *x, size_t count);
    /* Σ x[i]², in double */
    double (*sum_squares)(const float *x, size_t count);
    /* x = max(x, 0) (or slope·x below 0); returns max|x| after it */
    float (*rectify)(float *x, size_t count, float slope);
    /* d *= h > 0 ? 1 : slope */
    void (*rectify_gradient)(float *d, const float *h, size_t count, float slope);
    /* for each of `count` weights and its gradient g */
    void (*adapt)(const ht_adaptation *a, const float *g, float *w, float *mean, float *square, size_t count);

    /* One neuron added to the logits of `samples` samples: logits (classes × samples) += w (classes) ⊗ h
     * (samples); returns how many samples have their label as the largest logit (the lowest class wins a
     * tie). */
    int (*add_neuron)(float *logits, const float *h, const float *w, int classes, int samples,
                      const int32_t *labels);
    /* Σ over samples of -log softmax(logits)[label], natural logarithm; logits is (classes × samples) */
    double (*cross_entropy)(const float *logits, int classes, int samples, const int32_t *labels);

    /* For coresets: a product |w a| belongs to part 2·(w < 0) + (a < 0). Σ of each part; and s[i] = the
     * larger of s[i] and |w[i] a[i]| × inverse[its part], or (shares) their sum. */
    void (*part_sums)(const float *w, const float *a, size_t count, double sum[4]);
    void (*part_maxima)(float *s, const float *w, const float *a, size_t count, const float inverse[4]);
    void (*part_shares)(float *s, const float *w, const float *a, size_t count, const float inverse[4]);
    ht_pack_panels *pack; /* see product.h */
    ht_descend_rows *descend;
    ht_project_rows *project;
    const ht_functions *functions;  /* see functions.h */
    const ht_conv_kernels *conv;    /* see conv.h */
    const ht_place_kernels *places; /* see places.h */

    /* A loop of nothing but fused multiply-adds; returns how many floating-point operations it did. For
     * bench. */
    double (*fused_peak)(long rounds, float *sink);
} ht_kernels;

/* The best build this CPU runs; HEAVYTAIL_ISA (portable, avx2, avx512) asks for another. Same answer every
 * time. */
const ht_kernels *ht_kernel(void);

/* Every build in this binary that this CPU runs, best first, NULL at the end; for tests and bench. */
const ht_kernels *const *ht_kernel_builds(void);

#endif
