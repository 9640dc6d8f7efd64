/* prune_plan.h - what a pruning method is made of; params/prune_methods.def is the table of them.
 *
 * A method is prepared on a network (orders, factors, sensitivities), then asked how far to cut each layer
 * for a ratio or an error, then to cut: as often as wanted, on copies of that network or, once, on itself. */
#ifndef HT_PRUNE_PRUNE_PLAN_H
#define HT_PRUNE_PRUNE_PLAN_H

#include "heavytail/prune.h"
#include "prune/prune_reach.h"

/* What units are called, of dense layers and of convolutions. */
typedef struct ht_prune_words {
    const char *dense, *filters;
} ht_prune_words;

/* How far one layer is cut. */
typedef struct ht_prune_cut {
    int64_t removed; /* units: neurons and singular values in the layer's order */
    uint32_t key;    /* weights: scores whose bits are below this go, … */
    int64_t ties;    /* … and the first so many equal to it */
    double budget; /* sampled coreset: draws of a group for each unit of its sensitivity; Inf: no sampling */
} ht_prune_cut;

typedef struct ht_prune_plan {
    const ht_network *net; /* borrowed */
    ht_prune_spec spec;
    struct ht_pool *pool;
    const struct ht_prune_ops *ops;
    ht_prune_words words;
    ht_prune_reach reach;
    bool acts[HT_WEIGHTS_MAX]; /* on which matrices; of others `units` is 0, and orders are empty */
    int layers;                /* it acts on none from here on */
    bool masks;                /* as the operations say, but heads are no rows that a mask can leave out */
    bool joint;                /* they are ranked together */
    int64_t units[HT_WEIGHTS_MAX];
    double norm2[HT_WEIGHTS_MAX];          /* ‖W‖² of each layer */
    double *row_norm2[HT_WEIGHTS_MAX];     /* (rows): ‖w‖² of each row; only while preparing */
    ht_prune_order orders[HT_WEIGHTS_MAX]; /* neurons and singular values */
    void *state;                           /* the method's own */
} ht_prune_plan;

typedef struct ht_prune_ops {
    ht_code (*prepare)(ht_prune_plan *plan, ht_error *err);
    void (*release)(ht_prune_plan *plan); /* of what prepare made, also after it failed */
    /* For a ratio, or (NaN) for the error of the spec. `cut` comes in zeroed. */
    ht_code (*cut)(const ht_prune_plan *plan, double ratio, ht_prune_cut cut[HT_WEIGHTS_MAX], ht_error *err);
    /* Cuts `net`, which holds the weights that were prepared. Fills removed[l] and lost2[l] = ‖W - Ŵ‖². */
    ht_code (*project)(const ht_prune_plan *plan, const ht_prune_cut cut[HT_WEIGHTS_MAX], ht_network *net,
                       int64_t removed[HT_WEIGHTS_MAX], double lost2[HT_WEIGHTS_MAX], ht_error *err);
    /* Adds what is left of layer l, one of all, to parameters_left and bytes_left. */
    void (*measure)(const ht_prune_plan *plan, int l, const int64_t removed[HT_WEIGHTS_MAX],
                    ht_prune_result *result);
    /* The curve of a network of two dense layers, cut at `at` too; NULL: by evaluations. */
    ht_code (*curve)(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                     ht_error *err);
    const char *unlasting; /* ht_prune_unlasting; NULL: zeros are what it removes */
    bool centres; /* listens to spec.centre */
    bool heads;   /* of attention, units are whole heads */
    bool values;  /* of attention's queries, keys and values it takes the values alone */
    bool masks;   /* units are rows, which a mask can leave out: trying needs no copy of the network */
    const struct ht_prune_ops *columns; /* what prune.unit = column asks for; NULL: the same */
    ht_prune_words words;               /* NULL: as the table says, and of filters with `masks` "filters" */
} ht_prune_ops;

#define HT_PRUNE_METHOD(id, name, unit, operations, ...)                                                     \
    extern const ht_prune_ops ht_prune_##operations##_ops;
#include "params/prune_methods.def"

ht_code ht_prune_plan_make(ht_prune_plan *plan, const ht_network *net, const ht_prune_spec *spec,
                           struct ht_pool *pool, ht_error *err);
/* The part of matrix l of `net` that the method acts on, which lies there: all of it, but of the queries,
 * keys and values of attention svd takes the values' rows. */
ht_tensor ht_prune_part(const ht_prune_plan *plan, const ht_network *net, int l);
/* Does the method take whole heads of matrix l, which has queries, keys and values? */
bool ht_prune_takes_heads(const ht_prune_plan *plan, int l);

