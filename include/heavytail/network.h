/* network.h - networks: a list of layers (nn/layers/layer.h), each with an activation of its own, and a list
 * of named tensors. Plain ones are f(x) = W_out · act(W_L · … act(W_1 x + b_1)) + b_out; between and instead
 * of dense layers there may be others (params/layers.def). With a mean field W_out h is divided by the
 * width of the last hidden layer, b_out is not.
 *
 * All numbers of a network are in its tensors, and whoever treats them alike (noise, masks, factors,
 * averages, norms, tails, checkpoints, pruning) walks that list. A tensor is seen as a matrix, (rows ×
 * columns), row-major: a row is one unit, of a dense layer a neuron with its incoming weights (a "column" in
 * arXiv 2306.08125), of a convolution a filter, channels × window. Hidden widths may differ from layer to
 * layer. A layer may have biases: they are trained, and decay, but get no noise and are not pruned.
 * Ownership: the caller frees a network, and what it points to is its own. Thread: a network belongs to one
 * thread at a time; concurrent reads are fine. */
#ifndef HEAVYTAIL_NETWORK_H
#define HEAVYTAIL_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heavytail/dataset.h"
#include "heavytail/params.h"
#include "heavytail/status.h"

HT_PUBLIC_BEGIN

struct ht_pool;  /* base/pool.h; NULL runs on the caller */
struct ht_layer; /* nn/layers/layer.h: a kind and its tensors */

/* Weight matrices of a network at most, the output's included, and hidden ones: for arrays of fixed size. */
enum { HT_WEIGHTS_MAX = 64, HT_HIDDEN_MAX = HT_WEIGHTS_MAX - 1, HT_TENSOR_LABEL = 40 };

/* The shape of a sample, or of what a layer gives for one; a plain row of values is (values × 1 × 1). */
typedef struct ht_shape {
    int channels, height, width;
} ht_shape;

static inline int ht_shape_places(ht_shape shape)
{
    return shape.height * shape.width;
}

static inline int ht_shape_values(ht_shape shape)
{
    return shape.channels * ht_shape_places(shape);
}

typedef enum ht_tensor_flag {
    HT_TENSOR_WEIGHT = 1,   /* a weight matrix: pruning may take its weights; initialized at random */
    HT_TENSOR_NOISY = 2,    /* the noise acts on it */
    HT_TENSOR_DECAYED = 4,  /* weight decay acts on it */
    HT_TENSOR_PRUNABLE = 8, /* its rows are units that pruning may take */
    HT_TENSOR_OUTPUT = 16,  /* of the output layer: its rows are classes */
    HT_TENSOR_FILTERS = 32, /* a row is a filter: channels × window, in this order */
    HT_TENSOR_ONES = 64,    /* 1 at the start: gains of norms */
    HT_TENSOR_TABLE = 256,  /* of embeddings: a row is a token or a place; normal at the start */
    HT_TENSOR_STATE = 128   /* not trained: running means of batch norm, which steps bring up to date */
} ht_tensor_flag;

typedef struct ht_tensor {
    char name[HT_TENSOR_LABEL]; /* as files have it: "layers.0.weight" */
    unsigned flags;             /* of ht_tensor_flag */
    int number; /* of its weight matrix: which draws are its own, of noise and initial weights */
    int rows, columns;
    int window[2]; /* of filters: height and width of a kernel; 0 of others */
    int heads; /* of attention: how many have an equal part of its columns (what heads give is projected), or
                  of each third of its rows (queries, keys, values: three times as many rows); 0 of others */
    float *data;            /* (rows × columns), row-major */
    struct ht_tensor *bias; /* of a weight matrix: (rows × 1), added before the activation; NULL: none */
} ht_tensor;

typedef struct ht_network {
    ht_shape input; /* of a sample */
    int inputs, classes;
    int positions; /* of a sequence of tokens: each has a label, and logits; 0: a sample is none, and has one
                      label */
    bool mean_field;         /* output divided by the width (2306.08125, eq. 1) */
    int layer_count;         /* the output layer included */
    struct ht_layer *layers; /* in the order of the forward pass; not each has weights */
    int tensor_count;
    ht_tensor *tensors; /* layer by layer */
    int weight_count;
    ht_tensor **weights; /* the weight matrices among them: hidden ones first, then the output's */
} ht_network;

/* Dense layers of one activation; zero weights, no biases. `widths` (depth): 1 .. HT_HIDDEN_MAX hidden
 * layers. NULL with *err set when there are more, or memory is short. */
ht_network *ht_network_new(int inputs, int width, int depth, int classes, ht_activation activation,
                           bool mean_field, ht_error *err);
ht_network *ht_network_new_widths(int inputs, const int widths[], int depth, int classes,
                                  ht_activation activation, bool mean_field, ht_error *err);

/* The network that the parameters ask for (model.*) for such samples, zeroed. HT_USAGE: an item of
 * model.layers does not fit what comes in. */
