/* kernel.h - the inner loops that are compiled once per instruction set and picked at run time.
 *
 * The same C source (kernel_body.c) is built for portable, AVX2 and AVX-512 code without floating-point
 * contraction, so every build gives the same bits. All functions are pure on caller-owned memory and
 * thread-safe. */
#ifndef HT_MATH_KERNEL_H
#define HT_MATH_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Which draws: the Philox key and counter words shared by a run of draws. */
typedef struct ht_noise_key {
    uint32_t key[2];  /* seed */
    uint32_t step;    /* low 32 bits */
    uint32_t purpose; /* stream << 24 | layer << 16 | step's high 16 bits */
} ht_noise_key;

typedef struct ht_kernels {
    const char *isa;

    /* w[i] += scale * X(neuron, i), i < count, X ~ S(alpha, 0, 1, 0); alpha in [1, 2] */
    void (*stable)(float *w, size_t count, const ht_noise_key *key, uint32_t neuron, float alpha,
                   float scale);
    /* out[i] = X(first + i, 0): the draw with index 0 of each of `count` neurons */
    void (*stable_first)(float *out, size_t count, const ht_noise_key *key, uint32_t first, float alpha);
    /* out[i] = X made from the 64 bits a[i], b[i]; count ≤ 256 */
    void (*stable_of_bits)(const uint32_t *a, const uint32_t *b, int count, float alpha, float *out);
    /* w[i] += scale * G(neuron, i), G ~ N(0, 1) */
    void (*normal)(float *w, size_t count, const ht_noise_key *key, uint32_t neuron, float scale);
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

    /* One neuron added to the logits of `samples` samples: logits (classes × samples) += w (classes) ⊗ h
     * (samples); returns how many samples have their label as the largest logit (the lowest class wins a
     * tie). */
    int (*add_neuron)(float *logits, const float *h, const float *w, int classes, int samples,
                      const int32_t *labels);
    /* Σ over samples of -log softmax(logits)[label], natural logarithm; logits is (classes × samples) */
    double (*cross_entropy)(const float *logits, int classes, int samples, const int32_t *labels);

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
