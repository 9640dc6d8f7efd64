#include "nn/step_state.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/activation.h"
#include "nn/loss.h"
#include "nn/shard.h"

/* A step whose update could exceed this is refused, so the weights at hand are always finite: they may grow
 * by 1e37 a step at most, and at that size the next forward pass overflows and is refused in turn. */
static const double safe_update = 1e37;

static ht_code make_layer(ht_step_layer *room, const ht_network *net, int l, size_t batch, ht_error *err)
{
    const ht_layer *layer = &net->layers[l];
    room->width = layer->outputs;
    room->shards = ht_shards(room->width);
    room->hidden = ht_alloc(batch * (size_t)room->width, sizeof(float), "the activations", err);
    room->delta = ht_alloc(batch * (size_t)room->width, sizeof(float), "the gradients", err);
    if (!room->hidden || !room->delta) return HT_FAIL;
    if (ht_activation_keeps_input(layer->activation) &&
        !(room->before = ht_alloc(batch * (size_t)room->width, sizeof(float), "the activations", err)))
        return HT_FAIL;
    if (layer->activation != HT_RELU) return HT_OK;
    room->input.x = ht_alloc(ht_panels_size((int)batch, layer->inputs), sizeof(float), "the inputs", err);
    return room->input.x ? HT_OK : HT_FAIL;
}

static ht_code make_arrays(ht_step *s, const ht_network *net, int arrays, ht_error *err)
{
    const char *what = arrays > 1 ? "the optimizer's means" : "the momentum";
    s->kept = ht_alloc((size_t)s->tensors, sizeof *s->kept, what, err);
    if (!s->kept) return HT_FAIL;
    for (int t = 0; t < s->tensors; t++)
        for (int k = 0; k < arrays; k++) {
            s->kept[t][k] = ht_alloc(ht_tensor_size(&net->tensors[t]), sizeof(float), what, err);
            if (!s->kept[t][k]) return HT_FAIL;
        }
    return HT_OK;
}

static ht_code make_rooms(ht_step *s, const ht_network *net, int arrays, ht_error *err)
{
    size_t batch = (size_t)s->capacity, classes = (size_t)net->classes;
    s->layer = ht_alloc((size_t)s->hidden, sizeof *s->layer, "a training step", err);
    if (!s->layer) return HT_FAIL;
    for (int l = 0; l < s->hidden; l++) {
        if (make_layer(&s->layer[l], net, l, batch, err) != HT_OK) return HT_FAIL;
        if (s->layer[l].shards > s->shards) s->shards = s->layer[l].shards;
    }
    size_t last = (size_t)s->layer[s->hidden - 1].shards;
    s->partial = ht_alloc(last * batch * classes, sizeof(float), "the logits", err);
    s->logits = ht_alloc(batch * classes, sizeof(float), "the logits", err);
    s->shard_max = ht_alloc(3 * (size_t)s->shards, sizeof(float), "the step's guard", err);
    if (!s->partial || !s->logits || !s->shard_max) return HT_FAIL;
    return make_arrays(s, net, arrays, err);
}

ht_step *ht_step_new(const ht_network *net, int batch, int arrays, ht_error *err)
{
    ht_step *s = ht_alloc(1, sizeof *s, "a training step", err);
    if (!s) return NULL;
    s->hidden = net->layer_count - 1;
    s->tensors = net->tensor_count;
    s->capacity = batch;
    if (make_rooms(s, net, arrays, err) == HT_OK) return s;
    ht_step_free(s);
    return NULL;
}

void ht_step_free(ht_step *s)
{
    if (!s) return;
    for (int l = 0; s->layer && l < s->hidden; l++)
        ht_free(s->layer[l].hidden), ht_free(s->layer[l].delta), ht_free(s->layer[l].before),
            ht_free(s->layer[l].input.x);
    for (int t = 0; s->kept && t < s->tensors; t++)
        for (int k = 0; k < HT_STEP_ARRAYS; k++) ht_free(s->kept[t][k]);
    ht_free(s->layer);
    ht_free(s->kept);
    ht_free(s->partial);
    ht_free(s->logits);
    ht_free(s->shard_max);
    ht_free(s);
}

int ht_step_capacity(const ht_step *s)
{
    return s->capacity;
}

float *ht_step_array(const ht_step *s, int array, int tensor)
{
    return s->kept[tensor][array];
}

static int shard_width(const ht_step *s, int l, int shard)
{
    return ht_shard_rows(s->layer[l].width, shard);
}

static void keep_before(const ht_step *s, int first, int m)
{
    const ht_step_layer *room = &s->layer[s->at];
    for (int r = 0; r < s->batch; r++) {
        size_t at = (size_t)r * (size_t)room->width + (size_t)first;
        memcpy(room->before + at, room->hidden + at, (size_t)m * sizeof(float));
    }
}

