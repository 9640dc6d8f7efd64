#include "nn/step/step_state.h"

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

/* Of what is squared. */
static const double safe_value = 1e18;

static ht_code make_floats(float **to, size_t count, const char *what, ht_error *err)
{
    if (count > 0) *to = ht_alloc(count, sizeof **to, what, err);
    return count == 0 || *to ? HT_OK : HT_FAIL;
}

/* What a kind wants beside the values of its layer. */
static ht_code make_room(ht_step *s, ht_step_layer *room, const ht_layer *layer, ht_error *err)
{
    static const char what[] = "the work of a layer";
    if (layer->kind->room) layer->kind->room(layer, s->capacity, &room->room);
    if (layer->kind->cut == HT_CUT_SAMPLES && layer->kind->gradient)
        room->room.sums = ht_layer_numbers(layer) * HT_STEP_SPANS;
    if (room->room.scratch > s->stride) s->stride = (room->room.scratch + 15) / 16 * 16;
    if (room->room.bytes > 0 && !(room->bytes = ht_alloc(room->room.bytes, 1, what, err))) return HT_FAIL;
    size_t packed = layer->kind->pack ? room->room.packed : 0;
    if (make_floats(&room->packed, packed, what, err) != HT_OK) return HT_FAIL;
    if (make_floats(&room->kept, room->room.kept, what, err) != HT_OK) return HT_FAIL;
    return make_floats(&room->sums, room->room.sums, what, err);
}

/* How much the values of all layers take: what is asked for layer by layer says little of a batch. */
static ht_code refuse_batch(const ht_step *s, const ht_network *net, ht_error *err)
{
    double values = 0;
    for (int l = 0; l < s->hidden; l++)
        if (net->layers[l].ends_at == l) values += (double)net->layers[l].outputs;
    return ht_error_set(
        err, HT_FAIL,
        "not enough memory for a batch of %d: its activations and gradients take %.1f MB; try "
        "a smaller train.batch or model.width",
        s->capacity, 2 * sizeof(float) * values * s->capacity / 1e6);
}

/* The only reader of a layer, or -1. */
static int only_reader(const ht_network *net, int l)
{
    int found = -1;
    for (int r = l + 1; r < net->layer_count; r++) {
        if (net->layers[r].input != l && net->layers[r].also != l) continue;
        if (found >= 0) return -1;
        found = r;
    }
    return found;
}

/* The layer whose delta is this one's, too, since it gives the sum of what it reads; or -1. */
static int same_delta(const ht_network *net, int l)
{
    int reader = only_reader(net, l);
    bool same = reader >= 0 && net->layers[reader].kind->sums && net->layers[l].activation == HT_LINEAR &&
                net->layers[l].ends_at == l;
    return same ? reader : -1;
}

