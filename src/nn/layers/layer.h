/* layer.h - layers and their kinds: what a layer is made of and how it computes. params/layers.def is the
 * table of kinds; nothing outside a kind's own file knows how it computes.
 *
 * Work is cut into shards of HT_SHARD output units, whatever the number of threads (shard.h). The operations
 * are called by tasks of a pool: each writes its own shard only. */
#ifndef HT_NN_LAYER_H
#define HT_NN_LAYER_H

#include "heavytail/network.h"

struct ht_step;

typedef struct ht_layer {
    const struct ht_layer_kind *kind;
    int inputs, outputs;      /* values of a sample that it takes and gives */
    ht_activation activation; /* of what it gives; the output layer is linear */
    ht_tensor *tensor;        /* (tensors): its own part of the network's list */
    int tensors;
} ht_layer;

/* What a layer is to be. */
typedef struct ht_layer_spec {
    const struct ht_layer_kind *kind;
    int units; /* neurons */
    ht_activation activation;
    bool bias;   /* a number for each unit is added before the activation */
    bool output; /* the last layer: its units are the classes, and it is linear */
} ht_layer_spec;

enum { HT_LAYER_TENSORS = 4 }; /* of one layer, at most */

typedef struct ht_layer_kind {
    /* Of a layer with so many inputs: its outputs; and shapes, flags and the ends of the names ("weight") of
     * its tensors, of which the first is the weight matrix whose rows are its units. Returns how many
     * tensors. */
    int (*describe)(const ht_layer_spec *spec, ht_layer *layer, ht_tensor tensor[HT_LAYER_TENSORS]);

    /* h (rows × m) = what units first .. first + m - 1 give for x (rows × inputs), before the activation.
     * Pure. */
    void (*evaluate)(const ht_layer *layer, const float *x, int rows, int first, int m, float *h);

    /* ---- of a training step (step_state.h); layer number l ---- */

    /* The same for a shard of a hidden layer, from the step's inputs of the layer into its outputs. */
    void (*forward)(struct ht_step *step, int l, int shard);
    /* Of the output layer: what inputs first .. first + m - 1, h with a row stride, add to the logits:
     * share (batch × classes). Returns the largest |weight| it used. */
    float (*share)(struct ht_step *step, int l, int first, int m, const float *h, int stride, float *share);
    /* ∂L/∂inputs first .. first + m - 1 into d, (batch × m) with a row stride, from what is above the layer.
     */
    void (*backward)(struct ht_step *step, int l, int first, int m, float *d, int stride);
    /* New values of a shard's tensors: gradient, decay, noise, mask. Of the output layer the shard is one of
     * the layer below, whose units are its inputs. */
    void (*update)(struct ht_step *step, int l, int shard);
} ht_layer_kind;

#define HT_LAYER(id, name, operations, arguments, what) extern const ht_layer_kind ht_layer_##operations;
#include "params/layers.def"

/* Static storage. */
const ht_layer_kind *ht_layer_kind_at(ht_layer_id id);
const char *ht_layer_kind_name(ht_layer_id id);

/* A network of these layers, the output layer last; zeros, or (empty) no numbers yet: whoever asks puts
 * memory of ht_alloc into each tensor's data. NULL with *err set. */
ht_network *ht_network_build(int inputs, const ht_layer_spec specs[], int count, bool mean_field, bool empty,
                             ht_error *err);

#endif
