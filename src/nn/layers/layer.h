/* layer.h - layers and their kinds: what a layer is made of and how it computes. params/layers.def is the
 * table of kinds; nothing outside a kind's own file knows how it computes.
 *
 * A layer reads what the one before it gives, unless it says another, and some read a second one (residuals).
 * Values with a shape lie place by place, channels last (NHWC), where a kind asks for that; a dense layer
 * reads channels first, as PyTorch flattens. ht_layer_order, which no line names, stands between the two.
 *
 * Work is cut the same way for any number of threads: dense layers into shards of HT_SHARD output units,
 * others into spans of samples (shard.h). The operations are called by tasks of a pool: each writes its own
 * part only. */
#ifndef HT_NN_LAYER_H
#define HT_NN_LAYER_H

#include "heavytail/network.h"
#include "nn/extent.h"

struct ht_step;
struct ht_hyper;

enum { HT_LAYERS_MAX = 2 * HT_WEIGHTS_MAX, HT_NO_LAYER = -2, HT_NETWORK_INPUT = -1 };

typedef struct ht_layer {
    const struct ht_layer_kind *kind;
    ht_shape in, out;
    int inputs, outputs;      /* values of a sample that it takes and gives: those of the shapes */
    int input, also;          /* the layers it reads: a number, HT_NETWORK_INPUT; also: or HT_NO_LAYER */
    ht_activation activation; /* of what it gives; the output layer is linear */
    ht_tensor *tensor;        /* (tensors): its own part of the network's list */
    int tensors;
    int number;      /* of the layer */
    int weight;      /* of its weight matrix in the network's list, or -1 */
    int window[2];   /* height and width of a window, */
    int stride, pad; /* how far apart they are; zeros around what comes in, or HT_PAD_SAME */
    bool mean;       /* pooling: the mean, not the largest */
    bool last;       /* order: it gives channels last */
    int ends_at;     /* the last layer whose work it does: itself, or the next, whose values it gives */
    double rate;     /* of dropout */
    int heads;       /* of attention */
    int vocabulary;  /* of embed: tokens are whole numbers from 0 to below it */
} ht_layer;

/* What a layer is to be. */
typedef struct ht_layer_spec {
    const struct ht_layer_kind *kind;
    int units; /* neurons, filters, channels of an embedding */
    ht_activation activation;
    bool bias;   /* a number for each unit is added before the activation */
    bool output; /* the last layer: its units are the classes, and it is linear */
    bool quiet;  /* no noise acts on it */
    bool tied;   /* the output's: its weights are the token table, layer 0's first tensor */
    int back;    /* how many layers before the last one it reads; 0: the last one */
    int also;    /* the same of the second that it reads, from 1; 0: there is none */
    int window[2], stride, pad;
    bool mean, global, last;
    double rate;
    int heads, vocabulary;
} ht_layer_spec;

enum { HT_LAYER_TENSORS = 4 }; /* of one layer, at most */

/* Memory that a layer wants beside its values: floats, and bytes. */
typedef struct ht_room {
    size_t packed;  /* its weights as it wants them, during apply or back */
    size_t kept;    /* what the way back needs to know, from the forward pass on, */
    size_t bytes;   /* and bytes of it, so many for each sample of the batch */
    size_t shared;  /* from back to gradient */
    size_t sums;    /* from gradient (or back, where there is none) to the update */
    size_t scratch; /* of a thread while it works on the layer */
} ht_room;

/* What goes through a layer for some samples: of a task of it, or of all tasks. */
typedef struct ht_span {
    int first, samples; /* of the batch */
    const float *x;     /* (samples × inputs) */
    const float *also;  /* of the second layer it reads, or NULL */
    float *gives;       /* (samples × outputs of its ends_at): on the way back, what it gave */
    float *packed, *kept, *shared, *sums;
    bool ready; /* of a kind that packs its weights: `packed` has them */
    unsigned char *bytes;
    float *scratch;               /* of thread 0, … */
    size_t stride;                /* … and of the others, so many floats apart */
    const struct ht_hyper *hyper; /* of the step; NULL when the network is evaluated */
    float *most;                  /* in a step, of kinds that are cut by samples: raised to the largest of
                                   * their own values (apply) or deltas (back) that nobody else sees */
} ht_span;

