/* noise.h - α-stable noise as DESIGN.md defines it, a function of (seed, step, layer, neuron, index) only.
 *
 * X is symmetric α-stable, S(α, 0, 1, 0) in the S1 parametrization, E exp(iuX) = exp(-|u|^α). Per neuron
 * (row): shared     one X for all weights        (type I of arXiv 2306.08125) iid        one X per weight
 * (type II) isotropic  √A · G, G standard normal, A positive (α/2)-stable with Laplace transform
 * exp(-s^(α/2))   (type III) */
#ifndef HT_MATH_NOISE_H
#define HT_MATH_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "heavytail/params.h"
#include "math/stable_quantile.h"

/* A layer's number must fit the counter. */
enum { HT_NOISE_LAYERS = 256 };

typedef struct ht_noise {
    ht_noise_type type;
    double alpha; /* in [1, 2] */
    uint64_t seed, step;
    int layer;
    const ht_quantiles *law; /* set by ht_noise_prepare; type none needs none */
} ht_noise;

/* Builds the table of the type's law, for its α, if it does not hold it yet (some 10 ms), and points noise to
 * it; the caller keeps it while the noise is in use. */
void ht_noise_prepare(ht_noise *noise, ht_quantiles *law);

/* w (rows × columns) += scale · X for neurons first .. first + rows - 1 of the layer. Pure; any thread. */
void ht_noise_add(const ht_noise *noise, float *w, size_t first, size_t rows, size_t columns, float scale);

/* A of a neuron for type isotropic, by Kanter's method (Ann. Probab. 1975) in double; 1 at α = 2. */
double ht_noise_subordinator(const ht_noise *noise, size_t neuron);

/* What a draw is multiplied by in training: σ η^(1/α). */
double ht_noise_factor(double scale, double step_size, double alpha);

#endif
