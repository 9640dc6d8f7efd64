#include "prune/prune_prefix.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/pool.h"
#include "nn/activation.h"
#include "nn/layers/layer.h"

enum { ROWS = 32 }; /* samples of a task */
static const size_t most_bytes = (size_t)64 << 20;

struct ht_prune_prefix {
    const ht_samples *samples;
    int layers;             /* of the network, that the prefix has */
    int units;              /* of its last one */
    float *values, *masked; /* (samples × what it gives) */
    ht_network rest;        /* the layers behind it; tensors are those of the network */
};

/* ---- the first layers ---- */

typedef struct pass {
    const ht_network *net;
    const ht_prune_prefix *prefix;
    size_t row;   /* floats of a sample: of the widest layer */
    ht_room most; /* what any of the layers wants */
    float *room;  /* of each worker: two batches of values, and that */
    size_t per_worker;
    unsigned char *bytes; /* (workers × most.bytes) */
} pass;

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* In whole cache lines. */
static size_t lines(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

/* Into h, the values of the layer, or of the one whose work it does, too. */
static void pass_layer(const ht_network *net, const ht_layer *layer, ht_span *span, float *h)
{
    const ht_layer *end = &net->layers[layer->ends_at];
    if (layer->kind->cut == HT_CUT_UNITS)
        layer->kind->evaluate(layer, span->x, span->samples, 0, layer->outputs, h);
    else
        layer->kind->apply(layer, span, h, NULL);
    ht_activate(end->activation, h, (size_t)span->samples * (size_t)end->outputs);
    span->x = h;
}

static void pass_samples(void *context, int task, int worker)
{
    const pass *p = context;
    const ht_prune_prefix *prefix = p->prefix;
    size_t first = (size_t)task * ROWS, left = prefix->samples->count - first;
    float *mine = p->room + (size_t)worker * p->per_worker, *turn[2] = {mine, mine + lines(ROWS * p->row)};
    float *extra = turn[1] + lines(ROWS * p->row);
    ht_span span = {.samples = left < ROWS ? (int)left : ROWS,
                    .x = prefix->samples->x + first * (size_t)p->net->inputs,
                    .packed = extra,
                    .kept = extra + lines(p->most.packed),
                    .scratch = extra + lines(p->most.packed) + lines(p->most.kept),
                    .bytes = p->bytes + (size_t)worker * p->most.bytes};
    for (int l = 0; l < prefix->layers && !ht_cancelled(); l++) {
        const ht_layer *layer = &p->net->layers[l];
        size_t outputs = (size_t)p->net->layers[layer->ends_at].outputs;
        bool last = layer->ends_at == prefix->layers - 1;
        if (l > 0 && layer[-1].ends_at == l) continue; /* another has done its work */
        pass_layer(p->net, layer, &span, last ? prefix->values + first * outputs : turn[l % 2]);
    }
}

static void measure(pass *p)
{
    for (int l = 0; l < p->prefix->layers; l++) {
        const ht_layer *layer = &p->net->layers[l];
        ht_room room = {0};
        if (layer->kind->room) layer->kind->room(layer, ROWS, &room);
        p->row = larger(p->row, (size_t)layer->outputs);
        p->most.packed = larger(p->most.packed, room.packed);
        p->most.kept = larger(p->most.kept, room.kept);
        p->most.scratch = larger(p->most.scratch, room.scratch);
        p->most.bytes = larger(p->most.bytes, room.bytes);
    }
    p->per_worker =
        2 * lines(ROWS * p->row) + lines(p->most.packed) + lines(p->most.kept) + lines(p->most.scratch);
}

static ht_code fill(ht_prune_prefix *prefix, const ht_network *net, ht_pool *pool, ht_error *err)
{
    size_t workers = (size_t)ht_pool_threads(pool);
    pass p = {.net = net, .prefix = prefix};
    measure(&p);
    p.room = ht_alloc(workers, p.per_worker * sizeof(float), "an evaluation", err);
    p.bytes = p.room ? ht_alloc(workers, p.most.bytes + 1, "an evaluation", err) : NULL;
    ht_code code = p.bytes ? HT_OK : HT_FAIL;
    if (code == HT_OK) ht_pool_run(pool, (int)((prefix->samples->count + ROWS - 1) / ROWS), pass_samples, &p);
    ht_free(p.room);
    ht_free(p.bytes);
    return code == HT_OK ? ht_still_wanted(err) : HT_FAIL;
}

/* ---- what comes after them ---- */

/* Does nothing from layer `first` on read what comes before layer first - 1? */
static bool stands_alone(const ht_network *net, int first)
{
    for (int l = 0; l < net->layer_count; l++) {
        const ht_layer *layer = &net->layers[l];
        bool chained = layer->input == l - 1 && layer->also == HT_NO_LAYER;
        if (l < first && !chained) return false;
        if (l >= first &&
            (layer->input < first - 1 || (layer->also < first - 1 && layer->also != HT_NO_LAYER)))
            return false;
    }
    return true;
}

/* Layers of the prefix: up to the first with units, and the one whose work it does, too. 0: there is none to
 * share. */
static int length_of(const ht_network *net, const ht_samples *samples)
{
    int l = 0;
    while (net->layers[l].weight < 0) l++;
    l = net->layers[l].ends_at;
    size_t values = samples->count * (size_t)net->layers[l].outputs;
    bool worth = l + 2 < net->layer_count && net->weight_count > 2;
    return worth && values <= most_bytes / sizeof(float) && stands_alone(net, l + 1) ? l + 1 : 0;
}

static int shifted(int layer, int by)
{
    return layer == HT_NO_LAYER ? layer : layer - by;
}

/* Layer numbers and those of weight matrices begin anew. */
static ht_code cut_rest(ht_prune_prefix *prefix, const ht_network *net, ht_error *err)
{
    int by = prefix->layers, count = net->layer_count - by;
    prefix->rest = *net;
    prefix->rest.input = net->layers[by - 1].out;
    prefix->rest.inputs = net->layers[by - 1].outputs;
    prefix->rest.layer_count = count;
    prefix->rest.weights = net->weights + 1;
    prefix->rest.weight_count = net->weight_count - 1;
    prefix->rest.layers = ht_alloc((size_t)count, sizeof *net->layers, "an evaluation", err);
    if (!prefix->rest.layers) return HT_FAIL;
    for (int l = 0; l < count; l++) {
        ht_layer *layer = &prefix->rest.layers[l];
        *layer = net->layers[l + by];
        layer->number -= by;
        layer->ends_at -= by;
        layer->input = shifted(layer->input, by);
        layer->also = shifted(layer->also, by);
        layer->weight -= layer->weight > 0;
    }
    return HT_OK;
}

ht_code ht_prune_prefix_make(ht_prune_prefix **made, const ht_network *net, const ht_samples *samples,
                             ht_pool *pool, ht_error *err)
{
    int layers = length_of(net, samples);
    *made = NULL;
    if (layers == 0) return HT_OK;
    ht_prune_prefix *prefix = ht_alloc(1, sizeof *prefix, "an evaluation", err);
    if (!prefix) return HT_FAIL;
    size_t values = samples->count * (size_t)net->layers[layers - 1].outputs;
    prefix->samples = samples;
    prefix->layers = layers;
    prefix->units = net->weights[0]->rows;
    prefix->values = ht_alloc(values, sizeof(float), "an evaluation", err);
    prefix->masked = ht_alloc(values, sizeof(float), "an evaluation", err);
    if (prefix->values && prefix->masked && cut_rest(prefix, net, err) == HT_OK &&
        fill(prefix, net, pool, err) == HT_OK)
        return *made = prefix, HT_OK;
    ht_prune_prefix_free(prefix);
    return HT_FAIL;
}

void ht_prune_prefix_free(ht_prune_prefix *prefix)
{
    if (!prefix) return;
    ht_free(prefix->rest.layers);
    ht_free(prefix->values);
    ht_free(prefix->masked);
    ht_free(prefix);
}

ht_code ht_prune_prefix_evaluate(ht_prune_prefix *prefix, const float *const *keep, ht_pool *pool,
                                 ht_score *score, ht_error *err)
{
    size_t units = (size_t)prefix->units,
           places = prefix->samples->count * (size_t)prefix->rest.inputs / units;
    const ht_samples rest = {prefix->samples->count, prefix->masked, prefix->samples->labels};
    for (size_t i = 0; i < places; i++) /* channels come last */
        for (size_t j = 0; j < units; j++)
            prefix->masked[i * units + j] = keep[0][j] * prefix->values[i * units + j];
    return ht_network_evaluate(&prefix->rest, &rest, keep + 1, pool, score, err);
}
