/* step_state.h - the inside of a training step, for step.c and the kinds of layers. */
#ifndef HT_NN_STEP_STATE_H
#define HT_NN_STEP_STATE_H

#include "kernel/product.h"
#include "nn/layers/layer.h"
#include "nn/step/step.h"

/* Spans of samples that a batch is cut into, at most. */
enum { HT_STEP_SPANS = 16 };

/* Room of one hidden layer. */
typedef struct ht_step_layer {
    int width, shards; /* values that it gives for a sample; their shards */
    int readers;       /* layers that read it */
    bool wanted;       /* something at it or below learns from its delta */
    float *hidden;     /* (batch × width): activations H_l */
    float *slope; /* the same: the derivative of the activation, where it is no function of those; or NULL */
    float *delta; /* (batch × width): ∂L/∂(pre-activation) */
    bool lent;    /* delta is that of the only reader, a sum */
    ht_panels input; /* what goes into it, packed; rectified dense layers only */
    ht_room room;    /* what its kind wants, for `capacity` samples: */
    float *kept, *sums;
    float *packed; /* of a kind that packs: for all spans of a step */
    unsigned char *bytes;
} ht_step_layer;

struct ht_step {
    int hidden, tensors, capacity;
    int shards;                     /* most tasks of a layer */
    ht_step_layer *layer;           /* (hidden) */
    float *(*kept)[HT_STEP_ARRAYS]; /* (tensors): like each of the network's, or NULL (optimizer.h) */
    float *partial; /* (shards of the last hidden layer × batch × classes): a shard's share of the logits */
    float *spare;   /* (batch × the widest layer with several readers): what one more of them gives */
    float *packed, *shared; /* as much as any layer wants */
    int threads;
    size_t stride;  /* floats of a thread in … */
    float *scratch; /* (threads × stride) */
    float *logits;  /* (batch × classes), then ∂L/∂logits; of sequences those of a chunk of positions */
    /* Of sequences: losses and right answers of the blocks of a chunk, and ∂L/∂output, biases behind it. */
    double *block_loss;
    int *block_right;
    float *out_gradient;
    float *shard_max; /* (3 × shards): largest |H|, |W_out|, |delta| of a shard of any layer */

    /* the step under way */
    ht_network *net;
    const float *x;
    int batch, at; /* the layer a pass is at */
    int reader;    /* on the way back: the layer above that has read it */
    const ht_hyper *hyper;
    ht_noise noise;     /* the hyper's, pointing to the law */
    ht_noise_laws laws; /* rebuilt when α has changed */
};

/* What goes into layer l, (batch × inputs); and ∂L/∂(what it gives before the activation). */
static inline const float *ht_step_input(const ht_step *step, int l)
{
    int input = step->net->layers[l].input;
    return input == HT_NETWORK_INPUT ? step->x : step->layer[input].hidden;
}

static inline ht_pace ht_step_pace(const ht_step *step)
{
    return (ht_pace){step->hyper->lr, step->hyper->weight_decay, step->hyper->number};
}

static inline const float *ht_step_delta(const ht_step *step, int l)
{
    return l == step->hidden ? step->logits : step->layer[step->net->layers[l].ends_at].delta;
}

/* The output of networks on sequences (step_tokens.c): room for it; then, once the forward pass is done, loss
 * and accuracy over all positions, the gradient of the output's weights, and ∂L/∂(what the last hidden layer
 * gives) into its delta. */
ht_code ht_step_tokens_make(ht_step *step, const ht_network *net, ht_error *err);
void ht_step_tokens(ht_step *step, const int32_t *labels, ht_step_result *result, struct ht_pool *pool);
/* The same span by span, where the logits of the whole batch have room: all but the gradient of the output's
 * weights, which, with loss and accuracy, is what is left when all spans are done. */
bool ht_step_tokens_fit(const ht_step *step);
void ht_step_tokens_span(ht_step *step, const int32_t *labels, int task);
void ht_step_tokens_end(ht_step *step, const int32_t *labels, ht_step_result *result, struct ht_pool *pool);