ht_network *ht_network_of(const ht_params *params, ht_shape input, int classes, ht_error *err);
/* The same without memory for the numbers: data of its tensors are NULL, for whoever brings them. */
ht_network *ht_network_outline(const ht_params *params, ht_shape input, int classes, ht_error *err);

/* model.layers of such a network, where model.activation is relu: with ht_network_of the way back to it.
 * False when it does not fit into `size` bytes. */
bool ht_network_line(const ht_network *net, char *to, size_t size);

/* Is it nothing but dense layers, each reading the one before it? */
bool ht_network_is_dense(const ht_network *net);

/* A network like this one: the same layers, activation, mean field and, where it has them, biases; zeros
 * (like), its numbers (copy), or zeros with other widths of the hidden layers (resized). */
ht_network *ht_network_like(const ht_network *net, ht_error *err);
ht_network *ht_network_copy(const ht_network *net, ht_error *err);
ht_network *ht_network_resized(const ht_network *net, const int widths[], ht_error *err);
/* Puts the numbers of `from` into `to`, which has the same shapes. */
void ht_network_assign(ht_network *to, const ht_network *from);
void ht_network_free(ht_network *net);

/* Weight matrices and biases: uniform in ±1/√columns of the matrix, a function of the seed, the matrix'
 * number and the position only. */
void ht_network_init(ht_network *net, uint64_t seed, struct ht_pool *pool);

/* The same, or another of model.init; biases too. */
void ht_network_init_as(ht_network *net, ht_init how, uint64_t seed, struct ht_pool *pool);

/* Of what hidden weight matrix l gives. */
ht_activation ht_network_activation(const ht_network *net, int l);
/* Is it the same for all of them? */
bool ht_network_one_activation(const ht_network *net);

static inline size_t ht_tensor_size(const ht_tensor *tensor)
{
    return (size_t)tensor->rows * (size_t)tensor->columns;
}

/* Labels of a sample. */
static inline int ht_network_targets(const ht_network *net)
{
    return net->positions > 0 ? net->positions : 1;
}

/* Is the output layer's weight matrix the token table of an embedding (model.tied)? */
static inline bool ht_network_is_tied(const ht_network *net)
{
    return net->weights[net->weight_count - 1]->flags & HT_TENSOR_TABLE;
}

/* Hidden weight matrices: weights[0] .. weights[hidden - 1]. */
static inline int ht_network_hidden(const ht_network *net)
{
    return net->weight_count - 1;
}

static inline ht_tensor *ht_network_output(const ht_network *net)
{
    return net->weights[net->weight_count - 1];
}

/* Its place in net->tensors. */
static inline int ht_tensor_index(const ht_network *net, const ht_tensor *tensor)
{
    return (int)(tensor - net->tensors);
}

/* The numbers of a weight matrix' biases, (rows), or NULL. */
static inline float *ht_tensor_biases(const ht_tensor *weight)
{
    return weight->bias ? weight->bias->data : NULL;
}

bool ht_network_has_biases(const ht_network *net); /* any that is not 0 */

size_t ht_network_parameters(const ht_network *net); /* number of weights, biases left out */

/* How many weights there are, and how many are more than nothing; biases left out. */
typedef struct ht_sizes {
    size_t weights;
    size_t nonzero;
    size_t above_epsilon; /* |w| > 2^-23, the float's machine epsilon */
    size_t above_1e4;     /* |w| > 1e-4 */
} ht_sizes;

ht_sizes ht_network_sizes(const ht_network *net);

/* Multiplications with a weight, each with an addition, that one sample costs on its way forward: one for a
 * non-zero weight of a dense layer, of a convolution one for each place of what it gives (zeros around the
 * picture are read like others). Biases, gains, activations, pooling and sums have no weight to multiply
 * with. */
double ht_network_multiply_adds(const ht_network *net);

typedef struct ht_score {
    double loss;     /* mean cross-entropy, natural logarithm; of sequences over all positions */
    double accuracy; /* correct / total; the lowest class wins a tie */
} ht_score;

/* Evaluates `samples`. `keep`, if given, holds one array of `rows` floats per hidden weight matrix: 1 keeps a
 * neuron, 0 removes it: it gives 0, whatever its bias (NULL entries keep all). The result does not depend on
 * the number of threads. HT_FAIL when scratch memory is short. */
ht_code ht_network_evaluate(const ht_network *net, const ht_samples *samples, const float *const *keep,
                            struct ht_pool *pool, ht_score *score, ht_error *err);

/* The same, and the cross-entropy of each sample, of a sequence the mean over its positions: losses is
 * (samples->count). */
ht_code ht_network_losses(const ht_network *net, const ht_samples *samples, struct ht_pool *pool,
                          float *losses, ht_score *score, ht_error *err);

HT_PUBLIC_END

#endif
