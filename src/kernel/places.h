/* places.h - the inner loops of layers on sequences: a weight matrix at every place, heads of attention,
 * layer norm and GELU. Compiled once per instruction set. Sums of products are fused where the set can, so
 * that their last bits depend on it; GELU and norms have the same bits from every build. All are pure on the
 * caller's memory. */
#ifndef HT_KERNEL_PLACES_H
#define HT_KERNEL_PLACES_H

#include <stddef.h>

/* Floats behind the end of what a head reads that may be read, too, and are not used; rows of P are whole
 * multiples of it, from its place on. */
enum { HT_PLACE_LINE = 16, HT_PLACE_PANEL = 32 };

static inline size_t ht_place_row(int places)
{
    return ((size_t)places + HT_PLACE_LINE - 1) / HT_PLACE_LINE * HT_PLACE_LINE;
}

static inline size_t ht_place_panels(int columns)
{
    return ((size_t)columns + HT_PLACE_PANEL - 1) / HT_PLACE_PANEL * HT_PLACE_PANEL;
}

/* Floats of a packed matrix: its panels for the way forward, and those for the way back. */
static inline size_t ht_place_packed(int units, int inputs)
{
    return ht_place_panels(units) * (size_t)inputs + ht_place_panels(inputs) * (size_t)units;
}

/* Σ deltaᵀ x over the places of some samples, of some rows of a matrix (units × inputs). */
typedef struct ht_place_sums {
    const float *delta, *x;        /* (places × units), (places × inputs) of the first sample */
    size_t delta_sample, x_sample; /* floats from sample to sample */
    int samples, places, units, inputs;
    int first, rows;
} ht_place_sums;

/* One head: q, k and v (places × channels) and their deltas are `stride` floats apart from place to place, y
 * and its delta y_stride, P is (places × row). */
typedef struct ht_head {
    int places, channels, stride, y_stride, row;
    float scale; /* of q kᵀ */
} ht_head;

/* Floats of `room` that a head wants. */
static inline size_t ht_head_room(int places, int channels)
{
    return ht_place_panels(places) * (size_t)channels + (size_t)places * ht_place_row(places);
}

typedef struct ht_place_kernels {
    /* w (units × inputs) in panels */
    void (*pack)(const float *w, int units, int inputs, float *packed);
    /* h (places × units) = x (places × inputs) wᵀ + bias; bias may be NULL */
    void (*forward)(const float *packed, int units, int inputs, const float *bias, const float *x, int places,
                    float *h);
    /* d (places × inputs) = delta (places × units) w */
    void (*back)(const float *packed, int units, int inputs, const float *delta, int places, float *d);
    /* to (rows × inputs) = keep · to + factor · the sums */
    void (*gather)(const ht_place_sums *of, float *to, float factor, float keep);

    /* P = softmax of scale q kᵀ over the places up to its own, y = P v */
    void (*attend)(const ht_head *head, const float *q, const float *k, const float *v, float *p, float *y,
                   float *room);
    /* What goes back: dq, dk, dv from dy */
    void (*attend_back)(const ht_head *head, const float *const qkv[3], const float *p, const float *dy,
                        float *const deltas[3], float *room);

    /* Each place's channels less their mean, times 1/√(variance + epsilon), times gain, plus bias (or NULL).
     * measured (places × 2): that mean and factor */
    void (*normalize)(const float *x, int places, int channels, double epsilon, const float *gain,
                      const float *bias, double *measured, float *h);
    /* d from delta */
    void (*normalize_back)(const float *x, int places, int channels, const double *measured,
                           const float *gain, const float *delta, float *d);
    /* gains (channels) and, unless NULL, biases (channels) += what these places say of them */
    void (*normalize_gains)(const float *x, int places, int channels, const double *measured,
                            const float *delta, float *gains, float *biases);

    /* x = x Φ(x), and slope (or NULL) its derivative Φ(x) + x φ(x): within 4e-7 of the larger of 1 and the
     * value; Φ of large negative x is relatively right. slope may not overlap x */
    void (*gelu)(float *x, float *slope, size_t count);
    /* x[i] *= by[i]; and to[i] = a[i] + b[i] */
    void (*multiply)(float *x, const float *by, size_t count);
    void (*add)(float *to, const float *a, const float *b, size_t count);
} ht_place_kernels;

#endif