/* H_l[:, shard]; the last hidden layer also gives its share of the logits. */
static void forward_shard(void *context, int shard, int worker)
{
    ht_step *s = context;
    (void)worker;
    const ht_layer *layer = &s->net->layers[s->at], *out = &s->net->layers[s->hidden];
    int first = shard * HT_SHARD, m = shard_width(s, s->at, shard), width = s->layer[s->at].width;
    float *h = s->layer[s->at].hidden + first, most = 0;
    layer->kind->forward(s, s->at, shard);
    if (s->layer[s->at].before) keep_before(s, first, m);
    for (int r = 0; r < s->batch; r++)
        most = fmaxf(most, ht_activate(layer->activation, h + (size_t)r * (size_t)width, (size_t)m));
    s->shard_max[shard] = fmaxf(most, s->shard_max[shard]);
    if (s->at != s->hidden - 1) return;
    float *share = s->partial + (size_t)shard * (size_t)s->batch * (size_t)s->net->classes;
    s->shard_max[s->shards + shard] = out->kind->share(s, s->hidden, first, m, h, width, share);
}

/* delta_l[:, shard] = ∂L/∂H_l ⊙ act'(H_l) */
static void delta_shard(ht_step *s, int l, int shard)
{
    const ht_layer *above = &s->net->layers[l + 1];
    int width = s->layer[l].width, first = shard * HT_SHARD, m = shard_width(s, l, shard);
    float *d = s->layer[l].delta + first;
    const float *from = (s->layer[l].before ? s->layer[l].before : s->layer[l].hidden) + first;
    above->kind->backward(s, l + 1, first, m, d, width);
    for (int r = 0; r < s->batch; r++) {
        size_t row = (size_t)r * (size_t)width;
        ht_activate_gradient(s->net->layers[l].activation, d + row, from + row, (size_t)m);
    }
}

static void backward_shard(void *context, int shard, int worker)
{
    ht_step *s = context;
    (void)worker;
    int width = s->layer[s->at].width, m = shard_width(s, s->at, shard);
    const float *d = s->layer[s->at].delta + shard * HT_SHARD;
    float *most = &s->shard_max[2 * s->shards + shard];
    delta_shard(s, s->at, shard);
    for (int r = 0; r < s->batch; r++)
        *most = fmaxf(*most, ht_kernel()->max_abs(d + (size_t)r * (size_t)width, (size_t)m));
}

/* Tasks are the shards of the hidden layers, one layer after the other; while a shard is in cache it also
 * gets its noise. */
static void update_shard(void *context, int task, int worker)
{
    ht_step *s = context;
    int l = 0, shard = task;
    while (shard >= s->layer[l].shards) shard -= s->layer[l++].shards;
    const ht_layer *layer = &s->net->layers[l], *out = &s->net->layers[s->hidden];
    if (s->hidden == 1) delta_shard(s, 0, shard);
    if (l == s->hidden - 1 && s->hyper->train_output) out->kind->update(s, s->hidden, shard);
    layer->kind->update(s, l, shard);
    if (s->hyper->capture) ht_capture_shard(s->hyper->capture, s->net, l, shard, worker);
}

/* Shares of the logits are added in shard order: one fixed rounding. */
static void reduce_logits(ht_step *s)
{
    const ht_step_layer *last = &s->layer[s->hidden - 1];
    size_t size = (size_t)s->batch * (size_t)s->net->classes;
    memcpy(s->logits, s->partial, size * sizeof(float));
    for (int shard = 1; shard < last->shards; shard++) {
        const float *share = s->partial + (size_t)shard * size;
        for (size_t i = 0; i < size; i++) s->logits[i] += share[i];
    }
    if (s->net->mean_field)
        for (size_t i = 0; i < size; i++) s->logits[i] /= (float)last->width;
    ht_add_bias(ht_tensor_biases(ht_network_output(s->net)), s->logits, s->batch, s->net->classes);
}

static double largest(const float *x, int count)
{
    float most = 0;
    for (int i = 0; i < count; i++) most = fmaxf(most, x[i]);
    return (double)most;
}

/* The size a product may have after its factors have moved. */
static double factored_update(const ht_hyper *hyper, double gradient)
{
    double most = ht_factors_largest(hyper->factors), depth = hyper->factors->count;
    double move = hyper->lr * (gradient * pow(most, depth - 1) + hyper->weight_decay * most);
    return pow(most + move, depth);
}

