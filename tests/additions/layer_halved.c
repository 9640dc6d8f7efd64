/* layer_halved.c - every second input counts: a layer kind in one file, for addition_cost.sh. */
#include "nn/layers/layer.h"
#include "nn/shard.h"
#include "nn/step/step_state.h"

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    (void)err;
    layer->out = (ht_shape){spec->units, 1, 1};
    return HT_OK;
}

static int describe(const ht_layer_spec *spec, const ht_layer *layer, ht_tensor tensor[HT_LAYER_TENSORS])
{
    tensor[0] =
        (ht_tensor){.name = "weight",
                    .flags = HT_TENSOR_WEIGHT | HT_TENSOR_NOISY | HT_TENSOR_DECAYED | HT_TENSOR_PRUNABLE,
                    .rows = spec->units,
                    .columns = (layer->inputs + 1) / 2};
    return 1;
}

/* h (rows × m, with a stride) */
static void compute(const ht_tensor *w, const float *x, int inputs, int rows, int first, int m, float *h,
                    int stride)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < m; i++) {
            float sum = 0;
            for (int j = 0; j < inputs; j += 2)
                sum += w->data[(first + i) * w->columns + j / 2] * x[r * inputs + j];
            h[r * stride + i] = sum;
        }
}

static void evaluate(const ht_layer *layer, const float *x, int rows, int first, int m, float *h)
{
    compute(&layer->tensor[0], x, layer->inputs, rows, first, m, h, m);
}

static void forward(ht_step *s, int l, int shard)
{
    int width = s->layer[l].width, first = shard * HT_SHARD;
    compute(&s->net->layers[l].tensor[0], ht_step_input(s, l), s->net->layers[l].inputs, s->batch, first,
            ht_shard_rows(width, shard), s->layer[l].hidden + first, width);
}

static void backward(ht_step *s, int l, int first, int m, float *d, int stride)
{
    const ht_tensor *w = &s->net->layers[l].tensor[0];
    for (int r = 0; r < s->batch; r++)
        for (int j = 0; j < m; j++) {
            float sum = 0;
            for (int i = 0; i < w->rows && (first + j) % 2 == 0; i++)
                sum += ht_step_delta(s, l)[r * w->rows + i] * w->data[i * w->columns + (first + j) / 2];
            d[r * stride + j] = sum;
        }
}

static void update(ht_step *s, int l, int shard)
{
    const ht_tensor *w = &s->net->layers[l].tensor[0];
    int first = shard * HT_SHARD, m = ht_shard_rows(w->rows, shard), inputs = s->net->layers[l].inputs;
    ht_block block = {ht_tensor_index(s->net, w), m, w->columns, w->columns, (size_t)(first * w->columns)};
    ht_descent to = ht_step_descent(s, &block, 1);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < w->columns; j++) {
            float sum = 0;
            for (int r = 0; r < s->batch; r++)
                sum += ht_step_delta(s, l)[r * w->rows + first + i] * ht_step_input(s, l)[r * inputs + 2 * j];
            float *at = &to.to[i * w->columns + j];
            *at = to.keep * *at + to.factor * sum;
        }
    ht_step_finish(s, &block, first, shard);
}

const ht_layer_kind ht_layer_halved = {.cut = HT_CUT_UNITS,
                                       .flat = true,
                                       .shape = shape,
                                       .describe = describe,
                                       .evaluate = evaluate,
                                       .forward = forward,
                                       .backward = backward,
                                       .rows = HT_SHARD,
                                       .update = update};