/* How the work of a layer is cut into tasks: by shards of its units; by spans of samples; or as it does
 * itself. */
typedef enum ht_cut { HT_CUT_UNITS, HT_CUT_SAMPLES, HT_CUT_ITSELF } ht_cut;

/* What becomes of the channels that come in, for whoever leaves some out. */
typedef enum ht_flow {
    HT_FLOW_MIXED,  /* they are summed or compared with others: none can be left out */
    HT_FLOW_EACH,   /* as many come out, each of its own alone, and 0 stays 0 */
    HT_FLOW_COLUMNS /* all go into each unit: the columns of the weight matrix are theirs, in their order */
} ht_flow;

typedef struct ht_layer_kind {
    ht_cut cut;
    ht_flow flow;
    bool channels_last; /* it reads values with a shape, channels last; others: see `flat` */
    bool flat;          /* it reads a plain row of values, channels first */
    bool sums;          /* it gives the sum of what it reads: what comes back goes to each as it is */
    bool causal;        /* what it gives at a position of a sequence depends on no later one */
    bool tokens;        /* it reads token numbers, and so is the first layer */

    /* The shape that such a layer gives for what comes in. HT_USAGE with half a sentence: what comes in
     * and what it needs. NULL: the same shape. */
    ht_code (*shape)(const ht_layer_spec *spec, ht_layer *layer, ht_error *err);
    /* Of a layer whose shapes are known: shapes, flags and the ends of the names ("weight") of its tensors,
     * of which the first is the weight matrix whose rows are its units. Returns how many tensors. NULL: none.
     */
    int (*describe)(
        const ht_layer_spec *spec, const ht_layer *layer,
        ht_tensor tensor[HT_LAYER_TENSORS]); /* Can it do the work of the next layer, which alone reads it,
                                              * and its own activation before that? Then it does. NULL: no. */
    bool (*joins)(const ht_layer *layer, const ht_layer *next);
    /* Why training with batches of so many samples makes a constant of whatever comes in: half a sentence,
     * static storage, or NULL. NULL: it never does. */
    const char *(*constant)(const ht_layer *layer, int batch);
    /* Bounds on what it gives before the activation, out of those on what it reads (`values`, which become
     * them) and also reads; `other` is the same layer with other numbers. NULL: it has none. */
    void (*extent)(const ht_layer *layer, const ht_layer *other, ht_extent *values, const ht_extent *also);

    /* Of a layer with a weight matrix: what its units read at one place of what it gives, in the order of
     * the columns, from x (inputs) into `patch` (columns). NULL: at its only place all of x. Pure. */
    void (*patch)(const ht_layer *layer, const float *x, int place, float *patch);

    /* ---- HT_CUT_UNITS ---- */
    /* h (rows × m) = what units first .. first + m - 1 give for x (rows × inputs), before the activation.
     * Pure. */
    void (*evaluate)(const ht_layer *layer, const float *x, int rows, int first, int m, float *h);
    /* The same for a shard of a hidden layer, from the step's inputs of the layer into its outputs. */
    void (*forward)(struct ht_step *step, int l, int shard);
    /* Of the output layer: what inputs first .. first + m - 1, h with a row stride, add to the logits:
     * share (batch × classes). Returns the largest |weight| it used. */
    float (*share)(struct ht_step *step, int l, int first, int m, const float *h, int stride, float *share);
    /* ∂L/∂inputs first .. first + m - 1 into d, (batch × m) with a row stride, from what is above the layer.
     */
    void (*backward)(struct ht_step *step, int l, int first, int m, float *d, int stride);

    /* ---- the others; `pool` is NULL where the samples are a task of many ---- */

    /* For batches of up to so many samples. NULL: it wants nothing. */
    void (*room)(const ht_layer *layer, int batch,
                 ht_room *room); /* h (samples × outputs), before the activation. Of a layer that does the
                                  * work of another, here and below, it is what that one gives. */
    void (*apply)(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool);
    /* Of a kind that is cut by samples: its weights as apply and back want them, room.packed floats, once for
     * all spans of a step. NULL: it wants none. */
    void (*pack)(const ht_layer *layer, float *packed);
    /* ∂L/∂(what it reads, or also reads) into d (samples × values of that), from delta (samples × outputs) =
     * ∂L/∂(what it gives before the activation). Where nobody needs it, HT_CUT_ITSELF is asked with d
     * NULL, and so are others whose own gradient is made of what the way back leaves. */
    void (*back)(const ht_layer *layer, const ht_span *span, const float *delta, bool also, float *d,
                 struct ht_pool *pool);
    /* The part of ∂L/∂tensors that these samples have: into the span's `sums`, as the kind likes it; NULL:
     * the way back has left it there. Of a kind that is cut by samples: one tensor after the other, into
     * `to`. */
    void (*gradient)(const ht_layer *layer, const ht_span *span, const float *delta, float *to,
                     struct ht_pool *pool);

    /* ---- all that have tensors ---- */

    int rows; /* units of a task of an update */
    /* New values of the tensors of a task's units: gradient, decay, noise, mask. Of the output layer the
     * shard is one of HT_SHARD of its inputs. */
    void (*update)(struct ht_step *step, int l, int shard);
} ht_layer_kind;

