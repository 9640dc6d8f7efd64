/* step_passes.c - the passes of a training step through the layers: forward, back, and the update. What a
 * task does and in which order sums are taken depends on shapes alone. */
#include <math.h>
#include <string.h>

#include "base/cancel.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/activation.h"
#include "nn/shard.h"
#include "nn/step/step_state.h"

static int shard_width(const ht_step *s, int l, int shard)
{
    return ht_shard_rows(s->layer[l].width, shard);
}

/* ---- forward ---- */

/* What a shard of the last hidden layer adds to the logits. */
static void share_shard(void *context, int shard, int worker)
{
    ht_step *s = context;
    (void)worker;
    const ht_layer *out = &s->net->layers[s->hidden];
    int last = s->hidden - 1, first = shard * HT_SHARD, m = shard_width(s, last, shard);
    float *share = s->partial + (size_t)shard * (size_t)s->batch * (size_t)s->net->classes;
    s->shard_max[s->shards + shard] =
        out->kind->share(s, s->hidden, first, m, s->layer[last].hidden + first, s->layer[last].width, share);
}

/* H_l[:, shard]; the last hidden layer also gives its share of the logits. */
static void forward_shard(void *context, int shard, int worker)
{
    ht_step *s = context;
    s->net->layers[s->at].kind->forward(s, s->at, shard);
    ht_step_note_value(
        s, shard, ht_step_activate(s, s->at, 0, s->batch, shard * HT_SHARD, shard_width(s, s->at, shard)));
    if (s->at == s->hidden - 1) share_shard(s, shard, worker);
}

static void activate_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_span span = ht_step_span_of(s, s->at, task);
    (void)worker;
    ht_step_note_value(s, task,
                       ht_step_activate(s, s->at, span.first, span.samples, 0, s->layer[s->at].width));
}

static void forward_layer(ht_step *s, struct ht_pool *pool)
{
    const ht_layer *layer = &s->net->layers[s->at];
    ht_step_layer *room = &s->layer[s->at];
    if (room->input.x) ht_kernel()->pack(&room->input, ht_step_input(s, s->at), s->batch, layer->inputs);
    if (layer->kind->cut == HT_CUT_UNITS) {
        ht_pool_run(pool, room->shards, forward_shard, s);
    } else {
        const ht_span span = ht_step_span(s, s->at, 0, s->batch);
        layer->kind->apply(layer, &span, s->layer[layer->ends_at].hidden, pool);
        s->at = layer->ends_at; /* the next one is done */
        ht_pool_run(pool, ht_step_spans(s), activate_span, s);
    }
}

/* Does the last hidden layer give its shares of the logits shard by shard, as it computes them? */
static bool shares_itself(const ht_step *s)
{
    return s->net->layers[s->hidden - 1].kind->cut == HT_CUT_UNITS;
}

void ht_step_forward(ht_step *s, struct ht_pool *pool)
{
    ht_step_pack(s, pool);
    for (s->at = 0; s->at < s->hidden;)
        if (s->net->layers[s->at].kind->cut == HT_CUT_SAMPLES)
            s->at = ht_step_chain_forward(s, s->at, pool);
        else
            forward_layer(s, pool), s->at++;
    if (s->net->positions > 0) return; /* step_tokens.c goes on */
    if (!shares_itself(s)) ht_pool_run(pool, s->layer[s->hidden - 1].shards, share_shard, s);
}

/* ---- back ---- */

/* One hidden layer, dense: the way back is short enough to be part of the update. */
bool ht_step_is_short(const ht_step *s)
{
    return s->hidden == 1 && shares_itself(s);
}

/* delta_l[:, shard] = ∂L/∂H_l, and if there is no other reader ⊙ act'(H_l) */
static float delta_shard(ht_step *s, int l, int reader, int shard, float *to)
{
    int first = shard * HT_SHARD, m = shard_width(s, l, shard);
    s->net->layers[reader].kind->backward(s, reader, first, m, to + first, s->layer[l].width);
    return s->layer[l].readers == 1 ? ht_step_deactivate(s, l, 0, s->batch, first, m, !ht_step_is_short(s))
                                    : 0;
}

static void backward_shard(void *context, int shard, int worker)
{
    ht_step *s = context;
    (void)worker;
    ht_step_note_delta(s, shard,
                       delta_shard(s, s->at, s->reader, shard, ht_step_part_of(s, s->at, s->reader)));
}

static void deactivate_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_span span = ht_step_span_of(s, s->at, task);
    (void)worker;
    ht_step_note_delta(
        s, task, ht_step_deactivate(s, s->at, span.first, span.samples, 0, s->layer[s->at].width, true));
}

static void add_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_span span = ht_step_span_of(s, s->at, task);
    (void)worker;
    size_t width = (size_t)s->layer[s->at].width, at = (size_t)span.first * width;
    ht_kernel()->add_scaled(s->layer[s->at].delta + at, s->spare + at, (size_t)span.samples * width, 1.0f);
}

/* The gradient of the reader's tensors, where that is not made as part of the update. */
static void take_gradient(ht_step *s, struct ht_pool *pool)
{
    const ht_layer *reader = &s->net->layers[s->reader];
    const ht_span span = ht_step_span(s, s->reader, 0, s->batch);
    if (reader->kind->gradient)
        reader->kind->gradient(reader, &span, ht_step_delta(s, s->reader), NULL, pool);
}

