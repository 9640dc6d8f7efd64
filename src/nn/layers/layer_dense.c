/* layer_dense.c - dense layers: a weight from every input to every neuron. The tensor is (neurons × inputs),
 * a row a neuron. */
#include <math.h>

#include "kernel/kernel.h"
#include "nn/activation.h"
#include "nn/layers/layer.h"
#include "nn/shard.h"
#include "nn/step/step_state.h"
#include "num/linalg.h"

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    (void)err;
    layer->out = (ht_shape){spec->units, 1, 1};
    return HT_OK;
}

static int describe(const ht_layer_spec *spec, const ht_layer *layer, ht_tensor tensor[HT_LAYER_TENSORS])
{
    const unsigned hidden = HT_TENSOR_NOISY | HT_TENSOR_PRUNABLE;
    tensor[0] = (ht_tensor){.name = "weight",
                            .flags = HT_TENSOR_WEIGHT | HT_TENSOR_DECAYED |
                                     (spec->output ? (unsigned)HT_TENSOR_OUTPUT : hidden),
                            .rows = spec->units,
                            .columns = layer->inputs};
    tensor[1] = (ht_tensor){.name = "bias", .flags = HT_TENSOR_DECAYED, .rows = spec->units, .columns = 1};
    return spec->bias ? 2 : 1;
}

static void extent(const ht_layer *layer, const ht_layer *other, ht_extent *values, const ht_extent *also)
{
    (void)also;
    ht_extent_matrix(layer, other, 1, values);
}

static void evaluate(const ht_layer *layer, const float *x, int rows, int first, int m, float *h)
{
    const ht_tensor *weight = &layer->tensor[0];
    const float *w = weight->data + (size_t)first * (size_t)weight->columns;
    ht_gemm_nt(rows, m, weight->columns, 1.0f, x, weight->columns, w, weight->columns, 0.0f, h, m);
    if (weight->bias) ht_add_bias(weight->bias->data + first, h, rows, m);
}

/* H_l[:, shard] = H_{l-1} · W_l[shard]^T + b_l[shard] */
static void forward(ht_step *s, int l, int shard)
{
    const ht_tensor *weight = &s->net->layers[l].tensor[0];
    int first = shard * HT_SHARD, m = ht_shard_rows(weight->rows, shard), width = s->layer[l].width;
    float *h = s->layer[l].hidden + first;
    const float *w = weight->data + (size_t)first * (size_t)weight->columns;
    if (s->layer[l].input.x && ht_project_pays(s->batch, weight->columns))
        ht_kernel()->project(h, width, w, &s->layer[l].input, m);
    else
        ht_gemm_nt(s->batch, m, weight->columns, 1.0f, ht_step_input(s, l), weight->columns, w,
                   weight->columns, 0.0f, h, width);
    for (int r = 0; weight->bias && r < s->batch; r++)
        ht_add_bias(weight->bias->data + first, h + (size_t)r * (size_t)width, 1, m);
}

static float share(ht_step *s, int l, int first, int m, const float *h, int stride, float *to)
{
    const ht_tensor *out = &s->net->layers[l].tensor[0];
    float most = 0;
    ht_gemm_nt(s->batch, out->rows, m, 1.0f, h, stride, out->data + first, out->columns, 0.0f, to, out->rows);
    for (int r = 0; r < out->rows; r++)
        most = fmaxf(most,
                     ht_kernel()->max_abs(out->data + first + (size_t)r * (size_t)out->columns, (size_t)m));
    return most;
}

/* delta_l · W_l[:, first ..] */
static void backward(ht_step *s, int l, int first, int m, float *d, int stride)
{
    const ht_tensor *weight = &s->net->layers[l].tensor[0];
    ht_gemm_nn(s->batch, m, weight->rows, 1.0f, ht_step_delta(s, l), weight->rows, weight->data + first,
               weight->columns, 0.0f, d, stride);
}

/* The biases of units first .. first + m - 1: their gradient is the sum of what comes back. */
static void update_biases(ht_step *s, int l, int shard, int first, int m)
{
    const ht_tensor *weight = &s->net->layers[l].tensor[0];
    if (!weight->bias) return;
    ht_block block = {ht_tensor_index(s->net, weight->bias), 1, m, m, (size_t)first};
    const float *delta = ht_step_delta(s, l) + first;
    ht_descent to = ht_step_descent(s, &block, 1);
    for (int j = 0; j < m; j++) {
        double sum = 0;
        for (int r = 0; r < s->batch; r++) sum += (double)delta[(size_t)r * (size_t)weight->rows + (size_t)j];
        to.to[j] = to.keep * to.to[j] + to.factor * (float)sum;
    }
    ht_step_finish(s, &block, first, shard);
}

/* The output weights of the neurons of a shard below, (classes × m): gradient (∂L/∂logits)^T · H. */
static void update_output(ht_step *s, int l, int shard)
{
    const ht_tensor *out = &s->net->layers[l].tensor[0];
    int first = shard * HT_SHARD, width = out->columns, classes = out->rows;
    ht_block block = {ht_tensor_index(s->net, out), classes, ht_shard_rows(width, shard), width,
                      (size_t)first};
    ht_descent to = ht_step_descent(s, &block, s->net->mean_field ? 1.0f / (float)width : 1.0f);
    ht_gemm_tn(classes, block.columns, s->batch, to.factor, s->logits, classes, ht_step_input(s, l) + first,
               width, to.keep, to.to, width);
    ht_step_finish(s, &block, 0, shard);
    if (shard == 0) update_biases(s, l, shard, 0, classes);
}

/* W_l[shard], (m × columns): gradient delta_l^T · H_{l-1}; the zeros of a rectified network's delta are
 * skipped. */
static void update(ht_step *s, int l, int shard)
{
    const ht_tensor *weight = &s->net->layers[l].tensor[0];
    if (weight->flags & HT_TENSOR_OUTPUT) {
        update_output(s, l, shard);
        return;
    }
    int first = shard * HT_SHARD, m = ht_shard_rows(weight->rows, shard), columns = weight->columns;
    ht_block block = {ht_tensor_index(s->net, weight), m, columns, columns, (size_t)first * (size_t)columns};
    const float *delta = s->layer[l].delta + first;
    ht_descent to = ht_step_descent(s, &block, 1);
    if (s->layer[l].input.x)
        ht_kernel()->descend(to.to, delta, weight->rows, &s->layer[l].input, m, to.factor, to.keep);
    else
        ht_gemm_tn(m, columns, s->batch, to.factor, delta, weight->rows, ht_step_input(s, l), columns,
                   to.keep, to.to, columns);
    ht_step_finish(s, &block, first, shard);
    update_biases(s, l, shard, first, m);
}

const ht_layer_kind ht_layer_dense = {
    .cut = HT_CUT_UNITS,
    .flow = HT_FLOW_COLUMNS,
    .flat = true,
    .shape = shape,
    .describe = describe,
    .extent = extent,
    .evaluate = evaluate,
    .forward = forward,
    .share = share,
    .backward = backward,
    .rows = HT_SHARD,
    .update = update,
};
