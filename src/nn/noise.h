/* noise.h - α-stable noise as DESIGN.md defines it, a function of (seed, step, layer, neuron, index) only.
 *
 * Each weight's draw X is symmetric α-stable. Per neuron (row), types I, II and III of arXiv 2306.08125:
 *   shared     one X for all weights, S(α, 0, 1, 0) in the S1 parametrization: E exp(iuX) = exp(-|u|^α)
 *   iid        one such X for each weight
 *   isotropic  √A · G, G standard normal for each weight, A positive (α/2)-stable for the row, with Laplace
 *              transform exp(-s^(α/2)): E exp(iuX) = exp(-(u²/2)^(α/2)) = exp(-|u/√2|^α)
 * So the same scale is not the same noise: the first two are √2 times as wide, at α = 2 N(0, 2) against
 * N(0, 1). */
#ifndef HT_NN_NOISE_H
#define HT_NN_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "heavytail/params.h"
#include "stable/stable_quantile.h"

/* A layer's number must fit the counter. */
enum { HT_NOISE_LAYERS = 256 };

typedef struct ht_noise {
    ht_noise_type type;
    double alpha; /* in [0.3, 2] */
    uint64_t seed, step;
    int layer;
    const ht_quantiles *law; /* set by ht_noise_prepare; type none needs none */
} ht_noise;

/* The tables that draws are made with: of S(α, 0, 1, 0) for types shared and iid, of S(2, 0, 1, 0) for
 * isotropic. Plain data, all zero before the first use. */
typedef struct ht_noise_laws {
    ht_quantiles stable, normal;
} ht_noise_laws;

/* Builds the table that the noise needs unless it is there (10 ms, when α changes), and points the noise to
 * it. The laws must outlive the noise and be left alone while other threads draw from it. */
void ht_noise_prepare(ht_noise *noise, ht_noise_laws *laws);

/* w (rows × columns) += scale · X, where no X is infinite, for neurons first .. first + rows - 1 of the
 * layer. Pure; any thread. */
void ht_noise_add(const ht_noise *noise, float *w, size_t first, size_t rows, size_t columns, float scale);

/* The same of rows that have one draw together, X of neuron `unit`: types shared (its X) and isotropic (its
 * A; G is the rows' own). Type iid knows no units. */
void ht_noise_add_unit(const ht_noise *noise, float *w, size_t first, size_t rows, size_t columns,
                       size_t unit, float scale);

/* x (rows × columns) = X: the same bits as ht_noise_add gives zeros at scale 1. */
void ht_noise_fill(const ht_noise *noise, float *x, size_t first, size_t rows, size_t columns);

/* w (rows × columns) += factor · X in doubles, of the same X; a factor of NaN: = X. */
void ht_noise_doubles(const ht_noise *noise, double *w, size_t first, size_t rows, size_t columns,
                      double factor);

/* A of a neuron for type isotropic, by Kanter's method (Ann. Probab. 1975) in double; 1 at α = 2. */
double ht_noise_subordinator(const ht_noise *noise, size_t neuron);

/* What a draw is multiplied by in training: σ η^(1/α). */
double ht_noise_factor(double scale, double step_size, double alpha);

#endif
