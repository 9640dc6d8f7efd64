/* step_chain.c - layers that are cut by samples, one after the other, as one task a span: forward, and back.
 * A span stays in cache from layer to layer, and threads meet once a chain, not once a layer. */
#include <math.h>
#include <string.h>

#include "base/cancel.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "nn/activation.h"
#include "nn/step/step_state.h"

/* Layers from … to, in the order of the pass; on the way back, of one reader or (-1) of all. */
typedef struct chain {
    ht_step *s;
    int from, to, reader;
} chain;

static bool is_cut_by_samples(const ht_step *s, int l)
{
    return s->net->layers[l].kind->cut == HT_CUT_SAMPLES;
}

/* What a task of such a layer works on. */
static ht_span own_span(const ht_step *s, int l, int task, int worker, float *most)
{
    ht_span span = ht_step_span_of(s, l, task);
    span.scratch += (size_t)worker * s->stride;
    span.most = most;
    return span;
}

/* ---- before both ---- */

static void pack_layer(void *context, int l, int worker)
{
    const ht_step *s = context;
    const ht_layer *layer = &s->net->layers[l];
    (void)worker;
    if (s->layer[l].packed) layer->kind->pack(layer, s->layer[l].packed);
}

void ht_step_pack(ht_step *s, struct ht_pool *pool)
{
    bool any = false;
    for (int l = 0; l < s->hidden; l++) any = any || s->layer[l].packed;
    if (any) ht_pool_run(pool, s->hidden, pack_layer, s);
}

/* ---- forward ---- */

static void forward_span(void *context, int task, int worker)
{
    const chain *c = context;
    ht_step *s = c->s;
    for (int l = c->from; l < c->to && !ht_cancelled(); l++) {
        const ht_layer *layer = &s->net->layers[l];
        float most = 0;
        const ht_span span = own_span(s, l, task, worker, &most);
        layer->kind->apply(layer, &span, s->layer[l].hidden + (size_t)span.first * (size_t)layer->outputs,
                           NULL);
        ht_step_note_value(s, task,
                           fmaxf(most, ht_step_activate(s, l, span.first, span.samples, 0, layer->outputs)));
    }
}

int ht_step_chain_forward(ht_step *s, int l, struct ht_pool *pool)
{
    chain c = {.s = s, .from = l, .to = l};
    while (c.to < s->hidden && is_cut_by_samples(s, c.to)) c.to++;
    ht_pool_run(pool, ht_step_spans(s), forward_span, &c);
    return c.to;
}

/* ---- back ---- */

static bool reads(const ht_step *s, int reader, int l)
{
    return s->net->layers[reader].input == l || s->net->layers[reader].also == l;
}

/* A sum hands on what comes back. */
static void hear_sum(ht_step *s, int at, const float *delta, float *own, const float *part, size_t count)
{
    if (s->layer[at].lent) return; /* it is there */
    if (part == own)
        memcpy(own, delta, count * sizeof *own);
    else
        ht_kernel()->add_scaled(own, delta, count, 1.0f);
}

/* What one reader of layer `at` has to say of a span: into its delta, or on top of what is there. */
static void hear(ht_step *s, int at, int r, int task, int worker)
{
    const ht_layer *reader = &s->net->layers[r];
    float most = 0;
    const ht_span span = own_span(s, r, task, worker, &most);
    size_t width = (size_t)s->layer[at].width, start = (size_t)span.first * width,
           count = (size_t)span.samples * width;
    const float *delta = ht_step_delta(s, r) + (size_t)span.first * (size_t)reader->outputs;
    float *own = s->layer[at].delta + start, *to = ht_step_part_of(s, at, r) + start;
    if (reader->kind->sums) {
        hear_sum(s, at, delta, own, to, count);
        return;
    }
    reader->kind->back(reader, &span, delta, reader->also == at, to, NULL);
    ht_step_note_delta(s, task, most);
    if (to != own) ht_kernel()->add_scaled(own, to, count, 1.0f);
    if (reader->input == at && reader->kind->gradient)
        reader->kind->gradient(reader, &span, delta,
                               s->layer[r].sums + (size_t)task * ht_layer_numbers(reader), NULL);
}