/* The gradient that a tensor has besides as the output's weights, where that is tied to it, like it; NULL:
 * none. */
const float *ht_step_tied(const ht_step *step, const ht_tensor *tensor);

/* Of an output layer with tensors of its own: the update of rows first .. first + m - 1. */
void ht_step_update_tokens(ht_step *step, int first, int m, int shard);

/* The passes: activations and shares of the logits; what comes back, from the logits' gradient on; the
 * update. Short networks have no second one. */
void ht_step_forward(ht_step *step, struct ht_pool *pool);
void ht_step_backward(ht_step *step, struct ht_pool *pool);
/* The end of the way back: layers whose input learns nothing. */
void ht_step_end_backward(ht_step *step, struct ht_pool *pool);
void ht_step_update(ht_step *step, struct ht_pool *pool);
bool ht_step_is_short(const ht_step *step);

/* Layers that are cut by samples, as far as they follow each other (step_chain.c): their weights packed; from
 * l on, forward, and from l down, back, as far as a layer's readers are such: returns where the chain ended,
 * the first layer that is not done. Of any layer `at` one such reader; and one whose input learns nothing. */
void ht_step_pack(ht_step *step, struct ht_pool *pool);
int ht_step_chain_forward(ht_step *step, int l, struct ht_pool *pool);
int ht_step_chain_back(ht_step *step, int l, struct ht_pool *pool);
/* Is all of a network on sequences one chain? Then a span goes forward, is judged and goes back in one task:
 * what the way back needs is still in cache. Into loss, accuracy and deltas. */
bool ht_step_is_one_chain(const ht_step *step);
void ht_step_chain_whole(ht_step *step, const int32_t *labels, ht_step_result *result, struct ht_pool *pool);
void ht_step_hear_spans(ht_step *step, int at, int reader, struct ht_pool *pool);
void ht_step_end_spans(ht_step *step, int reader, struct ht_pool *pool);

/* Units first .. first + m - 1 of layer l for some samples are there: their activations; and ∂L/∂those
 * becomes ∂L/∂(what they were before). Both return the largest, the second if asked to. */
float ht_step_activate(const ht_step *step, int l, int sample, int samples, int first, int m);
float ht_step_deactivate(const ht_step *step, int l, int sample, int samples, int first, int m, bool measure);

/* Where a reader's part of ∂L/∂(what layer `at` gives) goes: the first one's is the beginning of its delta,
 * others go to `spare` and are added. */
float *ht_step_part_of(const ht_step *step, int at, int reader);

/* The guard hears of the largest value, and delta, of a task. */
void ht_step_note_value(ht_step *step, int task, float most);
void ht_step_note_delta(ht_step *step, int task, float most);

/* Spans of the batch, and what goes through layer l of one of them; or of any samples from `first` on. */
int ht_step_spans(const ht_step *step);
ht_span ht_step_span_of(const ht_step *step, int l, int task);
ht_span ht_step_span(const ht_step *step, int l, int first, int samples);

/* Of all its tensors. */
size_t ht_layer_numbers(const ht_layer *layer);

/* The update of layers that are cut by samples: spans' parts are summed in their order. */
void ht_step_update_sums(ht_step *step, int l, int shard);

/* What a product adds to, and how much of it stays: the weights themselves, the momentum, or a gradient. */
typedef struct ht_descent {
    float *to, factor, keep;
} ht_descent;

/* W ← W - η (scale · gradient + λ W) for a block of W, or through the momentum v ← μ v + …, or the gradient
 * for factors and other optimizers. Plain descent is all one product: no gradient buffer. */
ht_descent ht_step_descent(const ht_step *step, const ht_block *block, float scale);

/* The second half, after that product: momentum, factors or optimizer take their step; noise, if the tensor
 * is noisy, for units from `first` on; the mask; what the guard needs to know. */
void ht_step_finish(const ht_step *step, const ht_block *block, int first, int shard);

#endif
