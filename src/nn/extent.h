/* extent.h - how large the values of a network can be, and by how much they can change when its numbers do:
 * what the bounds of arXiv 2106.03795 are made of, for layers of every kind. Norms of values are Euclidean,
 * over all values of a sample; those of weight matrices are Frobenius norms.
 *
 * A layer that reads values of norm ≤ R which change by D or less gives, with weights W that become Ŵ,
 *     norm ≤ √m ‖W‖ R + √places ‖b‖
 *     change ≤ √m (‖W‖ + ‖W - Ŵ‖) D + √m ‖W - Ŵ‖ R + √places ‖b - b̂‖
 * where m is the largest number of windows that a value is in: 1 for dense layers. (A convolution gives W x_p
 * at place p, so that ‖z‖² ≤ ‖W‖² Σ_p ‖x_p‖², and Σ_p counts a value once for each window it is in. A window
 * of k by stride s has at most ⌈k/s⌉ of them a side: k·k at stride 1, one where windows lie side by side.)
 * Without biases, and with m = 1, this is B Π‖W_l‖ (Π(1 + ε_l) - 1), ε_l = ‖W_l - Ŵ_l‖ / ‖W_l‖.
 * Pooling multiplies both by √m (the largest) or √(m / places of a window) (the mean); a residual adds both
 * of what it sums; activations let 0 be 0 and have slopes up to 1, GELU up to 1.129; dropout is not there in
 * evaluation; batch norm is a factor and a summand for each channel then. Layer norm: its normalized values
 * have norm ≤ √values, and slopes up to 1/√(1e-5) = 316, which is true, finite and far from what happens. */
#ifndef HT_NN_EXTENT_H
#define HT_NN_EXTENT_H

#include <stdbool.h>

#include "heavytail/network.h"

struct ht_layer;

typedef struct ht_extent {
    double size, change; /* bounds on the norm, and on the norm of the change */
} ht_extent;

/* What the network can give, before softmax, for inputs of norm ≤ `input`, and by how much that can change
 * when its numbers become those of `other`, which has the same layers (a bias that one of them lacks is 0).
 * False: there is no such bound. *why then says so: static storage. Rounding of the arithmetic is left out.
 */
bool ht_extent_of(const ht_network *net, const ht_network *other, double input, ht_extent *gives,
                  const char **why);

/* ---- for kinds of layers ---- */

/* It gives what it reads, in whatever order. */
void ht_extent_same(const struct ht_layer *layer, const struct ht_layer *other, ht_extent *values,
                    const ht_extent *also);

/* A weight matrix at every place, and its biases. */
void ht_extent_matrix(const struct ht_layer *layer, const struct ht_layer *other, double windows,
                      ht_extent *values);

/* A factor and a summand for each channel, of a network and of the other, taken up one by one … */
typedef struct ht_extent_channels {
    double most, apart;                /* factors: the largest, and how far two are apart */
    double summands2, summands_apart2; /* squared norms */
} ht_extent_channels;

void ht_extent_channel(ht_extent_channels *channels, const double factor[2], const double summand[2]);
/* … and what they make of the values. */
void ht_extent_scale(const ht_extent_channels *channels, int places, ht_extent *values);

/* The largest number of windows, `stride` apart, that one value is in, on each side. */
double ht_extent_windows(const struct ht_layer *layer, const int pad[2], const int stride[2]);

#endif
