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

/* Units first .. first + m - 1 of the layer at hand for some samples are there: their activations. Returns
 * the largest. */
static float activate(const ht_step *s, int sample, int samples, int first, int m)
{
    const ht_step_layer *room = &s->layer[s->at];
    float most = 0;
    for (int r = sample; r < sample + samples; r++) {
        size_t at = (size_t)r * (size_t)room->width + (size_t)first;
        if (room->before) memcpy(room->before + at, room->hidden + at, (size_t)m * sizeof(float));
        most = fmaxf(most, ht_activate(s->net->layers[s->at].activation, room->hidden + at, (size_t)m));
    }
    return most;
}

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
    float most = activate(s, 0, s->batch, shard * HT_SHARD, shard_width(s, s->at, shard));
    s->shard_max[shard] = fmaxf(most, s->shard_max[shard]);
    if (s->at == s->hidden - 1) share_shard(s, shard, worker);
}

static void note_value(ht_step *s, int task, float most)
{
    s->shard_max[task] = fmaxf(most, s->shard_max[task]);
}

static void activate_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_span span = ht_step_span_of(s, s->at, task);
    (void)worker;
    float most = activate(s, span.first, span.samples, 0, s->layer[s->at].width);
    note_value(s, task, most);
}

/* What a task of a layer that is cut by samples works on. */
static ht_span own_span(const ht_step *s, int l, int task, int worker, float *most)
{
    ht_span span = ht_step_span_of(s, l, task);
    span.scratch += (size_t)worker * s->stride;
    span.most = most;
    return span;
}

static void forward_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_layer *layer = &s->net->layers[s->at];
    float most = 0;
    const ht_span span = own_span(s, s->at, task, worker, &most);
    layer->kind->apply(layer, &span, s->layer[s->at].hidden + (size_t)span.first * (size_t)layer->outputs,
                       NULL);
    note_value(s, task, most);
    activate_span(s, task, worker);
}

static void forward_layer(ht_step *s, struct ht_pool *pool)
{
    const ht_layer *layer = &s->net->layers[s->at];
    ht_step_layer *room = &s->layer[s->at];
    if (room->input.x) ht_kernel()->pack(&room->input, ht_step_input(s, s->at), s->batch, layer->inputs);
    if (layer->kind->cut == HT_CUT_UNITS) {
        ht_pool_run(pool, room->shards, forward_shard, s);
    } else if (layer->kind->cut == HT_CUT_SAMPLES) {
        ht_pool_run(pool, ht_step_spans(s), forward_span, s);
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
    for (s->at = 0; s->at < s->hidden; s->at++) forward_layer(s, pool);
    if (s->net->positions > 0) return; /* step_tokens.c goes on */
    if (!shares_itself(s)) ht_pool_run(pool, s->layer[s->hidden - 1].shards, share_shard, s);
}

/* ---- back ---- */

/* One hidden layer, dense: the way back is short enough to be part of the update. */
bool ht_step_is_short(const ht_step *s)
{
    return s->hidden == 1 && shares_itself(s);
}

/* delta ⊙ act'(H_l) for units first .. first + m - 1 of some samples. Returns the largest, if asked to. */
static float deactivate(const ht_step *s, int l, int sample, int samples, int first, int m, bool measure)
{
    const ht_step_layer *room = &s->layer[l];
    const float *from = room->before ? room->before : room->hidden;
    float most = 0;
    for (int r = sample; r < sample + samples; r++) {
        size_t at = (size_t)r * (size_t)room->width + (size_t)first;
        ht_activate_gradient(s->net->layers[l].activation, room->delta + at, from + at, (size_t)m);
        if (measure) most = fmaxf(most, ht_kernel()->max_abs(room->delta + at, (size_t)m));
    }
    return most;
}

static void note_delta(ht_step *s, int task, float most)
{
    float *noted = &s->shard_max[2 * s->shards + task];
    *noted = fmaxf(*noted, most);
}

/* Where the reader's part of ∂L/∂H_l goes: the first one's is the beginning of it. */
static bool is_first(const ht_step *s)
{
    for (int r = s->at + 1; r < s->reader; r++)
        if (s->net->layers[r].input == s->at || s->net->layers[r].also == s->at) return false;
    return true;
}

static float *part_of(const ht_step *s)
{
    return is_first(s) ? s->layer[s->at].delta : s->spare;
}

/* delta_l[:, shard] = ∂L/∂H_l, and if there is no other reader ⊙ act'(H_l) */
static float delta_shard(ht_step *s, int l, int reader, int shard, float *to)
{
    int first = shard * HT_SHARD, m = shard_width(s, l, shard);
    s->net->layers[reader].kind->backward(s, reader, first, m, to + first, s->layer[l].width);
    return s->layer[l].readers == 1 ? deactivate(s, l, 0, s->batch, first, m, !ht_step_is_short(s)) : 0;
}

static void backward_shard(void *context, int shard, int worker)
{
    ht_step *s = context;
    (void)worker;
    note_delta(s, shard, delta_shard(s, s->at, s->reader, shard, part_of(s)));
}

static void backward_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_layer *reader = &s->net->layers[s->reader];
    float most = 0;
    const ht_span span = own_span(s, s->reader, task, worker, &most);
    size_t first = (size_t)span.first;
    const float *delta = ht_step_delta(s, s->reader) + first * (size_t)reader->outputs;
    float *to = part_of(s) + first * (size_t)s->layer[s->at].width;
    reader->kind->back(reader, &span, delta, reader->also == s->at, to, NULL);
    note_delta(s, task, most);
    if (s->layer[s->at].readers == 1)
        note_delta(s, task, deactivate(s, s->at, span.first, span.samples, 0, s->layer[s->at].width, true));
}

