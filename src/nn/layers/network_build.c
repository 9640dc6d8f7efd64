/* network_build.c - the table of layer kinds, and networks built of them. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "nn/layers/layer.h"
#include "nn/noise.h"

enum { MOST_VALUES = 1 << 28 };

static const struct {
    const char *name;
    const ht_layer_kind *kind;
} rows[HT_LAYER_KINDS] = {
#define HT_LAYER(id, name, operations, arguments, takes, what) {name, &ht_layer_##operations},
#include "params/layers.def"
};

const ht_layer_kind *ht_layer_kind_at(ht_layer_id id)
{
    return rows[id].kind;
}

const char *ht_layer_kind_name(ht_layer_id id)
{
    return (int)id < (int)HT_LAYER_KINDS ? rows[id].name : NULL;
}

/* ---- building ---- */

/* Each weight matrix is followed by its biases. */
static void link_bias(ht_layer *layer)
{
    ht_tensor *weight = layer->tensor;
    for (int i = 1; i < layer->tensors; i++)
        if (layer->tensor[i].flags & HT_TENSOR_WEIGHT)
            weight = &layer->tensor[i];
        else if (!(layer->tensor[i].flags & (HT_TENSOR_STATE | HT_TENSOR_TABLE)))
            weight->bias = &layer->tensor[i];
}

/* Tensors are numbered by the weight matrix that they go with, and named by the layers that have some. */
static void place_tensors(ht_network *net, ht_layer *layer, const ht_layer_spec *spec, int named)
{
    ht_tensor made[HT_LAYER_TENSORS] = {0};
    layer->tensor = net->tensors + net->tensor_count;
    layer->tensors = layer->kind->describe ? layer->kind->describe(spec, layer, made) : 0;
    for (int i = 0; i < layer->tensors; i++) {
        ht_tensor *t = &layer->tensor[i];
        *t = made[i];
        if (t->flags & HT_TENSOR_WEIGHT) {
            if (layer->weight < 0) layer->weight = net->weight_count;
            net->weights[net->weight_count++] = t;
        }
        t->number = layer->weight < 0 ? -1 : net->weight_count - 1;
        if (spec->quiet) t->flags &= ~(unsigned)HT_TENSOR_NOISY;
        snprintf(t->name, sizeof t->name, "layers.%d.%.20s", named, made[i].name);
    }
    net->tensor_count += layer->tensors;
    link_bias(layer);
}

/* Are all its sizes numbers that can be counted? */
static bool fits(const ht_layer *layer)
{
    const ht_shape *in = &layer->in, *out = &layer->out;
    return (double)out->channels * out->height * out->width <= MOST_VALUES &&
           (double)in->channels * layer->window[0] * layer->window[1] <= MOST_VALUES;
}

ht_code ht_layer_begin(ht_layer *layer, const ht_layer_spec *spec, ht_shape in, ht_error *err)
{
    *layer = (ht_layer){.kind = spec->kind,
                        .in = in,
                        .out = in,
                        .inputs = ht_shape_values(in),
                        .activation = spec->output ? HT_LINEAR : spec->activation,
                        .weight = -1};
    if (spec->kind->shape && spec->kind->shape(spec, layer, err) != HT_OK) return HT_USAGE;
    if (!fits(layer))
        return ht_error_set(err, HT_USAGE,
                            "it would have more than %d values or weights of a unit: %d×%d×%d come in",
                            MOST_VALUES, in.channels, in.height, in.width);
    layer->outputs = ht_shape_values(layer->out);
    return HT_OK;
}

static ht_code place_layer(ht_network *net, int l, const ht_layer_spec *spec, int *named, ht_error *err)
{
    ht_layer *layer = &net->layers[l];
    int input = l - 1 - spec->back;
    if (ht_layer_begin(layer, spec, input < 0 ? net->input : net->layers[input].out, err) != HT_OK)
        return HT_USAGE;
    layer->number = layer->ends_at = l;
    layer->input = input;
    layer->also = spec->also > 0 ? l - spec->also : HT_NO_LAYER;
    place_tensors(net, layer, spec, *named);
    *named += layer->tensors > 0;
    return HT_OK;
}

