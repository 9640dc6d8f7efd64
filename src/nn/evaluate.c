/* evaluate.c - loss and accuracy of a whole sample set, at once or a piece at a time. Samples are taken in
 * chunks; inside a chunk the last hidden layer is taken shard by shard, so that scratch stays small however
 * wide the network is. Between two units of work, a lower layer or a shard of the last, a chunk can wait. */
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
    float *logits, *block, *full[2];
} place;

struct ht_evaluation {
    const ht_network *net;
    ht_pool *pool;
    ht_evaluation_of of;
    int rows;          /* samples of a chunk */
    int chunks, units; /* units: of a chunk */
    place *places;     /* (threads) */
    float *scratch;    /* theirs */
    size_t room;       /* chunks that there is room for: */
    double *losses;    /* (room) */
    int *correct;      /* (room) */
    atomic_int next;   /* the chunk that is begun next */
    atomic_size_t done;
    atomic_llong open; /* units of this piece that nobody has taken yet; below 0: more than it is to have … */
    double until;      /* … which are made before this time */
};

static void mask_columns(float *h, int rows, int columns, const float *keep)
{
    for (int r = 0; r < rows; r++, h += columns)
        for (int j = 0; j < columns; j++) h[j] *= keep[j];
}

/* h (rows × m) = act(x (rows × fan_in) · W[first .. first+m]^T + b), removed neurons zeroed. */
static void hidden_block(const ht_evaluation *e, int l, const float *x, int rows, int first, int m, float *h)
{
    const ht_layer *layer = &e->net->layers[l];
    layer->kind->evaluate(layer, x, rows, first, m, h);
    ht_activate(layer->activation, h, (size_t)rows * (size_t)m);
    if (e->of.keep && e->of.keep[l]) mask_columns(h, rows, m, e->of.keep[l] + first);
}

static int widest_layer(const ht_network *net)
{
    int widest = 0;
    for (int l = 0; l < net->layer_count - 1; l++)
        if (net->layers[l].outputs > widest) widest = net->layers[l].outputs;
    return widest;
}

static int last_hidden(const ht_evaluation *e)
{
    return e->net->layer_count - 2;
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

/* A shard of the last hidden layer, and what it adds to the logits. */
static void add_shard(const ht_evaluation *e, place *p, int shard, const float *x)
{
    const ht_network *net = e->net;
    const ht_tensor *out = ht_network_output(net);
    int last = last_hidden(e), width = net->layers[last].outputs, rows = rows_of(e, p);
    int first = shard * HT_SHARD, m = ht_shard_rows(width, shard);
    float scale = net->mean_field ? 1.0f / (float)width : 1.0f;
    hidden_block(e, last, x, rows, first, m, p->block);
    ht_gemm_nt(rows, out->rows, m, scale, p->block, m, out->data + first, out->columns, shard ? 1.0f : 0.0f,
               p->logits, out->rows);
}

static void end_chunk(ht_evaluation *e, place *p)
{
    const ht_tensor *out = ht_network_output(e->net);
    size_t start = start_of(e, p);
    int rows = rows_of(e, p), correct = 0;
    double losses = 0;
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

static void make_unit(ht_evaluation *e, place *p)
{
    int last = last_hidden(e), l = p->done < last ? p->done : last;
    const float *x = l > 0 ? p->full[(l - 1) % 2] : e->of.samples.x + start_of(e, p) * (size_t)e->net->inputs;
    if (p->done < last)
        hidden_block(e, l, x, rows_of(e, p), 0, e->net->layers[l].outputs, p->full[l % 2]);
    else
        add_shard(e, p, p->done - last, x);
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
    double loss = 0, count = (double)e->of.samples.count;
    size_t correct = 0;
    for (int c = 0; c < e->chunks; c++) loss += e->losses[c], correct += (size_t)e->correct[c];
    return (ht_score){loss / count, (double)correct / count};
}

/* ---- from start to end ---- */

static void lay_out(ht_evaluation *e, size_t per_place, size_t classes, size_t width)
{
    size_t rows = (size_t)e->rows;
    for (int i = 0; i < ht_pool_threads(e->pool); i++) {
        place *p = &e->places[i];
        p->logits = e->scratch + (size_t)i * per_place;
        p->block = p->logits + rows * classes;
        p->full[0] = p->block + rows * HT_SHARD;
        p->full[1] = p->full[0] + rows * width;
    }
}

ht_evaluation *ht_evaluation_new(const ht_network *net, ht_pool *pool, ht_error *err)
{
    size_t width = (size_t)widest_layer(net), classes = (size_t)ht_network_output(net)->rows,
           threads = (size_t)ht_pool_threads(pool);
    ht_evaluation *e = ht_alloc(1, sizeof *e, "an evaluation", err);
    if (!e) return NULL;
    e->net = net;
    e->pool = pool;
    e->rows = HT_EVAL_CHUNK;
    if (net->layer_count == 2) width = 0; /* no layer is kept whole */
    /* Deep and very wide: smaller chunks, so that a thread's scratch stays below ~64 MB. */
    while (e->rows > 16 && (size_t)e->rows * width > 8u << 20) e->rows /= 2;
    e->units = last_hidden(e) + ht_shards(net->layers[last_hidden(e)].outputs);
    size_t per_place = ((classes + HT_SHARD + 2 * width) * (size_t)e->rows + 15) / 16 * 16;
    e->places = ht_alloc(threads, sizeof *e->places, "an evaluation", err);
    e->scratch = ht_alloc(threads * per_place, sizeof(float), "an evaluation", err);
    if (!e->places || !e->scratch) {
        ht_evaluation_free(e);
        return NULL;
    }
    lay_out(e, per_place, classes, width);
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
    return evaluate(net, &(ht_evaluation_of){*samples, keep, NULL}, pool, score, err);
}

ht_code ht_network_losses(const ht_network *net, const ht_samples *samples, ht_pool *pool, float *losses,
                          ht_score *score, ht_error *err)
{
    return evaluate(net, &(ht_evaluation_of){*samples, NULL, losses}, pool, score, err);
}