static ht_code make_layer(ht_step *s, const ht_network *net, int l, ht_error *err)
{
    const ht_layer *layer = &net->layers[l];
    ht_step_layer *room = &s->layer[l];
    size_t size =
        layer->ends_at == l ? (size_t)s->capacity * (size_t)layer->outputs : 0; /* another has them */
    bool slope = ht_activation_keeps_slope(layer->activation);
    bool packs = layer->activation == HT_RELU && layer->kind->cut == HT_CUT_UNITS;
    room->width = layer->outputs;
    room->shards = ht_shards(room->width);
    room->wanted = layer->tensors > 0 || (layer->input >= 0 && s->layer[layer->input].wanted) ||
                   (layer->also >= 0 && s->layer[layer->also].wanted);
    for (int r = l + 1; r < net->layer_count; r++)
        room->readers += (net->layers[r].input == l) + (net->layers[r].also == l);
    if (make_floats(&room->hidden, size, "the activations", err) != HT_OK ||
        make_floats(&room->delta, same_delta(net, l) < 0 ? size : 0, "the gradients", err) != HT_OK)
        return refuse_batch(s, net, err);
    if (make_floats(&room->slope, slope ? size : 0, "the activations", err) != HT_OK) return HT_FAIL;
    size_t panels = packs ? ht_panels_size(s->capacity, layer->inputs) : 0;
    if (make_floats(&room->input.x, panels, "the inputs", err) != HT_OK) return HT_FAIL;
    return make_room(s, room, layer, err);
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

static ht_code make_logits(ht_step *s, const ht_network *net, ht_error *err)
{
    size_t batch = (size_t)s->capacity, classes = (size_t)net->classes,
           last = (size_t)s->layer[s->hidden - 1].shards;
    if (net->positions > 0) return ht_step_tokens_make(s, net, err);
    s->partial = ht_alloc(last * batch * classes, sizeof(float), "the logits", err);
    s->logits = ht_alloc(batch * classes, sizeof(float), "the logits", err);
    return s->partial && s->logits ? HT_OK : HT_FAIL;
}

static ht_code make_rooms(ht_step *s, const ht_network *net, int arrays, ht_error *err)
{
    size_t batch = (size_t)s->capacity, spare = 0, packed = 0, shared = 0;
    s->layer = ht_alloc((size_t)s->hidden, sizeof *s->layer, "a training step", err);
    if (!s->layer) return HT_FAIL;
    s->shards = HT_STEP_SPANS;
    for (int l = 0; l < s->hidden; l++) {
        if (make_layer(s, net, l, err) != HT_OK) return HT_FAIL;
        size_t width = (size_t)s->layer[l].width;
        if (s->layer[l].shards > s->shards) s->shards = s->layer[l].shards;
        if (s->layer[l].readers > 1 && width > spare) spare = width;
        if (s->layer[l].room.packed > packed) packed = s->layer[l].room.packed;
        if (s->layer[l].room.shared > shared) shared = s->layer[l].room.shared;
    }
    for (int l = s->hidden - 1; l >= 0; l--)
        if (same_delta(net, l) >= 0) {
            s->layer[l].lent = true;
            s->layer[l].delta = s->layer[same_delta(net, l)].delta;
        }
    if (make_floats(&s->spare, batch * spare, "the gradients", err) != HT_OK) return HT_FAIL;
    if (make_floats(&s->packed, packed, "the work of a layer", err) != HT_OK) return HT_FAIL;
    if (make_floats(&s->shared, shared, "the work of a layer", err) != HT_OK) return HT_FAIL;
    if (make_floats(&s->scratch, (size_t)s->threads * s->stride, "the work of a layer", err) != HT_OK)
        return HT_FAIL;
    s->shard_max = ht_alloc(3 * (size_t)s->shards, sizeof(float), "the step's guard", err);
    if (!s->shard_max || make_logits(s, net, err) != HT_OK) return HT_FAIL;
    return make_arrays(s, net, arrays, err);
}

ht_step *ht_step_new(const ht_network *net, int batch, int arrays, int threads, ht_error *err)
{
    ht_step *s = ht_alloc(1, sizeof *s, "a training step", err);
    if (!s) return NULL;
    s->hidden = net->layer_count - 1;
    s->tensors = net->tensor_count;
    s->capacity = batch;
    s->threads = threads;
    if (make_rooms(s, net, arrays, err) == HT_OK) return s;
    ht_step_free(s);
    return NULL;
}

static void free_layer(ht_step_layer *room)
{
    ht_free(room->hidden);
    if (!room->lent) ht_free(room->delta);
    ht_free(room->slope);
    ht_free(room->packed);
    ht_free(room->input.x);
    ht_free(room->kept);
    ht_free(room->sums);
    ht_free(room->bytes);
}

void ht_step_free(ht_step *s)
{
    if (!s) return;
    for (int l = 0; s->layer && l < s->hidden; l++) free_layer(&s->layer[l]);
    for (int t = 0; s->kept && t < s->tensors; t++)
        for (int k = 0; k < HT_STEP_ARRAYS; k++) ht_free(s->kept[t][k]);
    ht_free(s->layer);
    ht_free(s->kept);
    ht_free(s->partial);
    ht_free(s->logits);
    ht_free(s->block_loss);
    ht_free(s->block_right);
    ht_free(s->out_gradient);
    ht_free(s->shard_max);
    ht_free(s->spare);
    ht_free(s->packed);
    ht_free(s->shared);
    ht_free(s->scratch);
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

static int larger_of(int a, int b)
{
    return a > b ? a : b;
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

/* A filter's gradient is a sum over all places. */
static int most_places(const ht_step *s)
{
    int most = 1;
    for (int l = 0; l < s->hidden; l++)
        if (s->net->layers[l].tensors > 0) most = larger_of(most, ht_shape_places(s->net->layers[l].out));
    return most;
}

static double widest(const ht_step *s)
{
    int most = 1;
    for (int l = 0; l < s->hidden; l++) most = larger_of(most, s->layer[l].width);
    return most;
}

static bool has_norms(const ht_step *s)
{
    for (int t = 0; t < s->net->tensor_count; t++)
        if (s->net->tensors[t].flags & HT_TENSOR_ONES) return true;
    return false;
}

/* Could the update leave the finite numbers? Every row of ∂L/∂logits has an absolute sum of at most 2/batch,
 * which bounds the gradients of a one-layer network; deeper ones have had their deltas computed and measured.
 */
static void guard(const ht_step *s, ht_step_result *result)
{
    double h = largest(s->shard_max, s->shards), out = largest(s->shard_max + s->shards, s->shards);
    double delta =
        ht_step_is_short(s) ? 2 * out / s->batch : largest(s->shard_max + 2 * s->shards, s->shards);
    double inputs = fmax((double)s->hyper->input_bound, s->hidden > 1 ? h : 0);
    double terms = (double)s->batch * most_places(s);
    if (has_norms(s)) inputs = fmax(inputs, sqrt(terms * widest(s))); /* what is normalized is no larger */
    bool biased = has_biases(s); /* a bias is the weight of an input of 1 */
    double gradient = fmax(2 * fmax(h, biased), delta * terms * fmax(inputs, biased));
    double update = next_update(s, gradient);
    if (!isfinite(result->loss))
        result->refused = "the training loss", result->guard = result->loss;
    else if (has_norms(s) && !(h < safe_value))
        result->refused = "the square of an activation that is normalized", result->guard = h;
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

/* From the last hidden layer to the loss, and to its gradient. */
static void answer(ht_step *s, const int32_t *labels, ht_step_result *result, struct ht_pool *pool)
{
    int correct = 0;
    if (s->net->positions > 0) {
        ht_step_tokens(s, labels, result, pool);
        return;
    }
    reduce_logits(s);
    ht_softmax_loss(s->logits, labels, s->batch, s->net->classes, s->logits, &result->loss, &correct);
    result->loss /= s->batch;
    result->accuracy = (double)correct / s->batch;
}

ht_step_result ht_step_run(ht_step *s, ht_network *net, const float *x, const int32_t *labels, int batch,
                           const ht_hyper *hyper, struct ht_pool *pool)
{
    ht_step_result result = {0};
    s->net = net;
    s->x = x;
    s->batch = batch;
    s->hyper = hyper;
    s->noise = hyper->noise;
    ht_noise_prepare(&s->noise, &s->laws);
    if (ht_pool_threads(pool) > s->threads) pool = NULL; /* the same bits */
    memset(s->shard_max, 0, 3 * (size_t)s->shards * sizeof *s->shard_max);
    if (ht_step_is_one_chain(s)) {
        ht_step_chain_whole(s, labels, &result, pool);
        ht_step_end_backward(s, pool);
    } else {
        ht_step_forward(s, pool);
        if (left_off(&result)) return result;
        answer(s, labels, &result, pool);
        if (!ht_step_is_short(s) && isfinite(result.loss)) ht_step_backward(s, pool);
    }
    if (left_off(&result)) return result;
    guard(s, &result);
    if (!result.refused) ht_step_update(s, pool);
    return result;
}
