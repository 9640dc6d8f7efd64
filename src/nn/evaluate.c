/* evaluate.c - loss and accuracy of a whole sample set, at once or a piece at a time. Samples are taken in
 * chunks; inside a chunk a last hidden layer that is dense is taken shard by shard, so that scratch stays
 * small however wide the network is. Between two units of work, a lower layer or a shard of the last, a chunk
 * can wait. What a layer gives stays in a slot until the last one that reads it has. Of sequences the logits
 * are made for some positions at a time, and scored at once. */
#include "nn/evaluation.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/pool.h"
#include "nn/activation.h"
#include "nn/layers/layer.h"
#include "nn/loss.h"
#include "nn/shard.h"
#include "num/linalg.h"

/* A chunk under way. */
typedef struct place {
    int chunk, done; /* -1: none; its units that are done */
    double loss;     /* of a sequence: the sum over its positions so far */
    float *logits, *block, *slots;
    float *packed, *kept, *scratch; /* what a layer wants (ht_room) */
    unsigned char *bytes;
} place;

struct ht_evaluation {
    const ht_network *net;
    ht_pool *pool;
    ht_evaluation_of of;
    int rows;                            /* samples of a chunk */
    int slot[HT_LAYERS_MAX], slot_count; /* where a layer's values stand */
    size_t slot_size;                    /* floats of a slot */
    ht_room most;                        /* what any of the layers wants */
    int chunks, units;                   /* units: of a chunk */
    place *places;                       /* (threads) */
    float *scratch;                      /* theirs */
    size_t room;                         /* chunks that there is room for: */
    double *losses;                      /* (room) */
    int *correct;                        /* (room) */
    atomic_int next;                     /* the chunk that is begun next */
    atomic_size_t done;
    atomic_llong open; /* units of this piece that nobody has taken yet; below 0: more than it is to have … */
    double until;      /* … which are made before this time */
};

static int last_hidden(const ht_evaluation *e)
{
    return e->net->layer_count - 2;
}

enum { BLOCK = 64 }; /* positions whose logits are there at a time */

/* Is the last hidden layer taken by shards of its units? */
static bool takes_shards(const ht_network *net)
{
    return net->layers[net->layer_count - 2].kind->cut == HT_CUT_UNITS;
}

/* h (rows × units), units that are channels at `places` places each, channels last: removed ones give 0. */
static void mask_units(float *h, int rows, int places, int units, const float *keep)
{
    for (int r = 0; r < rows * places; r++, h += units)
        for (int j = 0; j < units; j++) h[j] *= keep[j];
}

static void mask_layer(const ht_evaluation *e, int l, int rows, int places, int first, int m, float *h)
{
    const ht_layer *layer = &e->net->layers[l];
    const float *keep = e->of.keep && layer->weight >= 0 ? e->of.keep[layer->weight] : NULL;
    if (keep) mask_units(h, rows, places, m, keep + first);
}

/* What follows the products of units first .. first + m - 1. */
static void finish_units(const ht_evaluation *e, int l, int rows, int first, int m, float *h)
{
    ht_activate(e->net->layers[l].activation, h, (size_t)rows * (size_t)m);
    mask_layer(e, l, rows, 1, first, m, h);
}

/* A removed channel gives 0 before and after a pooling of the largest of what is rectified. */
static void finish_places(const ht_evaluation *e, int l, int rows, float *h)
{
    const ht_layer *end = &e->net->layers[e->net->layers[l].ends_at];
    ht_activate(end->activation, h, (size_t)rows * (size_t)end->outputs);
    mask_layer(e, l, rows, ht_shape_places(end->out), 0, end->out.channels, h);
}

/* ---- a unit ---- */

static size_t start_of(const ht_evaluation *e, const place *p)
{
    return (size_t)p->chunk * (size_t)e->rows;
}

static int rows_of(const ht_evaluation *e, const place *p)
{
    size_t left = e->of.samples.count - start_of(e, p);
    return left < (size_t)e->rows ? (int)left : e->rows;
}

