#include "unit/naive.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "nn/layers/layer.h"
#include "num/rng.h"
#include "sanitized.h"

static ht_error err;

ht_network *naive_network(int inputs, const int *widths, int depth, int classes, ht_activation activation,
                          bool mean_field, unsigned biased, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_TEST, 0);
    ht_layer_spec specs[HT_WEIGHTS_MAX] = {{0}};
    for (int l = 0; l <= depth; l++)
        specs[l] = (ht_layer_spec){.kind = ht_layer_kind_at(HT_LAYER_DENSE),
                                   .units = l == depth ? classes : widths[l],
                                   .activation = activation,
                                   .bias = biased >> l & 1,
                                   .output = l == depth};
    ht_network *net = ht_network_build((ht_shape){inputs, 1, 1}, specs, depth + 1, mean_field, false, &err);
    assert_non_null(net);
    for (int l = 0; l <= depth; l++) {
        ht_tensor *layer = net->weights[l];
        double size = 1 / sqrt(layer->columns);
        if (mean_field && l == depth) size *= layer->columns;
        for (size_t i = 0; i < ht_tensor_size(layer); i++)
            layer->data[i] = (float)(size * ht_rng_normal(&rng));
        for (int i = 0; layer->bias && i < layer->rows; i++)
            layer->bias->data[i] = (float)ht_rng_normal(&rng);
    }
    return net;
}

ht_samples naive_samples(int count, int inputs, int classes, uint64_t seed)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_TEST, 1);
    size_t size = (size_t)count * (size_t)inputs;
    ht_samples s = {.count = (size_t)count,
                    .x = malloc(size * sizeof(float)),
                    .labels = malloc((size_t)count * sizeof(int32_t))};
    for (size_t i = 0; i < size; i++) s.x[i] = (float)ht_rng_normal(&rng);
    for (int i = 0; i < count; i++) s.labels[i] = (int32_t)ht_rng_below(&rng, (uint32_t)classes);
    return s;
}

void naive_free_samples(ht_samples *samples)
{
    free(samples->x);
    free(samples->labels);
}

static double activate(ht_activation activation, double z)
{
    if (activation == HT_TANH) return tanh(z);
    return z > 0 ? z : activation == HT_RELU ? 0 : 0.01 * z;
}

/* Logits of one sample into z (classes). Does any neuron say something? Otherwise z is exact in floats, too.
 */
static REFERENCE bool one_sample(const ht_network *net, const float *x, char *const *gone, double *z)
{
    enum { WIDEST = 1024 };
    double h[2][WIDEST];
    bool any = false;
    for (int j = 0; j < net->weights[0]->columns; j++) h[0][j] = (double)x[j];
    for (int l = 0; l < net->weight_count; l++) {
        const ht_tensor *layer = net->weights[l];
        assert_true(layer->rows <= WIDEST && layer->columns <= WIDEST);
        for (int i = 0; i < layer->rows; i++) {
            double sum = 0;
            for (int j = 0; j < layer->columns; j++)
                sum += (double)layer->data[(size_t)i * (size_t)layer->columns + (size_t)j] * h[l % 2][j];
            if (l == ht_network_hidden(net) && net->mean_field) sum /= layer->columns;
            if (layer->bias) sum += (double)layer->bias->data[i];
            if (l == ht_network_hidden(net))
                z[i] = sum;
            else
                h[1 - l % 2][i] = gone && gone[l][i] ? 0 : activate(ht_network_activation(net, l), sum);
            any = any || (l == ht_network_hidden(net) - 1 && h[1 - l % 2][i] != 0);
        }
    }
    return any;
}

