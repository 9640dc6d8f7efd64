/* prune.h - making a trained network smaller: what is removed in which order, the error it makes, the
 * accuracy that is left, and the network that is really smaller.
 *
 * Every method removes units of one kind (ht_prune_at): neurons and filters of the hidden layers (node,
 * norm-l1, pfp, random), weights of all layers (magnitude, magnitude-layer, coreset), singular values of the
 * hidden layers (svd). node, norm-l1 and random may take, instead of rows, columns of dense layers and
 * kernels of filters (prune.unit), which are weights and no neurons: biases stay. A filter is a row of its
 * (filters × channels · window) matrix, and that is what is approximated. Ratio: units removed over all units
 * of those layers; parameters_left says what that is of the weights. For one hidden dense layer the two are
 * the same.
 *
 * Biases are no weights: no method ranks by them, errors are those of weight matrices, sizes count weights.
 * A removed neuron (node, norm-l1, pfp, random) gives 0, so that its bias goes with it; all other biases stay
 * as they are: a neuron whose weights magnitude or coreset took away gives act(b), and svd lowers the rank of
 * W alone.
 *
 * Relative error ε of putting Ŵ in W's place: ‖W - Ŵ‖² / ‖W‖², Frobenius norms (`fro_squared`, arXiv
 * 2306.08125), or its square root (`fro`). Layers that are pruned each by itself have an error each, and ε is
 * the largest; layers ranked together have one over all their weights. The pruning ratio κ is the largest
 * ratio whose ε is at or below a given error. Ties go to the lower index.
 *
 * Pure functions of network, spec and samples, the same for any number of threads; the caller owns what they
 * return. */
#ifndef HEAVYTAIL_PRUNE_H
#define HEAVYTAIL_PRUNE_H

#include "heavytail/network.h"

HT_PUBLIC_BEGIN

/* ---- what to do ---- */

typedef struct ht_prune_info {
    const char *name;  /* as in prune.method */
    const char *unit;  /* what it removes: "neurons", "weights", "singular values" */
    const char *what;  /* a line for people */
    bool output_layer; /* acts on the output layer too */
    bool calibrated;   /* needs spec.calibration */
    int cost;          /* of a curve, against the others: the least is the cheapest */
} ht_prune_info;

const ht_prune_info *ht_prune_at(ht_prune_method method); /* static storage */

/* What the method removes from this network: as ht_prune_info.unit says, but "filters", or "units" where
 * there are filters and neurons; "columns", "kernels" or "units" if it goes by column. Static storage. */
const char *ht_prune_unit(const ht_network *net, ht_prune_method method, ht_prune_side side);

/* Why the method cannot be used on this network: half a sentence, static storage; NULL: it can. */
const char *ht_prune_refuses(const ht_network *net, ht_prune_method method);

/* Does it listen to prune.unit? The others remove what they do. */
bool ht_prune_has_sides(ht_prune_method method);

/* Does it listen to prune.centre, when it goes by this side? */
bool ht_prune_centres(ht_prune_method method, ht_prune_side side);

/* Does it rank the units of all layers together, asked for this prune.scope? Some do whatever is asked, or
 * never. */
bool ht_prune_is_joint(ht_prune_method method, ht_prune_scope scope);

typedef struct ht_prune_spec {
    ht_prune_method method;
    ht_prune_metric metric;
    double error;                  /* remove as much as this allows; used when ratio is NaN */
    double ratio;                  /* 0 .. 1: remove ⌊ratio × units⌋ */
    ht_prune_scope scope;          /* several layers: each by itself, or all ranked together */
    ht_prune_side side;            /* node, norm-l1, random: what is a unit */
    bool centre;                   /* svd, magnitude, columns: medians taken away before and put back after */
    ht_coreset_kind coreset;       /* how coreset chooses */
    uint64_t seed;                 /* of random and coreset */
    const ht_samples *calibration; /* coreset, pfp: borrowed; may be NULL for the others */
    int calibration_limit;         /* uses the first so many of them; 0: all */
    bool brief; /* of curves by evaluations only half of the points, and neurons and filters are taken out,
                   not masked: several times as fast, the same but for rounding */
    /* Asked now and then while a curve is made, by any thread: true ends it with HT_FAIL. NULL: never. */
    bool (*cancelled)(void *context);
    void *cancel_context;
} ht_prune_spec;