static const float *values_of(const ht_evaluation *e, const place *p, int layer)
{
    if (layer == HT_NO_LAYER) return NULL;
    if (layer == HT_NETWORK_INPUT) return e->of.samples.x + start_of(e, p) * (size_t)e->net->inputs;
    return p->slots + (size_t)e->slot[layer] * e->slot_size;
}

/* Inputs first .. first + m - 1 of a layer, x with a row stride, go where they are wanted. */
static void hand_over(const ht_evaluation *e, const place *p, int l, int first, int m, const float *x,
                      int stride)
{
    const ht_layer *layer = &e->net->layers[l];
    float *to = e->of.inputs && layer->weight >= 0 ? e->of.inputs[layer->weight] : NULL;
    for (int r = 0; to && r < rows_of(e, p); r++)
        memcpy(to + (start_of(e, p) + (size_t)r) * (size_t)layer->inputs + first,
               x + (size_t)r * (size_t)stride, (size_t)m * sizeof *to);
}

/* A whole layer, into its slot; one whose work another has done is there. */
static void make_layer(const ht_evaluation *e, const place *p, int l)
{
    const ht_layer *layer = &e->net->layers[l];
    float *h = p->slots + (size_t)e->slot[layer->ends_at] * e->slot_size;
    int rows = rows_of(e, p);
    const ht_span span = {.samples = rows,
                          .x = values_of(e, p, layer->input),
                          .also = values_of(e, p, layer->also),
                          .packed = p->packed,
                          .kept = p->kept,
                          .bytes = p->bytes,
                          .scratch = p->scratch};
    if (l > 0 && layer[-1].ends_at == l) return;
    hand_over(e, p, l, 0, layer->inputs, span.x, layer->inputs);
    if (layer->kind->cut == HT_CUT_UNITS) {
        layer->kind->evaluate(layer, span.x, rows, 0, layer->outputs, h);
        finish_units(e, l, rows, 0, layer->outputs, h);
    } else {
        layer->kind->apply(layer, &span, h, NULL);
        finish_places(e, l, rows, h);
    }
}

/* A shard of the last hidden layer, and what it adds to the logits. */
static void add_shard(const ht_evaluation *e, const place *p, int shard)
{
    const ht_network *net = e->net;
    const ht_tensor *out = ht_network_output(net);
    int last = last_hidden(e), width = net->layers[last].outputs, rows = rows_of(e, p);
    int first = shard * HT_SHARD, m = ht_shard_rows(width, shard), stride = m;
    float scale = net->mean_field ? 1.0f / (float)width : 1.0f;
    const float *h = p->block;
    if (takes_shards(net)) {
        const ht_layer *layer = &net->layers[last];
        const float *x = values_of(e, p, layer->input);
        if (shard == 0) hand_over(e, p, last, 0, layer->inputs, x, layer->inputs);
        layer->kind->evaluate(layer, x, rows, first, m, p->block);
        finish_units(e, last, rows, first, m, p->block);
    } else {
        h = values_of(e, p, last) + first, stride = width;
    }
    hand_over(e, p, last + 1, first, m, h, stride);
    ht_gemm_nt(rows, out->rows, m, scale, h, stride, out->data + first, out->columns, shard ? 1.0f : 0.0f,
               p->logits, out->rows);
}

/* One position after the other; a sample is done with its last one. */
static void score_positions(ht_evaluation *e, place *p, int first, int rows)
{
    int classes = e->net->classes, positions = e->net->positions;
    size_t start = start_of(e, p);
    for (int r = 0; r < rows; r++) {
        size_t at = start * (size_t)positions + (size_t)(first + r), sample = at / (size_t)positions;
        double loss = 0;
        ht_softmax_loss(p->logits + (size_t)r * (size_t)classes, e->of.samples.labels + at, 1, classes, NULL,
                        &loss, &e->correct[p->chunk]);
        if (at % (size_t)positions == 0) p->loss = 0;
        p->loss += loss;
        e->losses[p->chunk] += loss;
        if (e->of.losses && at % (size_t)positions == (size_t)positions - 1)
            e->of.losses[sample] = (float)(p->loss / positions);
    }
}

