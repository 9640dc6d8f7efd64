/* conv.h - convolutions and pooling of a batch: forward, and the gradients of inputs, weights and biases.
 *
 * Layout: an image is (h × w × channels), channels innermost (NHWC), images one after another. Weights and
 * their gradients are as in PyTorch, (filters, channels, kernel_h, kernel_w), a row a filter; a convolution
 * is a cross-correlation, padded with zeros on all sides. What the kernels want in another order they pack.
 *
 * How to use: fill in the first part of an ht_conv, let ht_conv_plan do the rest, give memory of the sizes it
 * says, and run the phases. A phase is so many tasks, which may run at the same time, each with a scratch of
 * its own; the next phase begins when all are done. Tasks are cut by shape and batch alone, and each sum
 * belongs to one task, or to a fixed number of partial sums that are added in order: the same bits for any
 * number of threads. What a sample gives does not depend on the batch it is in.
 *   forward:   PACK, ENTER; FORWARD
 *   backward:  RETURN, PACK_BACK; INPUTS, WEIGHTS; then `gather` of any rows
 * Those without a semicolon between may run at the same time. Only what is wanted need run: PACK_BACK serves
 * INPUTS alone, ENTER and RETURN serve WEIGHTS, too, by what they leave in `kept` and `shared`.
 *
 * How it computes: sums of a few outputs by a panel of filters stay in registers while the terms pass by;
 * weights lie in panels, inputs are read in place: no matrix of patches (im2col), which costs 1.2 to 3.9 ×
 * the time. Small images go sample by sample of the same position, so that no term is padding. Sums are
 * fused where the instruction set can, so their last bits depend on the set. A NaN or Inf goes through; in
 * padding, zeros times an infinite weight are left out or not. */
#ifndef HT_KERNEL_CONV_H
#define HT_KERNEL_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ht_conv_phase {
    HT_CONV_PACK,      /* weights into panels, for FORWARD */
    HT_CONV_ENTER,     /* inputs into the order that FORWARD and WEIGHTS want */
    HT_CONV_FORWARD,   /* out, where */
    HT_CONV_RETURN,    /* out_delta into the order that INPUTS and WEIGHTS want */
    HT_CONV_PACK_BACK, /* weights into panels, for INPUTS */
    HT_CONV_INPUTS,    /* in_delta */
    HT_CONV_WEIGHTS,   /* partial sums of the gradient of the weights */
    HT_CONV_PHASES
} ht_conv_phase;

/* Windows of size[0] × size[1] positions, stride[0] rows and stride[1] columns apart, none of which looks
 * over the edge; max or average. */
typedef struct ht_pooling {
    int h, w, channels; /* of what comes in */
    int size[2], stride[2];
    bool average;
} ht_pooling;

static inline int ht_pooled(int length, int size, int stride)
{
    return (length - size) / stride + 1;
}

enum { HT_CONV_ROUND = 64 }; /* channels at a time, where all are too many for a cache */

enum { HT_POOLING_MOST = 16 }; /* a place in a window is a byte: so many of them squared, at most */

typedef enum ht_conv_way {
    HT_CONV_DIRECT,     /* rows of positions, any shape */
    HT_CONV_BY_SAMPLES, /* the same position of many samples, for small images */
    HT_CONV_WINOGRAD    /* tiles of 4 × 4 outputs, for 3 × 3 with stride 1 */
} ht_conv_way;

/* Of a direct one with pooling, backward: what is not zero is listed, and meets windows of inputs. */
typedef enum ht_conv_sparse {
    HT_CONV_DENSE,
    HT_CONV_ROWS,   /* their rows fill vectors */
    HT_CONV_PATCHES /* few channels: the whole window is a vector or a few */
} ht_conv_sparse;

typedef struct ht_conv {
    /* the caller's */
    int batch;
    int h, w, channels; /* of the inputs */
    int filters, kernel_h, kernel_w, stride, pad_h, pad_w;
    bool rectify;          /* max(x, 0) comes after it */
    int pool, pool_stride; /* and max pooling after that, in cache; 0: none */

    /* ht_conv_plan's */
    int conv_h, conv_w; /* of the convolution */
    int out_h, out_w;   /* of what comes out after pooling */
    ht_conv_way way;
    ht_conv_sparse sparse;
    int lump;             /* samples whose lists are made together */
    int tiles_h, tiles_w; /* of Winograd's */
    int chunk;            /* samples of a task of FORWARD and INPUTS */
    int groups, group; /* partial sums of the gradient of the weights: of so many groups of so many samples */
    int tasks[HT_CONV_PHASES]; /* floats: of panels, from PACK to FORWARD and from PACK_BACK to INPUTS; from
                                * ENTER to WEIGHTS; from RETURN to WEIGHTS; of the partial sums, from WEIGHTS
                                * to gather; of a task */
    size_t packed, kept, shared, sums, scratch;
    size_t partial; /* floats of one partial sum */
} ht_conv;

/* A smaller batch needs no more memory. batch, h, w, channels, filters, kernel_h, kernel_w, stride ≥ 1; 0 ≤
 * pads; kernel_h ≤ h + 2 pad_h, kernel_w ≤ w + 2 pad_w; pool ≤ conv_h, conv_w, HT_POOLING_MOST. */
void ht_conv_plan(ht_conv *conv);

/* What a phase does not use may be NULL. Images without gaps between. Memory of the plan's sizes aligned to
 * 64 bytes; what is in it need not be set. */
typedef struct ht_conv_data {
    const float *in, *weights, *bias; /* bias: (filters), NULL: none */
    float *out;                       /* (batch × out_h × out_w × filters) */
    uint8_t *where;         /* with pooling, like out: which of a window is the largest, y · pool + x */
    const float *out_delta; /* ∂L/∂out; what did not pass `rectify` is ignored */
    float *in_delta;
    float *packed, *kept, *shared, *sums;
} ht_conv_data;

/* The task'th of conv->tasks[phase]. */
typedef void ht_conv_run(const ht_conv *conv, const ht_conv_data *data, ht_conv_phase phase, int task,
                         float *scratch);

/* For filters first .. first + m - 1, after WEIGHTS: to (m × channels·kernel_h·kernel_w) = keep · to + factor
 * · Σ over the batch of ∂L/∂weights. With keep = 0 what was there is not read. */
typedef void ht_conv_gather(const ht_conv *conv, const ht_conv_data *data, int first, int m, float *to,
                            float factor, float keep);

/* to (m) = keep · to + factor · Σ over batch and positions of ∂L/∂bias, from out_delta (and out, with
 * rectify). */
typedef void ht_conv_gather_bias(const ht_conv *conv, const ht_conv_data *data, int first, int m, float *to,
                                 float factor, float keep);

/* out (samples × pooled h × pooled w × channels); where (may be NULL, and is not used by averages): the first
 * of the largest of a window, y · size[1] + x, or of the NaNs in it. */
typedef void ht_pooling_forward(const ht_pooling *pooling, const float *in, int samples, float *out,
                                uint8_t *where);
/* in_delta is set. */
typedef void ht_pooling_backward(const ht_pooling *pooling, const float *out_delta, const uint8_t *where,
                                 int samples, float *in_delta);

typedef struct ht_conv_kernels {
    ht_conv_run *run;
    ht_conv_gather *gather;
    ht_conv_gather_bias *gather_bias;
    ht_pooling_forward *pool;
    ht_pooling_backward *pool_back;
} ht_conv_kernels;

#endif
