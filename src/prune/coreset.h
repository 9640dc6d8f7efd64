/* coreset.h - data-dependent sensitivities of a network's edges and channels.
 *
 * Edges of dense layers: CoreNet (Baykal, Liebenwein, Gilitschenski, Feldman, Rus, ICLR 2019, arXiv
 * 1804.05345). The positive and the negative weights of a neuron are two groups; so are the positive and the
 * (negated) negative parts of a calibration point's inputs. Sensitivity of edge e: the largest, over points
 * and parts, of |w_e| a_e / Σ over its group of |w| a; a sum ≤ 2^-23 counts for nothing.
 *
 * Edges of filters: SiPP (the same authors, arXiv 1910.05422). A filter reads a patch at each place of what
 * it gives, so that a sample is as many points as there are places, and an edge's sensitivity is the largest
 * relative contribution over samples and places: what draws are made by. Where edges are kept or not without
 * lots it is their mean. The authors' code (torchprune) has the largest over samples of the mean over places
 * there; for dense layers, which have one place, that would be CoreNet's, and CoreNet's they keep.
 *
 * Channels: PFP (Liebenwein, Baykal, Lang, Feldman, Rus, ICLR 2020, arXiv 1911.07412). Of the channels that
 * a matrix reads: the largest, over its rows, samples, places and parts, of Σ |w| a over the channel's
 * columns / Σ over all columns. The paper's relative contribution of a feature map; the authors' code takes
 * the largest of the channel's columns instead of their sum.
 *
 * Pure functions; the same bits for any number of threads. */
#ifndef HT_PRUNE_CORESET_H
#define HT_PRUNE_CORESET_H

#include "heavytail/network.h"
#include "num/rng.h"

/* What the layer of each weight matrix gets to see of the calibration samples. */
typedef struct ht_calibration {
    int count;                          /* samples */
    int places[HT_WEIGHTS_MAX];         /* of a layer: patches that it reads of a sample; 1 of dense ones */
    const float *input[HT_WEIGHTS_MAX]; /* (count × inputs of the layer); of dense networks [0] is borrowed */
    const struct ht_layer *layer[HT_WEIGHTS_MAX]; /* borrowed */
    float *memory;
} ht_calibration;

ht_code ht_calibration_make(ht_calibration *points, const ht_network *net, const ht_samples *samples,
                            int limit, ht_error *err);
void ht_calibration_free(ht_calibration *points);

/* Points of layer l: samples × places, place by place. */
static inline long ht_calibration_points(const ht_calibration *points, int l)
{
    return (long)points->count * points->places[l];
}

/* Points first .. first + count - 1 of layer l, (count × its columns): where they lie, or, of filters, in
 * `room`, which has as many floats. */
const float *ht_calibration_at(const ht_calibration *points, int l, long first, int count, float *room);

enum { HT_GROUPS = 2 }; /* of a neuron: weights > 0, weights < 0 */

static inline int ht_coreset_group(float w)
{
    return w < 0;
}

/* s (columns): the sensitivities of a row of a dense layer l, `w` (columns); sum: of each group. */
void ht_coreset_row(const ht_calibration *points, int l, const float *w, int columns, float *s,
                    double sum[HT_GROUPS]);
/* The same sums, of sensitivities that are known. */
void ht_coreset_sums(const float *w, const float *s, int columns, double sum[HT_GROUPS]);

/* s (rows × columns): the sensitivities of rows `w` of layer l, any; `mean`: over all points, not
 * the largest. room: (1 + rows, or without means 1) × columns. Several rows at once, since patches are put
 * together anew for them. */
void ht_coreset_rows(const ht_calibration *points, int l, const float *w, int rows, int columns, bool mean,
                     float *s, float *room);

/* Raises s (columns / each), of the channels that layer l reads, `each` columns a channel, to what rows `w`
 * of it say. patch: (columns); parts: 4 × (columns / each). */
void ht_coreset_channels(const ht_calibration *points, int l, const float *w, int rows, int columns, int each,
                         float *s, float *patch, double *parts);

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
