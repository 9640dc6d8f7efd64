/* prune_compact.c - the network without its dead neurons, and how much faster it is. */
#include <math.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "nn/activation.h"
#include "nn/layers/layer.h"
#include "prune/prune_plan.h"

/* Does the neuron give 0 whatever comes in? Every activation maps 0 to 0, relu whatever is below, too; A
 * zero row with another bias gives a constant. */
static bool gives_nothing(const ht_network *net, int l, int row)
{
    const ht_tensor *layer = net->weights[l];
    const float *w = layer->data + (size_t)row * (size_t)layer->columns;
    float constant = layer->bias ? layer->bias->data[row] : 0.0f;
    for (int j = 0; j < layer->columns; j++)
        if (w[j] != 0.0f) return false;
    ht_activate(ht_network_activation(net, l), &constant, 1);
    return constant == 0.0f;
}

/* In the rows that are kept (NULL: all). */
static bool column_is_zero(const ht_tensor *layer, int column, const float *keep)
{
    for (int i = 0; i < layer->rows; i++)
        if ((!keep || keep[i] != 0.0f) &&
            layer->data[(size_t)i * (size_t)layer->columns + (size_t)column] != 0.0f)
            return false;
    return true;
}

/* Hidden neurons that compute something which is used. */
typedef struct living {
    int *neuron[HT_HIDDEN_MAX], count[HT_HIDDEN_MAX];
} living;

/* At least one a layer. */
static void find_alive(const ht_network *net, int l, const float *const *keep, living *alive)
{
    const float *here = keep ? keep[l] : NULL,
                *next = keep && l + 1 < ht_network_hidden(net) ? keep[l + 1] : NULL;
    for (int i = 0; i < net->weights[l]->rows; i++)
        if ((!here || here[i] != 0.0f) && !gives_nothing(net, l, i) &&
            !column_is_zero(net->weights[l + 1], i, next))
            alive->neuron[l][alive->count[l]++] = i;
    if (alive->count[l] == 0) alive->neuron[l][alive->count[l]++] = 0;
}

static void free_living(living *alive)
{
    for (int l = 0; l < HT_HIDDEN_MAX; l++) ht_free(alive->neuron[l]);
}

static ht_code find_living(const ht_network *net, const float *const *keep, living *alive, ht_error *err)
{
    *alive = (living){0};
    for (int l = 0; l < ht_network_hidden(net); l++) {
        alive->neuron[l] = ht_alloc((size_t)net->weights[l]->rows, sizeof(int), "the smaller network", err);
        if (!alive->neuron[l]) return free_living(alive), HT_FAIL;
        find_alive(net, l, keep, alive);
    }
    return HT_OK;
}

/* Layer l of the living, into `to` and `bias`, which may be where it lies: no number moves backwards. */
static void shrink(const ht_network *net, int l, const float *const *keep, const living *alive, float *to,
                   float *bias)
{
    const ht_tensor *from = net->weights[l];
    const int *rows = l < ht_network_hidden(net) ? alive->neuron[l] : NULL,
              *columns = l > 0 ? alive->neuron[l - 1] : NULL;
    const float *here = keep && rows ? keep[l] : NULL;
    int row_count = rows ? alive->count[l] : from->rows, last = ht_network_hidden(net) - 1;
    int column_count = columns ? alive->count[l - 1] : from->columns;
    float scale = 1; /* the mean field divides by the width, which will be another */
    if (net->mean_field && !rows) scale = (float)alive->count[last] / (float)net->weights[last]->rows;
    for (int i = 0; i < row_count; i++) {
        int row = rows ? rows[i] : i;
        const float *w = from->data + (size_t)row * (size_t)from->columns;
        float times = here ? here[row] : scale; /* 0: it stands for a layer of which nothing lives */
        for (int j = 0; j < column_count; j++) *to++ = times * w[columns ? columns[j] : j];
        if (bias) bias[i] = here ? here[row] * from->bias->data[row] : from->bias->data[row];
    }
}

static void resize(ht_network *net, const living *alive)
{
    for (int l = 0; l < ht_network_hidden(net); l++) {
        ht_tensor *weight = net->weights[l];
        weight->rows = net->weights[l + 1]->columns = alive->count[l];
        net->layers[l].outputs = net->layers[l + 1].inputs = alive->count[l];
        if (weight->bias) weight->bias->rows = alive->count[l];
    }
}

ht_code ht_prune_compact(ht_network *net, ht_error *err)
{
    living alive;
    if (find_living(net, NULL, &alive, err) != HT_OK) return err->code;
    for (int l = 0; l < net->weight_count; l++)
        shrink(net, l, NULL, &alive, net->weights[l]->data, ht_tensor_biases(net->weights[l]));
    resize(net, &alive);
    free_living(&alive);
    return HT_OK;
}

ht_network *ht_prune_compact_copy(const ht_network *net, const float *const *keep, ht_error *err)
{
    living alive;
    if (find_living(net, keep, &alive, err) != HT_OK) return NULL;
    ht_network *small = ht_network_resized(net, alive.count, err);
    for (int l = 0; small && l < net->weight_count; l++)
        shrink(net, l, keep, &alive, small->weights[l]->data, ht_tensor_biases(small->weights[l]));
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