static ht_code fill(ht_network *net, ht_error *err)
{
    for (int t = 0; t < net->tensor_count; t++) {
        ht_tensor *tensor = &net->tensors[t];
        size_t size;
        if (__builtin_mul_overflow((size_t)tensor->rows, (size_t)tensor->columns, &size)) size = SIZE_MAX;
        tensor->data = ht_alloc(size, sizeof(float),
                                tensor->flags & HT_TENSOR_WEIGHT ? "the weights" : "the biases", err);
        if (!tensor->data) return HT_FAIL;
    }
    return HT_OK;
}

void ht_network_free(ht_network *net)
{
    if (!net) return;
    for (int t = 0; net->tensors && t < net->tensor_count; t++) ht_free(net->tensors[t].data);
    ht_free(net->layers);
    ht_free(net->tensors);
    ht_free(net->weights);
    ht_free(net);
}

_Static_assert((int)HT_WEIGHTS_MAX <= (int)HT_NOISE_LAYERS, "every layer has draws of its own");

/* Layer l does the next one's work, too, if it can. */
static void join(ht_network *net, int l)
{
    ht_layer *layer = &net->layers[l], *next = layer + 1;
    if (next->input != l || !layer->kind->joins || !layer->kind->joins(layer, next)) return;
    for (int r = l + 2; r < net->layer_count; r++)
        if (net->layers[r].input == l || net->layers[r].also == l) return;
    layer->ends_at = l + 1;
}

/* The token table is the output's weight matrix, too: the last one of the network, in its list of tensors
 * once.
 */
static void tie(ht_network *net)
{
    ht_layer *output = &net->layers[net->layer_count - 1];
    ht_tensor *table = net->layers[0].tensor;
    table->flags |= HT_TENSOR_WEIGHT | HT_TENSOR_OUTPUT;
    table->number = output->weight = net->weight_count;
    output->tensor = table;
    net->weights[net->weight_count++] = table;
}

/* In a sequence what a residual adds are no units of their own, but what its units say to all layers behind:
 * they are read by everybody. */
static void mark_writers(ht_network *net)
{
    for (int l = 0; l < net->layer_count && net->positions > 0; l++) {
        int from = net->layers[l].also == HT_NO_LAYER ? HT_NETWORK_INPUT : net->layers[l].input;
        while (from >= 0 && net->layers[from].tensors == 0) from = net->layers[from].input;
        if (from >= 0) net->layers[from].tensor[0].flags &= ~(unsigned)HT_TENSOR_PRUNABLE;
    }
}

static ht_code place_all(ht_network *net, const ht_layer_spec specs[], int count, ht_error *err)
{
    int weights = 0, named = 0;
    for (int l = 0; l < count; l++) weights += specs[l].kind->describe != NULL;
    if (weights > HT_WEIGHTS_MAX || count > HT_LAYERS_MAX)
        return ht_error_set(err, HT_FAIL, "a network has at most %d layers; this one would have %d",
                            HT_WEIGHTS_MAX, weights);
    for (int l = 0; l < count; l++)
        if (place_layer(net, l, &specs[l], &named, err) != HT_OK) return HT_USAGE;
    if (specs[count - 1].tied) tie(net);
    if (net->weight_count > HT_WEIGHTS_MAX)
        return ht_error_set(err, HT_FAIL, "a network has at most %d weight matrices; this one would have %d",
                            HT_WEIGHTS_MAX, net->weight_count);
    mark_writers(net);
    for (int l = 0; l + 1 < count; l++) join(net, l);
    return HT_OK;
}

ht_network *ht_network_build(ht_shape input, const ht_layer_spec specs[], int count, bool mean_field,
                             bool empty, ht_error *err)
{
    static const char what[] = "the network";
    ht_network *net = ht_alloc(1, sizeof *net, what, err);
    if (!net) return NULL;
    *net = (ht_network){.input = input,
                        .inputs = ht_shape_values(input),
                        .classes = specs[count - 1].units,
                        .positions = specs[count - 1].kind == &ht_layer_positionwise ? input.width : 0,
                        .mean_field = mean_field,
                        .layer_count = count};
    net->layers = ht_alloc((size_t)count, sizeof *net->layers, what, err);
    net->tensors = ht_alloc((size_t)count * HT_LAYER_TENSORS, sizeof *net->tensors, what, err);
    net->weights = ht_alloc((size_t)count * HT_LAYER_TENSORS, sizeof(void *), what, err);
    bool good = net->layers && net->tensors && net->weights && place_all(net, specs, count, err) == HT_OK;
    if (good && (empty || fill(net, err) == HT_OK)) return net;
    ht_network_free(net);
    return NULL;
}