void ht_prune_plan_free(ht_prune_plan *plan);
void ht_prune_free_row_norms(ht_prune_plan *plan);

/* Cuts `net` at a ratio (NaN: at the spec's error) and says what that did. */
ht_code ht_prune_plan_apply(const ht_prune_plan *plan, double ratio, ht_network *net, ht_prune_result *result,
                            ht_error *err);
/* Which units stay, of methods with `masks`: as ht_network_evaluate takes it. */
typedef struct ht_prune_mask {
    const float *keep[HT_HIDDEN_MAX];
    float *block; /* of all of them: ht_free */
} ht_prune_mask;

/* The same as a mask; a zeroed one, or one that was made before. */
ht_code ht_prune_plan_mask(const ht_prune_plan *plan, double ratio, ht_prune_mask *mask,
                           ht_prune_result *result, ht_error *err);
/* Units, ratio, errors and sizes of a network cut so far. */
ht_prune_result ht_prune_plan_result(const ht_prune_plan *plan, const int64_t removed[HT_WEIGHTS_MAX],
                                     const double lost2[HT_WEIGHTS_MAX]);

/* What is taken of a network: "units" of both. */
const char *ht_prune_units_word(const ht_network *net, ht_prune_words words);

/* Dense weights that are left. */
void ht_prune_add_weights(ht_prune_result *result, size_t weights);

/* prune_columns.c: of node, norm-l1 and random. */
extern const ht_prune_ops ht_prune_column_ops;

/* ---- prune_order.c ---- */

/* The cut of layers whose units go in the order plan->orders has. */
ht_code ht_prune_cut_orders(const ht_prune_plan *plan, double ratio, ht_prune_cut cut[HT_WEIGHTS_MAX],
                            ht_error *err);
/* ε after the first k of an order, of a layer with squared norm `total`. */
void ht_prune_order_errors(ht_prune_order *order, double total, ht_prune_metric metric);
/* key (rows): what a method of neuron_ops ranks the rows of a matrix by: ‖w‖², Σ|w|, or lots. */
void ht_prune_row_keys(const ht_tensor *layer, ht_prune_method method, uint64_t seed, struct ht_pool *pool,
                       double *key);
/* The order of neurons by rising key (n), whose ‖w‖² are norm2 (n). */
ht_code ht_prune_order_rank(ht_prune_order *order, int n, const double *key, const double *norm2,
                            ht_prune_metric metric, ht_error *err);
/* norm2 (rows): ‖w‖² of each row. */
void ht_prune_norms(const ht_tensor *layer, struct ht_pool *pool, double *norm2);
ht_code ht_prune_order_alloc(ht_prune_order *order, int count, ht_error *err);

/* ---- prune_neurons.c: of all methods that take units in the order plan->orders has ---- */

ht_code ht_prune_project_rows(const ht_prune_plan *plan, const ht_prune_cut cut[HT_WEIGHTS_MAX],
                              ht_network *net, int64_t removed[HT_WEIGHTS_MAX], double lost2[HT_WEIGHTS_MAX],
                              ht_error *err);
/* Rows that are left, with the columns of what they read. */
void ht_prune_measure_rows(const ht_prune_plan *plan, int l, const int64_t removed[HT_WEIGHTS_MAX],
                           ht_prune_result *result);

/* ---- prune_error.c ---- */

/* The share of the squared norm that is lost: medians put back and reweighted edges may lose more than there
 * was, rounding may not. */
double ht_prune_lost(double lost2, double norm2);
/* ε as the metric has it, from a share of the squared norm; and the share that the spec's error is. */
double ht_prune_error(ht_prune_metric metric, double share);
double ht_prune_share(const ht_prune_spec *spec);

/* Has the caller of a curve lost interest? Then HT_FAIL with *err set. */
ht_code ht_prune_go_on(const ht_prune_spec *spec, ht_error *err);

/* ⌊ratio × units⌋ in double. */
int64_t ht_prune_floor(double ratio, int64_t units);

/* prune_compact.c: the network that ht_prune_compact would leave if the neurons with keep[l][i] = 0 (NULL:
 * none, also for a layer) had zero rows. The caller frees it. */
ht_network *ht_prune_compact_copy(const ht_network *net, const float *const *keep, ht_error *err);

/* prune_curve.c: neurons of one hidden dense layer, exact at every k. prune_grid.c: by evaluations. */
ht_code ht_prune_exact_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                             ht_error *err);
ht_code ht_prune_grid_curve(const ht_prune_plan *plan, const ht_samples *samples, ht_prune_curve *curve,
                            ht_error *err);

#endif