/* Positions of all samples of a chunk. */
static void score_block(ht_evaluation *e, place *p, int block)
{
    const ht_network *net = e->net;
    const ht_tensor *out = ht_network_output(net);
    int last = last_hidden(e), width = out->columns, first = block * BLOCK,
        left = rows_of(e, p) * net->positions - first, rows = left < BLOCK ? left : BLOCK;
    const float *h = values_of(e, p, last);
    if (block == 0) {
        hand_over(e, p, last + 1, 0, net->layers[last].outputs, h, net->layers[last].outputs);
        e->losses[p->chunk] = 0;
        e->correct[p->chunk] = 0;
    }
    if (rows <= 0) return; /* the last chunk is a short one */
    ht_gemm_nt(rows, out->rows, width, net->mean_field ? 1.0f / (float)width : 1.0f,
               h + (size_t)first * (size_t)width, width, out->data, width, 0.0f, p->logits, out->rows);
    ht_add_bias(ht_tensor_biases(out), p->logits, rows, out->rows);
    score_positions(e, p, first, rows);
}

static void end_chunk(ht_evaluation *e, place *p)
{
    const ht_tensor *out = ht_network_output(e->net);
    size_t start = start_of(e, p);
    int rows = rows_of(e, p), correct = 0;
    double losses = 0;
    if (e->net->positions > 0) {
        p->chunk = -1; /* it has been scored */
        return;
    }
    ht_add_bias(ht_tensor_biases(out), p->logits, rows, out->rows);
    for (int r = 0; r < rows; r++) {
        double loss = 0;
        ht_softmax_loss(p->logits + (size_t)r * (size_t)out->rows, e->of.samples.labels + start + r, 1,
                        out->rows, NULL, &loss, &correct);
        losses += loss;
        if (e->of.losses) e->of.losses[start + (size_t)r] = (float)loss;
    }
    e->losses[p->chunk] = losses;
    e->correct[p->chunk] = correct;
    p->chunk = -1;
}

/* Layers that are made whole, before the shards of the last one. */
static int whole_layers(const ht_network *net)
{
    return net->layer_count - 1 - takes_shards(net);
}

static void make_unit(ht_evaluation *e, place *p)
{
    int whole = whole_layers(e->net);
    if (p->done < whole)
        make_layer(e, p, p->done);
    else if (e->net->positions > 0)
        score_block(e, p, p->done - whole);
    else
        add_shard(e, p, p->done - whole);
    if (++p->done == e->units) end_chunk(e, p);
    atomic_fetch_add(&e->done, 1);
}

/* ---- a piece ---- */

/* Has this place a chunk, or is there one more? */
static bool has_chunk(ht_evaluation *e, place *p)
{
    if (p->chunk >= 0) return true;
    int chunk = atomic_fetch_add(&e->next, 1);
    if (chunk >= e->chunks) return false;
    p->chunk = chunk;
    p->done = 0;
    return true;
}

static bool takes_unit(ht_evaluation *e)
{
    return atomic_fetch_sub(&e->open, 1) > 0 || ht_now() < e->until;
}

/* A chunk of a very wide network takes seconds: asked between units. */
static void work(void *context, int number, int worker)
{
    ht_evaluation *e = context;
    place *p = &e->places[number];
    (void)worker;
    while (!ht_cancelled() && has_chunk(e, p) && takes_unit(e)) make_unit(e, p);
}

size_t ht_evaluation_left(const ht_evaluation *e)
{
    return (size_t)e->chunks * (size_t)e->units - atomic_load(&e->done);
}

ht_code ht_evaluation_piece(ht_evaluation *e, size_t units, double until, ht_error *err)
{
    size_t left = ht_evaluation_left(e);
    atomic_store(&e->open, (long long)(units < left ? units : left));
    e->until = until;
    ht_pool_run(e->pool, ht_pool_threads(e->pool), work, e);
    return ht_still_wanted(err);
}

