/* network.h - the network f(x) = W_out · act(W_L · … act(W_1 x + b_1)) + b_out; biases only in networks of
 * others. With a mean field W_out h is divided by the width of the last hidden layer, b_out is not.
 *
 * Hidden layer l is (width × fan_in), row-major: a row holds the incoming weights of one neuron (a "column"
 * in arXiv 2306.08125). The output layer is (classes × width). Networks trained here have hidden layers of
 * one width; those of others, and pruned ones, may have another in each. Ownership: the caller frees it. Thread: a
 * network belongs to one thread at a time; concurrent reads are fine. */
#ifndef HEAVYTAIL_NETWORK_H
#define HEAVYTAIL_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heavytail/dataset.h"
#include "heavytail/params.h"
#include "heavytail/status.h"

struct ht_pool; /* base/pool.h; NULL runs on the caller */

enum { HT_DEPTH_MAX = 4 };

typedef struct ht_layer {
    int rows, columns;
    float *weight; /* (rows × columns), row-major */
    float *bias;   /* (rows), added before the activation; NULL: none, as in networks that are trained here */
} ht_layer;

typedef struct ht_network {
    int depth; /* hidden layers, 1 .. HT_DEPTH_MAX */
    ht_activation activation;
    bool mean_field;                   /* output divided by the width (2306.08125, eq. 1) */
    ht_layer layers[HT_DEPTH_MAX + 1]; /* hidden ones first, layers[depth] is the output layer */
} ht_network;

/* Zero weights, no biases. NULL with *err set when memory is short. `widths` (depth). */
ht_network *ht_network_new(int inputs, int width, int depth, int classes, ht_activation activation,
                           bool mean_field, ht_error *err);
ht_network *ht_network_new_widths(int inputs, const int widths[], int depth, int classes,
                                  ht_activation activation, bool mean_field, ht_error *err);

/* A network of the same shapes, with biases where `net` has them: zeros (like), or its numbers (copy). */
ht_network *ht_network_like(const ht_network *net, ht_error *err);
/* Puts the numbers of `from` into `to`, which has the same shapes. */
void ht_network_assign(ht_network *to, const ht_network *from);
ht_network *ht_network_copy(const ht_network *net, ht_error *err);
void ht_network_free(ht_network *net);

/* Uniform in ±1/√fan_in, a function of the seed and the position only. */
void ht_network_init(ht_network *net, uint64_t seed, struct ht_pool *pool);

static inline size_t ht_layer_size(const ht_layer *layer)
{
    return (size_t)layer->rows * (size_t)layer->columns;
}

bool ht_network_has_biases(const ht_network *net); /* in any layer, zeros too */

size_t ht_network_parameters(const ht_network *net); /* number of weights, biases left out */

/* How many weights there are, and how many are more than nothing; biases left out. */
typedef struct ht_sizes {
    size_t weights;
    size_t nonzero;
    size_t above_epsilon; /* |w| > 2^-23, the float's machine epsilon */
    size_t above_1e4;     /* |w| > 1e-4 */
} ht_sizes;

ht_sizes ht_network_sizes(const ht_network *net);

typedef struct ht_score {
    double loss;     /* mean cross-entropy, natural logarithm */
    double accuracy; /* correct / total; the lowest class wins a tie */
} ht_score;

/* Evaluates `samples`. `keep`, if given, holds one array of `rows` floats per hidden layer: 1 keeps a
 * neuron, 0 removes it: it gives 0, whatever its bias (NULL entries keep all). The result does not depend on the number of threads. HT_FAIL
 * when scratch memory is short. */
ht_code ht_network_evaluate(const ht_network *net, const ht_samples *samples, const float *const *keep,
                            struct ht_pool *pool, ht_score *score, ht_error *err);

/* The same, and the cross-entropy of each sample: losses is (samples->count). */
ht_code ht_network_losses(const ht_network *net, const ht_samples *samples, struct ht_pool *pool,
                          float *losses, ht_score *score, ht_error *err);

#endif