static double largest_weight(const ht_step *s)
{
    float most = 0;
    for (int t = 0; t < s->net->tensor_count; t++)
        most =
            fmaxf(most, ht_kernel()->max_abs(s->net->tensors[t].data, ht_tensor_size(&s->net->tensors[t])));
    return (double)most;
}

/* A decay of ηλ ≤ 1 only takes from a weight; beyond that the weight comes out on the other side, ηλ - 1
 * times as large, and its size counts. */
static double decayed_weight(const ht_step *s)
{
    return s->hyper->lr * s->hyper->weight_decay > 1 ? largest_weight(s) : 0;
}

static bool has_biases(const ht_step *s)
{
    return s->net->tensor_count > s->net->weight_count;
}

static double next_update(const ht_step *s, double gradient)
{
    const ht_hyper *hyper = s->hyper;
    const ht_pace pace = ht_step_pace(s);
    if (hyper->optimizer && hyper->optimizer->reach)
        return hyper->optimizer->reach(&pace, gradient, hyper->weight_decay > 0 ? largest_weight(s) : 0);
    double push = gradient + hyper->weight_decay * decayed_weight(s);
    double plain = hyper->lr * push / (1 - hyper->momentum);
    if (!hyper->factors) return plain;
    return fmax(factored_update(hyper, gradient), has_biases(s) ? plain : 0); /* which are no products */
}

/* Could the update leave the finite numbers? Every row of ∂L/∂logits has an absolute sum of at most 2/batch,
 * which bounds the gradients of a one-layer network; deeper ones have had their deltas computed and measured.
 */
static void guard(const ht_step *s, ht_step_result *result)
{
    double h = largest(s->shard_max, s->shards), out = largest(s->shard_max + s->shards, s->shards);
    double delta = s->hidden == 1 ? 2 * out / s->batch : largest(s->shard_max + 2 * s->shards, s->shards);
    double inputs = fmax((double)s->hyper->input_bound, s->hidden > 1 ? h : 0);
    bool biased = has_biases(s); /* a bias is the weight of an input of 1 */
    double gradient = fmax(2 * fmax(h, biased), delta * s->batch * fmax(inputs, biased));
    double update = next_update(s, gradient);
    if (!isfinite(result->loss))
        result->refused = "the training loss", result->guard = result->loss;
    else if (!(update < safe_update))
        result->refused = "the size of the next update", result->guard = update;
}

/* Nothing has changed so far, nor does it. */
static bool left_off(ht_step_result *result)
{
    result->left_off = ht_cancelled();
    if (result->left_off) result->refused = "a step that was cancelled";
    return result->left_off;
}

static void forward(ht_step *s, struct ht_pool *pool)
{
    memset(s->shard_max, 0, 3 * (size_t)s->shards * sizeof *s->shard_max);
    for (s->at = 0; s->at < s->hidden; s->at++) {
        ht_panels *input = &s->layer[s->at].input;
        if (input->x)
            ht_kernel()->pack(input, ht_step_input(s, s->at), s->batch, s->net->layers[s->at].inputs);
        ht_pool_run(pool, s->layer[s->at].shards, forward_shard, s);
    }
}

static void update(ht_step *s, struct ht_pool *pool)
{
    const atomic_bool *off = ht_cancel_by(NULL); /* once weights have changed, all do */
    int tasks = 0;
    for (int l = 0; l < s->hidden; l++) tasks += s->layer[l].shards;
    if (s->hyper->capture) ht_capture_begin(s->hyper->capture);
    ht_pool_run(pool, tasks, update_shard, s);
    if (s->hyper->capture) ht_capture_finish(s->hyper->capture, s->net);
    ht_cancel_by(off);
}

ht_step_result ht_step_run(ht_step *s, ht_network *net, const float *x, const int32_t *labels, int batch,
                           const ht_hyper *hyper, struct ht_pool *pool)
{
    int correct = 0;
    ht_step_result result = {0};
    s->net = net;
    s->x = x;
    s->batch = batch;
    s->hyper = hyper;
    s->noise = hyper->noise;
    ht_noise_prepare(&s->noise, &s->laws);
    forward(s, pool);
    if (left_off(&result)) return result;
    reduce_logits(s);
    ht_softmax_loss(s->logits, labels, batch, net->classes, s->logits, &result.loss, &correct);
    result.loss /= batch;
    result.accuracy = (double)correct / batch;
    if (s->hidden > 1 && isfinite(result.loss))
        for (s->at = s->hidden - 1; s->at >= 0; s->at--)
            ht_pool_run(pool, s->layer[s->at].shards, backward_shard, s);
    if (left_off(&result)) return result;
    guard(s, &result);
    if (!result.refused) update(s, pool);
    return result;
}