/* What the parameters ask for. `train` (may be NULL: not coreset, pfp) is borrowed: its first
 * prune.samples calibrate those. */
ht_prune_spec ht_prune_spec_of(const ht_params *params, const ht_samples *train);

/* ---- doing it ---- */

typedef struct ht_prune_layer {
    const char *unit; /* what it removes here: "filters"; static */
    int64_t units,
        removed; /* units 0: the method does not act on this layer; there is no more to say of it */
    int64_t
        held; /* of the removed: stay in the smaller network, as zeros, because a sum or a norm reads them */
    double error; /* ε of this layer alone */
} ht_prune_layer;

typedef struct ht_prune_result {
    const char *unit;             /* ht_prune_unit of the network */
    int64_t units, removed, held; /* over all layers the method acts on */
    double ratio, error;          /* removed / units; ε */
    int layer_count;
    ht_prune_layer layers[HT_WEIGHTS_MAX];
    size_t parameters, parameters_left; /* weights stored before and after, no biases: without removed
                                           units' rows and what reads them, but for those that are held; svd
                                           as two factors where that is less */
    size_t bytes, bytes_left;           /* the same in floats; scattered weights as compressed sparse rows */
    ht_score train, test;               /* of the pruned network; only ht_prune_try fills them */
    double multiply_adds, multiply_adds_left; /* of all weights stored, before and after, for one sample: a
                                                 weight of a convolution one for each place (network.h) */
} ht_prune_result;

/* Prunes `net` in place. Removed neurons keep a zero row and a zero bias; their outgoing weights stay,
 * reaching nothing. HT_USAGE for coreset and pfp without calibration samples. Memory beside the network:
 * orders and scores, for svd the singular vectors of its layers (m × m floats, m the shorter side; 12 m²
 * bytes while they are computed), for coreset and pfp the calibration samples' activations, for coreset the
 * sensitivities of filters. */
ht_code ht_prune_apply(ht_network *net, const ht_prune_spec *spec, struct ht_pool *pool,
                       ht_prune_result *result, ht_error *err);

/* Can it take a share of what is left again and again, while the network is trained? Else why not: what it
 * removes no mask keeps at zero. Static storage; NULL: it can. */
const char *ht_prune_unlasting(ht_prune_method method);

/* Goes on pruning a network in which zeros are what went before: removes ⌊share · count⌋ of the `count` units
 * that are left, of each layer or, where layers are ranked together, of all; the least by the method. Units
 * are rows or weights (spec.side: rows). The columns that read a neuron or filter become 0 with it, so that
 * zeros count what is gone. HT_USAGE for a method that is unlasting. */
ht_code ht_prune_further(ht_network *net, const ht_prune_spec *spec, double share, struct ht_pool *pool,
                         ht_error *err);

/* What ht_prune_apply would do, and how good the pruned network is on `train` and `test`, each of which may
 * be NULL. `net` is unchanged. *small, unless `small` is NULL, becomes what ht_prune_compact leaves of the
 * pruned network; the caller frees it. Memory beside the network: neurons and filters are masked, and only
 * *small is another network; the other methods prune a copy, which *small then is. */
ht_code ht_prune_try(ht_prune_result *result, const ht_network *net, const ht_samples *train,
                     const ht_samples *test, const ht_prune_spec *spec, struct ht_pool *pool,
                     ht_network **small, ht_error *err);

/* ---- curves ---- */

typedef struct ht_prune_point {
    int64_t removed; /* units, over all layers; one hidden layer and node: neurons */
    double ratio;    /* removed / units */
    double error;    /* ε */
    double accuracy;
    double loss;    /* NaN where it was not computed */
    double weights; /* parameters_left / parameters: what methods are compared at */
    double bytes;   /* bytes_left / bytes */
    double compute; /* multiply_adds_left / multiply_adds */
} ht_prune_point;

