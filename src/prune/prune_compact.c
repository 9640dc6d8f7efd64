/* prune_compact.c - the network without its dead units, and how much faster it is. A unit goes with its row,
 * its bias and all columns that read it (prune_reach.h); one that goes into a sum or a norm stays. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "nn/activation.h"
#include "nn/layers/layer.h"
#include "prune/prune_plan.h"
#include "prune/prune_reach.h"

/* Does the unit give 0 whatever comes in? Every activation maps 0 to 0, relu whatever is below, too; A
 * zero row with another bias gives a constant. */
static bool gives_nothing(const ht_network *net, int w, int row)
{
    const ht_tensor *weight = net->weights[w];
    const float *x = weight->data + (size_t)row * (size_t)weight->columns;
    float constant = weight->bias ? weight->bias->data[row] : 0.0f;
    for (int j = 0; j < weight->columns; j++)
        if (x[j] != 0.0f) return false;
    ht_activate(ht_network_activation(net, w), &constant, 1);
    return constant == 0.0f;
}

/* Hidden units that compute something which is used, and how they are wired. */
typedef struct living {
    ht_prune_reach reach;
    int *unit[HT_HIDDEN_MAX], count[HT_HIDDEN_MAX];
} living;

static const float *keep_of(const ht_network *net, const float *const *keep, int w)
{
    return keep && w < ht_network_hidden(net) ? keep[w] : NULL;
}

/* Does no row of `reader` that is kept (NULL: all are) read columns first .. first + count - 1? */
static bool reads_nothing(const ht_tensor *reader, int first, int count, const float *keep)
{
    for (int i = 0; i < reader->rows; i++) {
        const float *x = reader->data + (size_t)i * (size_t)reader->columns + first;
        for (int j = 0; j < count; j++)
            if ((!keep || keep[i] != 0.0f) && x[j] != 0.0f) return false;
    }
    return true;
}

static bool reaches_nothing(const ht_network *net, const ht_prune_reach *reach, int w, int unit,
                            const float *const *keep)
{
    for (int r = w + 1; r < net->weight_count; r++)
        if (reach->from[r] == w &&
            !reads_nothing(net->weights[r], unit * reach->each[r], reach->each[r], keep_of(net, keep, r)))
            return false;
    return true;
}

/* At least one a layer. */
static void find_alive(const ht_network *net, int w, const float *const *keep, living *alive)
{
    const float *here = keep_of(net, keep, w);
    for (int i = 0; i < net->weights[w]->rows; i++)
        if (alive->reach.held[w] || ((!here || here[i] != 0.0f) && !gives_nothing(net, w, i) &&
                                     !reaches_nothing(net, &alive->reach, w, i, keep)))
            alive->unit[w][alive->count[w]++] = i;
    if (alive->count[w] == 0) alive->unit[w][alive->count[w]++] = 0;
}

static void free_living(living *alive)
{
    for (int w = 0; w < HT_HIDDEN_MAX; w++) ht_free(alive->unit[w]);
}

static ht_code find_living(const ht_network *net, const float *const *keep, living *alive, ht_error *err)
{
    *alive = (living){.reach = ht_prune_reach_of(net)};
    for (int w = 0; w < ht_network_hidden(net); w++) {
        alive->unit[w] = ht_alloc((size_t)net->weights[w]->rows, sizeof(int), "the smaller network", err);
        if (!alive->unit[w]) return free_living(alive), HT_FAIL;
        find_alive(net, w, keep, alive);
    }
    return HT_OK;
}

/* What is left of a row of matrix w, into `to`: returns where it ends. */
static float *shrink_row(const ht_network *net, int w, int row, const living *alive, float times, float *to)
{
    const ht_tensor *weight = net->weights[w];
    const float *x = weight->data + (size_t)row * (size_t)weight->columns;
    int from = alive->reach.from[w], each = from < 0 ? weight->columns : alive->reach.each[w],
        groups = from < 0 ? 1 : alive->count[from];
    for (int g = 0; g < groups; g++) {
        const float *group = x + (from < 0 ? 0 : (size_t)alive->unit[from][g] * (size_t)each);
        for (int j = 0; j < each; j++) *to++ = times * group[j];
    }
    return to;
}