/* The way back of a reader whose input learns nothing: for what it leaves to its own update. */
static void only_back_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_layer *reader = &s->net->layers[s->reader];
    float most = 0;
    const ht_span span = own_span(s, s->reader, task, worker, &most);
    const float *delta = ht_step_delta(s, s->reader) + (size_t)span.first * (size_t)reader->outputs;
    reader->kind->back(reader, &span, delta, false, NULL, NULL);
    note_delta(s, task, most);
}

static void deactivate_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_span span = ht_step_span_of(s, s->at, task);
    (void)worker;
    note_delta(s, task, deactivate(s, s->at, span.first, span.samples, 0, s->layer[s->at].width, true));
}

static void add_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_span span = ht_step_span_of(s, s->at, task);
    (void)worker;
    size_t width = (size_t)s->layer[s->at].width, at = (size_t)span.first * width;
    ht_kernel()->add_scaled(s->layer[s->at].delta + at, s->spare + at, (size_t)span.samples * width, 1.0f);
}

static void gradient_span(void *context, int task, int worker)
{
    ht_step *s = context;
    const ht_layer *layer = &s->net->layers[s->reader];
    const ht_span span = ht_step_span_of(s, s->reader, task);
    (void)worker;
    layer->kind->gradient(layer, &span,
                          ht_step_delta(s, s->reader) + (size_t)span.first * (size_t)layer->outputs,
                          s->layer[s->reader].sums + (size_t)task * ht_layer_numbers(layer), NULL);
}

/* The gradient of the reader's tensors, where that is not made as part of the update. */
static void take_gradient(ht_step *s, struct ht_pool *pool)
{
    const ht_layer *reader = &s->net->layers[s->reader];
    if (!reader->kind->gradient) return;
    if (reader->kind->cut == HT_CUT_SAMPLES) {
        ht_pool_run(pool, ht_step_spans(s), gradient_span, s);
        return;
    }
    const ht_span span = ht_step_span(s, s->reader, 0, s->batch);
    reader->kind->gradient(reader, &span, ht_step_delta(s, s->reader), NULL, pool);
}

/* What one reader of the layer at hand has to say. */
static void hear(ht_step *s, struct ht_pool *pool)
{
    const ht_layer *reader = &s->net->layers[s->reader];
    if (s->reader == s->hidden && s->net->positions > 0) return; /* step_tokens.c has heard it */
    if (reader->kind->cut == HT_CUT_UNITS) {
        ht_pool_run(pool, s->layer[s->at].shards, backward_shard, s);
    } else if (reader->kind->cut == HT_CUT_SAMPLES) {
        ht_pool_run(pool, ht_step_spans(s), backward_span, s);
    } else {
        const ht_span span = ht_step_span(s, s->reader, 0, s->batch);
        reader->kind->back(reader, &span, ht_step_delta(s, s->reader), reader->also == s->at, part_of(s),
                           pool);
    }
    if (!is_first(s)) ht_pool_run(pool, ht_step_spans(s), add_span, s);
    if (reader->input == s->at) take_gradient(s, pool);
}

/* Layers that read what nobody wants to know more of. */
static void end_backward(ht_step *s, struct ht_pool *pool)
{
    for (s->reader = 0; s->reader < s->hidden; s->reader++) {
        const ht_layer *reader = &s->net->layers[s->reader];
        if (reader->input >= 0 && s->layer[reader->input].wanted) continue;
        const ht_span span = ht_step_span(s, s->reader, 0, s->batch);
        if (reader->kind->cut == HT_CUT_SAMPLES && reader->tensors > 0 && reader->kind->back &&
            !reader->kind->gradient)
            ht_pool_run(pool, ht_step_spans(s), only_back_span, s);
        if (reader->kind->cut == HT_CUT_ITSELF)
            reader->kind->back(reader, &span, ht_step_delta(s, s->reader), false, NULL, pool);
        take_gradient(s, pool);
    }
}

void ht_step_backward(ht_step *s, struct ht_pool *pool)
{
    for (s->at = s->hidden - 1; s->at >= 0; s->at--) {
        ht_cut cut = HT_CUT_UNITS;
        if (!s->layer[s->at].wanted || s->net->layers[s->at].ends_at != s->at) continue;
        for (s->reader = s->at + 1; s->reader <= s->hidden; s->reader++) {
            const ht_layer *reader = &s->net->layers[s->reader];
            if (reader->input != s->at && reader->also != s->at) continue;
            cut = reader->kind->cut;
            hear(s, pool);
        }
        if (s->layer[s->at].readers > 1 || cut == HT_CUT_ITSELF)
            ht_pool_run(pool, ht_step_spans(s), deactivate_span, s);
    }
    end_backward(s, pool);
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