static void back_span(void *context, int task, int worker)
{
    const chain *c = context;
    ht_step *s = c->s;
    const ht_span span = ht_step_span_of(s, c->from, task);
    for (int at = c->from; at > c->to && !ht_cancelled(); at--) {
        if (!s->layer[at].wanted || s->layer[at].lent) continue;
        for (int r = at + 1; r < s->hidden; r++)
            if (reads(s, r, at)) hear(s, at, r, task, worker);
        ht_step_note_delta(s, task,
                           ht_step_deactivate(s, at, span.first, span.samples, 0, s->layer[at].width, true));
    }
}

/* Has a layer only readers that are cut by samples, or whose part is there? */
static bool is_heard_by_spans(const ht_step *s, int l)
{
    for (int r = l + 1; r <= s->hidden; r++)
        if (reads(s, r, l) && !(r == s->hidden ? s->net->positions > 0 : is_cut_by_samples(s, r)))
            return false;
    return s->net->layers[l].ends_at == l;
}

int ht_step_chain_back(ht_step *s, int l, struct ht_pool *pool)
{
    chain c = {.s = s, .from = l, .to = l};
    while (c.to >= 0 && is_heard_by_spans(s, c.to)) c.to--;
    if (c.to < l) ht_pool_run(pool, ht_step_spans(s), back_span, &c);
    return c.to;
}

static void hear_span(void *context, int task, int worker)
{
    const chain *c = context;
    hear(c->s, c->from, c->reader, task, worker);
}

void ht_step_hear_spans(ht_step *s, int at, int reader, struct ht_pool *pool)
{
    chain c = {.s = s, .from = at, .reader = reader};
    ht_pool_run(pool, ht_step_spans(s), hear_span, &c);
}

/* Of a reader whose input learns nothing: its own gradient, or what its update makes that of. */
static void end_span(void *context, int task, int worker)
{
    const chain *c = context;
    ht_step *s = c->s;
    const ht_layer *reader = &s->net->layers[c->reader];
    float most = 0;
    const ht_span span = own_span(s, c->reader, task, worker, &most);
    const float *delta = ht_step_delta(s, c->reader) + (size_t)span.first * (size_t)reader->outputs;
    if (reader->kind->gradient)
        reader->kind->gradient(reader, &span, delta,
                               s->layer[c->reader].sums + (size_t)task * ht_layer_numbers(reader), NULL);
    else if (reader->kind->back)
        reader->kind->back(reader, &span, delta, false, NULL, NULL);
    ht_step_note_delta(s, task, most);
}

void ht_step_end_spans(ht_step *s, int reader, struct ht_pool *pool)
{
    chain c = {.s = s, .reader = reader};
    if (s->net->layers[reader].tensors > 0) ht_pool_run(pool, ht_step_spans(s), end_span, &c);
}

/* ---- all of it ---- */

bool ht_step_is_one_chain(const ht_step *s)
{
    for (int l = 0; l < s->hidden; l++)
        if (!is_cut_by_samples(s, l) || !is_heard_by_spans(s, l)) return false;
    return s->net->positions > 0 && ht_step_tokens_fit(s);
}

typedef struct whole {
    chain forward, back;
    const int32_t *labels;
} whole;

static void whole_span(void *context, int task, int worker)
{
    whole *w = context;
    forward_span(&w->forward, task, worker);
    if (ht_cancelled()) return;
    ht_step_tokens_span(w->forward.s, w->labels, task);
    back_span(&w->back, task, worker);
}

void ht_step_chain_whole(ht_step *s, const int32_t *labels, ht_step_result *result, struct ht_pool *pool)
{
    whole w = {.forward = {.s = s, .from = 0, .to = s->hidden},
               .back = {.s = s, .from = s->hidden - 1, .to = -1},
               .labels = labels};
    ht_step_pack(s, pool);
    ht_pool_run(pool, ht_step_spans(s), whole_span, &w);
    ht_step_tokens_end(s, labels, result, pool);
}
