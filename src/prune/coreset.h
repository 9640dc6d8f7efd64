/* coreset.h - data-dependent sensitivities of a network's edges (Baykal, Liebenwein, Gilitschenski, Feldman,
 * Rus, ICLR 2019, arXiv 1804.05345).
 *
 * The positive and the negative weights of a neuron are two groups; so are the positive and the (negated)
 * negative parts of a calibration point's inputs. Sensitivity of edge e: the largest, over points and parts,
 * of |w_e| a_e / Σ over its group of |w| a; a sum ≤ 2^-23 counts for nothing. Pure functions. */
#ifndef HT_PRUNE_CORESET_H
#define HT_PRUNE_CORESET_H

#include "heavytail/network.h"
#include "num/rng.h"

/* What each layer gets to see of the calibration samples. */
typedef struct ht_calibration {
    int count;
    const float *input[HT_WEIGHTS_MAX]; /* (count × columns of layer l); [0] is borrowed */
    float *memory;
} ht_calibration;

ht_code ht_calibration_make(ht_calibration *points, const ht_network *net, const ht_samples *samples,
                            int limit, ht_error *err);
void ht_calibration_free(ht_calibration *points);

enum { HT_GROUPS = 2 }; /* of a neuron: weights > 0, weights < 0 */

static inline int ht_coreset_group(float w)
{
    return w < 0;
}

/* s (columns): the sensitivities of a row; sum: of each group. `w` is (columns), of layer l. */
void ht_coreset_row(const ht_calibration *points, int l, const float *w, int columns, float *s,
                    double sum[HT_GROUPS]);

/* Draws m of a group whose sensitivities add up to `sum`: round(budget × sum), at least one if it has any. */
long ht_coreset_draws(double budget, double sum);

/* Scratch: (columns) each. */
typedef struct ht_coreset_scratch {
    int *edge;
    double *share;
    struct ht_coreset_slot {
        uint32_t own, edge[2];
    } * slot;
    uint32_t *drawn;
} ht_coreset_scratch;

/* An edge expected in so many draws is kept as it is: it would be missed with probability e⁻¹⁶, so that only
 * its scatter goes; and an edge costs no more than so many draws, however large the budget. */
#define HT_CORESET_SURE 16.0

/* `tries` coresets of a row, out (tries × columns): for each group, m draws of edges with probability q = s /
 * Σ s, with replacement; ŵ = w × times drawn / (m q), which is unbiased. Edges with m q ≥ HT_CORESET_SURE are
 * kept and the others drawn among themselves, as often. */
void ht_coreset_draw(const float *w, const float *s, int columns, double budget, int tries, ht_rng *rng,
                     const ht_coreset_scratch *scratch, float *out);

#endif