ht_score ht_evaluation_score(const ht_evaluation *e)
{
    double loss = 0, count = (double)e->of.samples.count * ht_network_targets(e->net);
    size_t correct = 0;
    for (int c = 0; c < e->chunks; c++) loss += e->losses[c], correct += (size_t)e->correct[c];
    return (ht_score){loss / count, (double)correct / count};
}

/* ---- from start to end ---- */

/* The last layer that reads layer l. */
static int last_reader(const ht_network *net, int l)
{
    int last = l + 1;
    for (int r = l + 1; r < net->layer_count; r++)
        if (net->layers[r].input == l || net->layers[r].also == l) last = r;
    return last;
}

/* A slot is free again when its layer has been read for the last time; a layer does not write where it reads.
 */
static void assign_slots(ht_evaluation *e)
{
    int until[HT_LAYERS_MAX] = {0}; /* of slots: the last layer that reads them */
    for (int l = 0; l < whole_layers(e->net); l++) {
        int slot = 0, end = e->net->layers[l].ends_at;
        if (l > 0 && e->net->layers[l - 1].ends_at == l) continue; /* it has one */
        while (slot < e->slot_count && until[slot] >= l) slot++;
        if (slot == e->slot_count) e->slot_count++;
        e->slot[end] = slot;
        until[slot] = last_reader(e->net, end);
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t widest_layer(const ht_network *net)
{
    size_t widest = 0;
    for (int l = 0; l < whole_layers(net); l++) widest = larger(widest, (size_t)net->layers[l].outputs);
    return widest;
}

/* The most that any layer wants, in whole cache lines. */
static void measure_rooms(ht_evaluation *e)
{
    for (int l = 0; l < e->net->layer_count; l++) {
        const ht_layer *layer = &e->net->layers[l];
        ht_room room = {0};
        if (layer->kind->room) layer->kind->room(layer, e->rows, &room);
        e->most.packed = larger(e->most.packed, (room.packed + 15) / 16 * 16);
        e->most.kept = larger(e->most.kept, (room.kept + 15) / 16 * 16);
        e->most.bytes = larger(e->most.bytes, (room.bytes + 63) / 64 * 64);
        e->most.scratch = larger(e->most.scratch, (room.scratch + 15) / 16 * 16);
    }
}

/* Samples of a chunk: as many as usual; fewer where layers are very wide, so that a thread's scratch stays
 * below ~64 MB; and where layers have shapes, so few that they stay in cache. */
static int chunk_rows(const ht_network *net)
{
    int rows = HT_EVAL_CHUNK;
    size_t width = 0;
    for (int l = 0; l < net->layer_count - 1; l++) width = larger(width, (size_t)net->layers[l].outputs);
    while (net->layer_count > 2 && rows > 16 && (size_t)rows * width > 8u << 20) rows /= 2;
    while (!ht_network_is_dense(net) && rows > 8 && (size_t)rows * width > 1u << 19) rows /= 2;
    return rows;
}

static size_t floats_of_place(const ht_evaluation *e)
{
    size_t rows = (size_t)e->rows, block = takes_shards(e->net) ? HT_SHARD : 0;
    size_t own = ((size_t)e->net->classes + block) * (e->net->positions > 0 ? BLOCK : rows);
    return (own + 15) / 16 * 16 + (size_t)e->slot_count * e->slot_size + e->most.packed + e->most.kept +
           e->most.scratch + e->most.bytes / sizeof(float);
}

static void lay_out(ht_evaluation *e, size_t per_place)
{
    for (int i = 0; i < ht_pool_threads(e->pool); i++) {
        place *p = &e->places[i];
        p->packed = e->scratch + (size_t)i * per_place;
        p->kept = p->packed + e->most.packed;
        p->scratch = p->kept + e->most.kept;
        p->bytes = (unsigned char *)(p->scratch + e->most.scratch);
        p->slots = p->scratch + e->most.scratch + e->most.bytes / sizeof(float);
        p->logits = p->slots + (size_t)e->slot_count * e->slot_size;
        p->block = p->logits + (size_t)e->rows * (size_t)e->net->classes;
    }
}

/* Of a chunk: the shards of the last hidden layer, or blocks of positions. */
static int output_units(const ht_evaluation *e)
{
    if (e->net->positions > 0) return (e->rows * e->net->positions + BLOCK - 1) / BLOCK;
    return ht_shards(e->net->layers[last_hidden(e)].outputs);
}

ht_evaluation *ht_evaluation_new(const ht_network *net, ht_pool *pool, ht_error *err)
{
    size_t threads = (size_t)ht_pool_threads(pool);
    ht_evaluation *e = ht_alloc(1, sizeof *e, "an evaluation", err);
    if (!e) return NULL;
    e->net = net;
    e->pool = pool;
    e->rows = chunk_rows(net);
    e->units = whole_layers(net) + output_units(e);
    e->slot_size = ((size_t)e->rows * widest_layer(net) + 15) / 16 * 16;
    assign_slots(e);
    measure_rooms(e);
    size_t per_place = (floats_of_place(e) + 15) / 16 * 16;
    e->places = ht_alloc(threads, sizeof *e->places, "an evaluation", err);
    e->scratch = ht_alloc(threads * per_place, sizeof(float), "an evaluation", err);
    if (!e->places || !e->scratch) {
        ht_evaluation_free(e);
        return NULL;
    }
    lay_out(e, per_place);
    return e;
}

void ht_evaluation_free(ht_evaluation *e)
{
    if (!e) return;
    ht_free(e->places);
    ht_free(e->scratch);
    ht_free(e->losses);
    ht_free(e->correct);
    ht_free(e);
}

static ht_code reserve(ht_evaluation *e, size_t chunks, ht_error *err)
{
    if (chunks <= e->room) return HT_OK;
    ht_free(e->losses);
    ht_free(e->correct);
    e->room = 0;
    e->losses = ht_alloc(chunks, sizeof *e->losses, "an evaluation", err);
    e->correct = ht_alloc(chunks, sizeof *e->correct, "an evaluation", err);
    if (!e->losses || !e->correct) return HT_FAIL;
    e->room = chunks;
    return HT_OK;
}

ht_code ht_evaluation_begin(ht_evaluation *e, const ht_evaluation_of *of, ht_error *err)
{
    size_t chunks = (of->samples.count + (size_t)e->rows - 1) / (size_t)e->rows;
    e->chunks = 0;
    atomic_store(&e->done, 0);
    if (reserve(e, chunks, err) != HT_OK) return HT_FAIL;
    e->of = *of;
    e->chunks = (int)chunks;
    atomic_store(&e->next, 0);
    for (int i = 0; i < ht_pool_threads(e->pool); i++) e->places[i].chunk = -1;
    return HT_OK;
}

static ht_code evaluate(const ht_network *net, const ht_evaluation_of *of, ht_pool *pool, ht_score *score,
                        ht_error *err)
{
    ht_evaluation *e = ht_evaluation_new(net, pool, err);
    if (!e) return HT_FAIL;
    ht_code code = ht_evaluation_begin(e, of, err);
    if (code == HT_OK) code = ht_evaluation_piece(e, SIZE_MAX, 0, err);
    if (code == HT_OK) *score = ht_evaluation_score(e);
    ht_evaluation_free(e);
    return code;
}

ht_code ht_network_evaluate(const ht_network *net, const ht_samples *samples, const float *const *keep,
                            ht_pool *pool, ht_score *score, ht_error *err)
{
    return evaluate(net, &(ht_evaluation_of){.samples = *samples, .keep = keep}, pool, score, err);
}

ht_code ht_network_losses(const ht_network *net, const ht_samples *samples, ht_pool *pool, float *losses,
                          ht_score *score, ht_error *err)
{
    return evaluate(net, &(ht_evaluation_of){.samples = *samples, .losses = losses}, pool, score, err);
}
