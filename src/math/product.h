/* product.h - W ← keep W + factor D^T X, the gradient's product, without the zeros of D.
 *
 * Where a rectified neuron is off it does not learn: about half of D is exactly zero, which no BLAS can know. A row of W
 * is passed over once and gathers the samples that its neuron was on for. Needs X in panels, packed once a step for all
 * shards. The sum is fused where the instruction set can, so its last bits depend on the set, as BLAS's do on its
 * kernels; they do not depend on how the rows are cut into calls. */
#ifndef HT_MATH_PRODUCT_H
#define HT_MATH_PRODUCT_H

#include <stddef.h>

/* X (samples × columns) cut into panels of columns; within a panel sample by sample; filled up with zero columns. */
typedef struct ht_panels {
    int samples, columns, panels, units; /* a panel is 16 · units columns wide */
    float *x;                            /* the caller's: ht_panels_size floats, aligned to 64 bytes */
} ht_panels;

static inline size_t ht_panels_size(int samples, int columns)
{
    return (size_t)samples * (size_t)(columns + columns / 8 + 128);
}

/* panels->x is filled from x (samples × columns). */
typedef void ht_pack_panels(ht_panels *panels, const float *x, int samples, int columns);

/* w (rows × columns) = keep · w + factor · d^T x; d is (samples × rows) with a row stride. */
typedef void ht_descend_rows(float *w, const float *d, int stride, const ht_panels *x, int rows, float factor,
                             float keep);

#endif
