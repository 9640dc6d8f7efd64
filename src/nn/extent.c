#include "nn/extent.h"

#include <math.h>

#include "kernel/kernel.h"
#include "nn/layers/layer.h"

static double norm_of(const float *x, size_t count)
{
    return x ? sqrt(ht_kernel()->sum_squares(x, count)) : 0;
}

/* Of either the other is 0 where it is missing. */
static double distance(const float *x, const float *y, size_t count)
{
    double sum = 0;
    if (!x || !y) return norm_of(x ? x : y, count);
    for (size_t i = 0; i < count; i++) sum += pow((double)x[i] - (double)y[i], 2);
    return sqrt(sum);
}

void ht_extent_same(const ht_layer *layer, const ht_layer *other, ht_extent *values, const ht_extent *also)
{
    (void)layer;
    (void)other;
    (void)values;
    (void)also;
}

void ht_extent_matrix(const ht_layer *layer, const ht_layer *other, double windows, ht_extent *values)
{
    const ht_tensor *a = &layer->tensor[0], *b = &other->tensor[0];
    size_t size = ht_tensor_size(a), rows = (size_t)a->rows;
    double norm = sqrt(windows) * norm_of(a->data, size), places = ht_shape_places(layer->out);
    double apart = sqrt(windows) * distance(a->data, b->data, size);
    values->change = (norm + apart) * values->change + apart * values->size +
                     sqrt(places) * distance(ht_tensor_biases(a), ht_tensor_biases(b), rows);
    values->size = norm * values->size + sqrt(places) * norm_of(ht_tensor_biases(a), rows);
}

void ht_extent_channel(ht_extent_channels *channels, const double factor[2], const double summand[2])
{
    channels->most = fmax(channels->most, fabs(factor[0]));
    channels->apart = fmax(channels->apart, fabs(factor[0] - factor[1]));
    channels->summands2 += pow(summand[0], 2);
    channels->summands_apart2 += pow(summand[0] - summand[1], 2);
}

void ht_extent_scale(const ht_extent_channels *channels, int places, ht_extent *values)
{
    values->change = (channels->most + channels->apart) * values->change + channels->apart * values->size +
                     sqrt(places * channels->summands_apart2);
    values->size = channels->most * values->size + sqrt(places * channels->summands2);
}

/* Windows begin at `stride` times their number - pad. */
static int most_windows(int side, int windows, int window, int pad, int stride)
{
    int most = 0;
    for (int i = 0; i < side; i++) {
        int count = 0;
        for (int p = 0; p < windows; p++) count += p * stride - pad <= i && i < p * stride - pad + window;
        if (count > most) most = count;
    }
    return most;
}

double ht_extent_windows(const ht_layer *layer, const int pad[2], const int stride[2])
{
    return (double)most_windows(layer->in.height, layer->out.height, layer->window[0], pad[0], stride[0]) *
           most_windows(layer->in.width, layer->out.width, layer->window[1], pad[1], stride[1]);
}

/* Its largest slope; all of them have |act(z)| ≤ |z|. GELU's is at √2. */
static double steepest(ht_activation activation)
{
    return activation == HT_GELU ? 1.1290 : 1;
}

/* A mean field divides what the output layer reads. */
static ht_extent read_by(const ht_network *net, int l, const ht_extent of[], double input)
{
    int from = net->layers[l].input;
    bool divides = net->mean_field && l == net->layer_count - 1;
    double scale = divides ? 1.0 / net->layers[l].inputs : 1;
    ht_extent values = from == HT_NETWORK_INPUT ? (ht_extent){input, 0} : of[from];
    return (ht_extent){scale * values.size, scale * values.change};
}

bool ht_extent_of(const ht_network *net, const ht_network *other, double input, ht_extent *gives,
                  const char **why)
{
    ht_extent of[HT_LAYERS_MAX] = {{0}};
    for (int l = 0; l < net->layer_count; l++) {
        const ht_layer *layer = &net->layers[l];
        ht_extent also = {input, 0};
        *why = "one of its kinds of layers has no bound";
        if (!layer->kind->extent) return false;
        of[l] = read_by(net, l, of, input);
        if (layer->also >= 0) also = of[layer->also];
        layer->kind->extent(layer, &other->layers[l], &of[l], &also);
        of[l].change *= steepest(layer->activation);
    }
    *gives = of[net->layer_count - 1];
    *why = "the bound is no finite number";
    return isfinite(gives->size) && isfinite(gives->change);
}