#define HT_LAYER(id, name, operations, arguments, takes, what)                                               \
    extern const ht_layer_kind ht_layer_##operations;
#include "params/layers.def"

/* Channels last where they came first, or the other way round. */
extern const ht_layer_kind ht_layer_order;
/* What a dense layer is in a sequence, and the 1 × 1 projection of a residual. */
extern const ht_layer_kind ht_layer_positionwise;

/* The kind that model.layers says: dense, of a position-wise one. */
static inline const ht_layer_kind *ht_layer_said(const ht_layer *layer)
{
    return layer->kind == &ht_layer_positionwise ? &ht_layer_dense : layer->kind;
}

/* Static storage. */
const ht_layer_kind *ht_layer_kind_at(ht_layer_id id);
const char *ht_layer_kind_name(ht_layer_id id); /* NULL for one past the table */

/* A network of these layers, the output layer last; zeros, or (empty) no numbers yet: whoever asks puts
 * memory of ht_alloc into each tensor's data. NULL with *err set. */
ht_network *ht_network_build(ht_shape input, const ht_layer_spec specs[], int count, bool mean_field,
                             bool empty, ht_error *err);

/* Its shapes and what goes with them, for what comes in; no tensors yet. HT_USAGE as kind->shape. */
ht_code ht_layer_begin(ht_layer *layer, const ht_layer_spec *spec, ht_shape in, ht_error *err);

/* The numbers that a layer gives for a sample, or that a sample has. */
static inline int ht_layer_gives(const ht_network *net, int layer)
{
    return layer == HT_NETWORK_INPUT ? net->inputs : net->layers[layer].outputs;
}

/* HT_USAGE: half a sentence on a window that is larger than what comes in, padded by so many zeros. */
ht_code ht_layer_misfit(const int window[2], ht_shape in, int pad, ht_error *err);

/* Of a pooling: the mean of all places. */
static inline bool ht_layer_is_global(const ht_layer *layer)
{
    return layer->mean && layer->window[0] == layer->in.height && layer->window[1] == layer->in.width;
}

/* Tasks of an update of a layer with tensors. */
static inline int ht_layer_shards(const ht_layer *layer)
{
    return (layer->tensor[0].rows + layer->kind->rows - 1) / layer->kind->rows;
}

static inline int ht_layer_shard_rows(const ht_layer *layer, int shard)
{
    int left = layer->tensor[0].rows - shard * layer->kind->rows;
    return left < layer->kind->rows ? left : layer->kind->rows;
}

/* Some rows of a tensor. */
typedef struct ht_rows {
    int first, count;
} ht_rows;

/* Those that a task of the update has: kind->rows of the first tensor, and an equal share of another. */
static inline ht_rows ht_layer_part(const ht_layer *layer, const ht_tensor *tensor, int shard)
{
    int shards = ht_layer_shards(layer),
        size = tensor == layer->tensor ? layer->kind->rows : (tensor->rows + shards - 1) / shards,
        first = shard * size < tensor->rows ? shard * size : tensor->rows, left = tensor->rows - first;
    return (ht_rows){first, left < size ? left : size};
}

#endif