/* What one reader of the layer at hand has to say. */
static void hear(ht_step *s, struct ht_pool *pool)
{
    const ht_layer *reader = &s->net->layers[s->reader];
    float *to = ht_step_part_of(s, s->at, s->reader);
    if (s->reader == s->hidden && s->net->positions > 0) return; /* step_tokens.c has heard it */
    if (reader->kind->cut == HT_CUT_SAMPLES) {
        ht_step_hear_spans(s, s->at, s->reader, pool);
        return;
    }
    if (reader->kind->cut == HT_CUT_UNITS) {
        ht_pool_run(pool, s->layer[s->at].shards, backward_shard, s);
    } else {
        const ht_span span = ht_step_span(s, s->reader, 0, s->batch);
        reader->kind->back(reader, &span, ht_step_delta(s, s->reader), reader->also == s->at, to, pool);
    }
    if (to == s->spare) ht_pool_run(pool, ht_step_spans(s), add_span, s);
    if (reader->input == s->at) take_gradient(s, pool);
}

/* Layers that read what nobody wants to know more of. */
void ht_step_end_backward(ht_step *s, struct ht_pool *pool)
{
    for (s->reader = 0; s->reader < s->hidden; s->reader++) {
        const ht_layer *reader = &s->net->layers[s->reader];
        if (reader->input >= 0 && s->layer[reader->input].wanted) continue;
        const ht_span span = ht_step_span(s, s->reader, 0, s->batch);
        if (reader->kind->cut == HT_CUT_SAMPLES) {
            ht_step_end_spans(s, s->reader, pool);
            continue;
        }
        if (reader->kind->cut == HT_CUT_ITSELF)
            reader->kind->back(reader, &span, ht_step_delta(s, s->reader), false, NULL, pool);
        take_gradient(s, pool);
    }
}

/* All readers of the layer at hand, where not all of them are cut by samples. */
static void hear_all(ht_step *s, struct ht_pool *pool)
{
    ht_cut cut = HT_CUT_UNITS;
    for (s->reader = s->at + 1; s->reader <= s->hidden; s->reader++) {
        const ht_layer *reader = &s->net->layers[s->reader];
        if (reader->input != s->at && reader->also != s->at) continue;
        cut = reader->kind->cut;
        hear(s, pool);
    }
    if (s->layer[s->at].readers > 1 || cut != HT_CUT_UNITS)
        ht_pool_run(pool, ht_step_spans(s), deactivate_span, s);
}

void ht_step_backward(ht_step *s, struct ht_pool *pool)
{
    for (s->at = s->hidden - 1; s->at >= 0; s->at--) {
        s->at = ht_step_chain_back(s, s->at, pool);
        if (s->at >= 0 && s->layer[s->at].wanted && s->net->layers[s->at].ends_at == s->at) hear_all(s, pool);
    }
    ht_step_end_backward(s, pool);
}

/* ---- the update ---- */

/* Tasks are the shards of the hidden layers with tensors, one layer after the other, and those of the output
 * layer where it has tasks of its own; while a shard is in cache it also gets its noise. */
static void update_shard(void *context, int task, int worker)
{
    ht_step *s = context;
    int l = 0, shard = task;
    for (; l < s->hidden; l++) {
        int shards = s->net->layers[l].tensors > 0 ? ht_layer_shards(&s->net->layers[l]) : 0;
        if (shard < shards) break;
        shard -= shards;
    }
    const ht_layer *layer = &s->net->layers[l], *out = &s->net->layers[s->hidden];
    if (s->net->positions > 0 && l == s->hidden) {
        if (s->hyper->train_output) out->kind->update(s, s->hidden, shard);
        return;
    }
    if (ht_step_is_short(s)) delta_shard(s, 0, 1, shard, s->layer[0].delta);
    if (l >= s->hidden - 1 && (l == s->hidden || shares_itself(s)) && s->hyper->train_output)
        out->kind->update(s, s->hidden, shard);
    if (l == s->hidden) return;
    layer->kind->update(s, l, shard);
    for (int t = 0, weight = layer->weight; s->hyper->capture && t < layer->tensors; t++) {
        if (!(layer->tensor[t].flags & HT_TENSOR_WEIGHT) || layer->weight < 0)
            continue; /* tied: the output's */
        ht_rows part = ht_layer_part(layer, &layer->tensor[t], shard);
        ht_capture_rows(s->hyper->capture, s->net, weight++, part.first, part.count, worker);
    }
}

/* Tasks of the output layer alone. */
static int output_tasks(const ht_step *s)
{
    const ht_layer *out = &s->net->layers[s->hidden];
    if (s->net->positions > 0) return out->tensors > 0 ? ht_layer_shards(out) : 0; /* none: it is tied */
    return shares_itself(s) ? 0 : s->layer[s->hidden - 1].shards;
}

void ht_step_update(ht_step *s, struct ht_pool *pool)
{
    const atomic_bool *off = ht_cancel_by(NULL); /* once weights have changed, all do */
    int tasks = output_tasks(s);
    for (int l = 0; l < s->hidden; l++)
        if (s->net->layers[l].tensors > 0) tasks += ht_layer_shards(&s->net->layers[l]);
    if (s->hyper->capture) ht_capture_begin(s->hyper->capture);
    ht_pool_run(pool, tasks, update_shard, s);
    if (s->hyper->capture) ht_capture_finish(s->hyper->capture, s->net);
    ht_cancel_by(off);
}
