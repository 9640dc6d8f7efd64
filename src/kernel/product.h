/* product.h - the two products of a layer's weights with a batch, where special cases are faster than in
 * BLAS.
 *
 * W ← keep W + factor D^T X: where a rectified neuron is off it does not learn, so about half of D is exactly
 * zero, which BLAS cannot use. A row of W is passed over once and gathers the samples that its neuron was on
 * for. H = X W^T: BLAS first copies W into an order of its own, which is worth its time for many samples
 * only; here W is read in place. ht_project_pays says which is better.
 *
 * X comes in panels, packed once a step for all shards. The sums are fused where the instruction set can, so
 * their last bits depend on the set, as BLAS's do on its kernels; they do not depend on how the rows are cut
 * into calls. */
#ifndef HT_KERNEL_PRODUCT_H
#define HT_KERNEL_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

/* X (samples × columns) cut into panels of columns; within a panel sample by sample; filled up with zero
 * columns. */
typedef struct ht_panels {
    int samples, columns, panels, units; /* a panel is 16 · units columns wide */
    float *x;                            /* the caller's: ht_panels_size floats, aligned to 64 bytes */
} ht_panels;

static inline size_t ht_panels_size(int samples, int columns)
{
    return (size_t)samples * (size_t)(columns + 128);
}

/* panels->x is filled from x (samples × columns). */
typedef void ht_pack_panels(ht_panels *panels, const float *x, int samples, int columns);

/* w (rows × columns) = keep · w + factor · d^T x; d is (samples × rows) with a row stride. */
typedef void ht_descend_rows(float *w, const float *d, int stride, const ht_panels *x, int rows, float factor,
                             float keep);

/* h (samples × rows, with a row stride) = x · w^T, w (rows × columns) */
typedef void ht_project_rows(float *h, int stride, const float *w, const ht_panels *x, int rows);

/* Few samples, which fit the second cache, of many columns. */
static inline bool ht_project_pays(int samples, int columns)
{
    return columns >= 256 && (size_t)samples * (size_t)columns <= 100000;
}

#endif