typedef struct ht_prune_curve {
    ht_prune_method method;
    ht_prune_metric metric;
    const char *unit; /* ht_prune_unit of the network */
    bool exact; /* at every k, or (svd) at every rank of 200 evenly many; else at the ratios of a grid */
    int count;
    ht_prune_point *points; /* by rising ratio, from nothing removed to everything */
    ht_prune_point at;      /* pruned as the spec asks; of one layer, or all together, a point of the curve */
    int64_t units;
} ht_prune_curve;

/* Accuracy and ε against the ratio; spec.ratio and spec.error say only where `at` is. One hidden layer, the
 * network two dense ones: node, norm-l1, pfp and random are exact at every k from 0 to n, with the loss at ≥
 * 200 of them, for little more than one forward pass: neurons are added to the logits from the last removed
 * to the first. svd adds up pre-activations rank by rank. The others, and all of other networks (the same
 * ratio of each layer, unless the scope is global), take evaluations at 21 ratios and 20 more where the
 * accuracy falls; half as many if spec.brief. */
ht_code ht_prune_curve_make(ht_prune_curve *curve, const ht_network *net, const ht_samples *samples,
                            const ht_prune_spec *spec, struct ht_pool *pool, ht_error *err);
void ht_prune_curve_free(ht_prune_curve *curve);

/* What a curve says in a few numbers. A point is 0.01 of accuracy below the whole network's. */
typedef struct ht_prune_reading {
    double one_point; /* the ratio up to which no point of the curve is more than a point lower; 0: the first
                         removal costs more */
    double area;      /* under accuracy against ratio, by trapezoids */
    double kept;      /* the share of the parameters (`weights`) at one_point … */
    double compute;   /* … and of the multiply-adds */
} ht_prune_reading;

ht_prune_reading ht_prune_read(const ht_prune_curve *curve);

/* The point with the largest ratio at or below `ratio`. */
const ht_prune_point *ht_prune_curve_at(const ht_prune_curve *curve, double ratio);

/* ---- the neurons of one layer ---- */

/* The order in which the neurons of one hidden layer go. */
typedef struct ht_prune_order {
    int count;     /* n */
    int *neuron;   /* (n): first removed first */
    double *key;   /* (n), rising: what they are ranked by */
    double *norm2; /* (n): ‖w‖² */
    double *error; /* (n + 1): ε after removing the first k */
} ht_prune_order;

/* Does the method rank rows by nothing but what is in them, or by lot: node, norm-l1, random? */
bool ht_prune_ranks_rows(ht_prune_method method);

/* Of such a method. */
ht_code ht_prune_order_make(ht_prune_order *order, const ht_tensor *layer, ht_prune_method method,
                            ht_prune_metric metric, uint64_t seed, ht_error *err);
void ht_prune_order_free(ht_prune_order *order);

/* Largest k with ε(k) ≤ error. */
int ht_prune_removable(const ht_prune_order *order, double error);

/* ---- the network that is really smaller ---- */

/* Takes out, in place, the neurons and filters that give nothing (a zero row and a bias that the activation
 * maps to 0, as it does 0) or reach nothing (zero columns in all layers that read them: k·k columns a channel
 * in a convolution, height · width in a dense layer after flattening); at least one a layer stays, and so do
 * those that a sum of a residual or a norm reads. The network computes the same function; its layers may have
 * different widths then. HT_FAIL when lists of neurons find
 * no memory: it is unchanged. */
ht_code ht_prune_compact(ht_network *net, ht_error *err);

/* Least seconds, of several turns, that each of two networks takes over `samples`: what else the machine does
 * only adds to them. */
ht_code ht_prune_speed(const ht_network *whole, const ht_network *small, const ht_samples *samples,
                       struct ht_pool *pool, double seconds[2], ht_error *err);

HT_PUBLIC_END

#endif