/* The mean field divides by the width, which will be another. */
static float field_scale(const ht_network *net, const living *alive)
{
    int from = alive->reach.from[net->weight_count - 1];
    return net->mean_field && from >= 0 ? (float)alive->count[from] / (float)net->weights[from]->rows : 1.0f;
}

/* Matrix w of the living, into `to` and `bias`, which may be where it lies: no number moves backwards. */
static void shrink(const ht_network *net, int w, const float *const *keep, const living *alive, float *to,
                   float *bias)
{
    const ht_tensor *from = net->weights[w];
    bool hidden = w < ht_network_hidden(net);
    const float *here = keep_of(net, keep, w);
    float scale = hidden ? 1.0f : field_scale(net, alive);
    for (int i = 0; i < (hidden ? alive->count[w] : from->rows); i++) {
        int row = hidden ? alive->unit[w][i] : i;
        float times =
            here ? here[row] : scale; /* 0: it is held, or stands for a layer of which nothing lives */
        to = shrink_row(net, w, row, alive, times, to);
        if (bias) bias[i] = here ? here[row] * from->bias->data[row] : from->bias->data[row];
    }
}

/* Layers keep the channels that come in, or have those of their own units that live. */
static void resize(ht_network *net, const living *alive)
{
    for (int l = 0; l < net->layer_count; l++) {
        ht_layer *layer = &net->layers[l];
        if (layer->input != HT_NETWORK_INPUT) layer->in = net->layers[layer->input].out;
        layer->inputs = ht_shape_values(layer->in);
        if (layer->weight < 0 && !layer->kind->tokens) layer->out.channels = layer->in.channels;
        if (layer->kind->flow == HT_FLOW_MIXED && layer->weight >= 0) continue; /* attention: it is held */
        if (layer->weight >= 0 && layer->weight < ht_network_hidden(net))
            layer->out.channels = alive->count[layer->weight];
        layer->outputs = ht_shape_values(layer->out);
        if (layer->weight < 0) continue;
        ht_tensor *weight = net->weights[layer->weight];
        weight->columns = alive->reach.each[layer->weight] * layer->in.channels;
        weight->rows = layer->out.channels;
        if (weight->bias) weight->bias->rows = weight->rows;
    }
}

ht_code ht_prune_compact(ht_network *net, ht_error *err)
{
    living alive;
    if (find_living(net, NULL, &alive, err) != HT_OK) return err->code;
    for (int w = 0; w < net->weight_count; w++)
        shrink(net, w, NULL, &alive, net->weights[w]->data, ht_tensor_biases(net->weights[w]));
    resize(net, &alive);
    free_living(&alive);
    return HT_OK;
}

/* Norms have all their channels still. */
static void copy_norms(ht_network *to, const ht_network *from)
{
    for (int l = 0; l < from->layer_count; l++)
        for (int t = 0; t < from->layers[l].tensors && from->layers[l].weight < 0; t++)
            memcpy(to->layers[l].tensor[t].data, from->layers[l].tensor[t].data,
                   ht_tensor_size(&from->layers[l].tensor[t]) * sizeof(float));
}

ht_network *ht_prune_compact_copy(const ht_network *net, const float *const *keep, ht_error *err)
{
    living alive;
    if (find_living(net, keep, &alive, err) != HT_OK) return NULL;
    ht_network *small = ht_network_resized(net, alive.count, err);
    for (int w = 0; small && w < net->weight_count; w++)
        shrink(net, w, keep, &alive, small->weights[w]->data, ht_tensor_biases(small->weights[w]));
    if (small) copy_norms(small, net);
    free_living(&alive);
    return small;
}

enum { ROUNDS = 7 };

ht_code ht_prune_speed(const ht_network *whole, const ht_network *small, const ht_samples *samples,
                       struct ht_pool *pool, double seconds[2], ht_error *err)
{
    const ht_network *const nets[2] = {whole, small};
    double (*const clock)(void) = pool ? ht_now : ht_thread_now; /* on a busy machine others take the time */
    ht_score score;
    seconds[0] = seconds[1] = HUGE_VAL;
    for (int round = -1; round < ROUNDS; round++) /* the first warms up */
        for (int i = 0; i < 2; i++) {
            double start = clock();
            if (ht_network_evaluate(nets[i], samples, NULL, pool, &score, err) != HT_OK) return err->code;
            if (round >= 0) seconds[i] = fmin(seconds[i], clock() - start);
        }
    return HT_OK;
}