naive_result naive_score(const ht_network *net, const ht_samples *samples, char *const *gone)
{
    naive_result score = {0};
    int classes = ht_network_output(net)->rows, inputs = net->weights[0]->columns;
    double *z = calloc((size_t)classes, sizeof *z);
    for (size_t s = 0; s < samples->count; s++) {
        double sum = 0;
        int best = 0, near = 0;
        bool any = one_sample(net, samples->x + s * (size_t)inputs, gone, z);
        for (int c = 0; c < classes; c++)
            if (z[c] > z[best]) best = c;
        for (int c = 0; c < classes; c++) near += z[best] - z[c] < 1e-5 * (1 + fabs(z[best]));
        score.tied += (double)(any && near > 1) / (double)samples->count;
        for (int c = 0; c < classes; c++) sum += exp(z[c] - z[best]);
        score.loss += (log(sum) + z[best] - z[samples->labels[s]]) / (double)samples->count;
        score.accuracy += (double)(best == samples->labels[s]) / (double)samples->count;
    }
    free(z);
    return score;
}

/* ---- pruning ---- */

typedef struct unit {
    double key;
    float *at;
    int row;
} unit;

static int by_key(const void *a, const void *b)
{
    const unit *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->row - y->row;
}

static void prune_neurons(ht_tensor *layer, ht_prune_method method, double ratio, uint64_t seed)
{
    size_t d = (size_t)layer->columns;
    unit *row = calloc((size_t)layer->rows, sizeof *row);
    ht_prune_order order; /* by lot: whose lots these are is no matter of biases */
    if (method == HT_PRUNE_RANDOM)
        assert_int_equal(ht_prune_order_make(&order, layer, method, HT_FRO_SQUARED, seed, &err), HT_OK);
    for (int i = 0; i < layer->rows; i++) {
        row[i].row = i;
        for (size_t j = 0; j < d; j++) {
            double w = (double)layer->data[(size_t)i * d + j];
            row[i].key += method == HT_PRUNE_NORM_L1 ? fabs(w) : w * w;
        }
    }
    qsort(row, (size_t)layer->rows, sizeof *row, by_key);
    for (int k = 0; k < (int)floor(ratio * layer->rows); k++) {
        int gone = method == HT_PRUNE_RANDOM ? order.neuron[k] : row[k].row;
        memset(layer->data + (size_t)gone * d, 0, d * sizeof(float));
        if (layer->bias) layer->bias->data[gone] = 0;
    }
    if (method == HT_PRUNE_RANDOM) ht_prune_order_free(&order);
    free(row);
}

static void prune_weights(ht_network *net, int first, int last, double ratio)
{
    size_t count = 0, used = 0;
    for (int l = first; l < last; l++) count += ht_tensor_size(net->weights[l]);
    unit *weight = calloc(count, sizeof *weight);
    for (int l = first; l < last; l++)
        for (size_t i = 0; i < ht_tensor_size(net->weights[l]); i++, used++) {
            float *w = &net->weights[l]->data[i];
            weight[used] = (unit){fabs((double)*w), w, (int)used};
        }
    qsort(weight, count, sizeof *weight, by_key);
    for (size_t k = 0; k < (size_t)floor(ratio * (double)count); k++) *weight[k].at = 0;
    free(weight);
}

void naive_prune(ht_network *net, ht_prune_method method, double ratio, uint64_t seed)
{
    bool neurons = method == HT_PRUNE_NODE || method == HT_PRUNE_NORM_L1 || method == HT_PRUNE_RANDOM;
    if (method == HT_PRUNE_MAGNITUDE) prune_weights(net, 0, ht_network_hidden(net) + 1, ratio);
    for (int l = 0; l < net->weight_count; l++) {
        if (neurons && l < ht_network_hidden(net))
            prune_neurons(net->weights[l], method, ratio, seed + (uint64_t)l);
        if (method == HT_PRUNE_MAGNITUDE_LAYER) prune_weights(net, l, l + 1, ratio);
    }
}

void naive_assert_score(ht_score got, naive_result right, const char *what)
{
    if (fabs(got.accuracy - right.accuracy) > 1e-9 + right.tied ||
        !(fabs(got.loss - right.loss) <= 2e-5 * (1 + right.loss)))
        fail_msg("%s: accuracy %.6f and loss %.7f, not %.6f and %.7f", what, got.accuracy, got.loss,
                 right.accuracy, right.loss);
}
