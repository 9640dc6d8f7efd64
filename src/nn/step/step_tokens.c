/* step_tokens.c - the output of networks on sequences: at every position the logits, their loss and what
 * comes back from them, a chunk of positions after the other, so that the logits of a batch are never there
 * at once, however large the vocabulary is. Tasks of a chunk are blocks of positions, then blocks of output
 * weights, whose gradient adds up chunk by chunk: cut by shape, and so the same bits for any number of
 * threads. */
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "nn/activation.h"
#include "nn/loss.h"
#include "nn/step/step_state.h"
#include "num/linalg.h"

enum { BLOCK = 64, ROWS = 32, CHUNK_FLOATS = 1 << 20 };

/* Positions whose logits are there at a time: whole blocks. */
static int chunk_of(const ht_network *net, int batch)
{
    int all = batch * net->positions, chunk = CHUNK_FLOATS / net->classes / BLOCK * BLOCK;
    if (chunk < BLOCK) chunk = BLOCK;
    return chunk < all ? chunk : all;
}

ht_code ht_step_tokens_make(ht_step *s, const ht_network *net, ht_error *err)
{
    static const char what[] = "the logits";
    const ht_tensor *out = ht_network_output(net);
    size_t chunk = (size_t)chunk_of(net, s->capacity), blocks = (chunk + BLOCK - 1) / BLOCK;
    if (blocks < HT_STEP_SPANS) blocks = HT_STEP_SPANS;
    s->logits = ht_alloc(chunk * (size_t)net->classes, sizeof *s->logits, what, err);
    s->block_loss = ht_alloc(blocks, sizeof *s->block_loss, what, err);
    s->block_right = ht_alloc(blocks, sizeof *s->block_right, what, err);
    s->out_gradient =
        ht_alloc(ht_tensor_size(out) + (size_t)out->rows, sizeof *s->out_gradient, "the gradients", err);
    return s->logits && s->block_loss && s->block_right && s->out_gradient ? HT_OK : HT_FAIL;
}

/* The positions of a chunk. */
typedef struct chunk {
    ht_step *s;
    const int32_t *labels; /* of its first position, */
    const float *h;        /* what the last hidden layer gives there, */
    float *delta;          /* ∂L/∂that */
    int rows, all;         /* positions: of the chunk, of the batch */
    float scale;           /* of the logits: a mean field divides them */
    bool first;            /* of the batch */
} chunk;

/* ∂(mean loss)/∂logits in the place of logits; their losses and right answers. */
static void weigh(chunk *c, int block, int first, int rows)
{
    ht_step *s = c->s;
    int classes = s->net->classes;
    float *z = s->logits + (size_t)first * (size_t)classes;
    s->block_loss[block] = 0;
    s->block_right[block] = 0;
    for (int r = 0; r < rows; r++)
        ht_softmax_loss(z + (size_t)r * (size_t)classes, c->labels + first + r, 1, classes,
                        z + (size_t)r * (size_t)classes, &s->block_loss[block], &s->block_right[block]);
    for (size_t i = 0; i < (size_t)rows * (size_t)classes; i++) z[i] /= (float)c->all;
}

/* Positions first .. first + rows - 1 of a chunk, its block number `block`. */
static void answer_rows(chunk *c, int block, int first, int rows)
{
    const ht_tensor *out = ht_network_output(c->s->net);
    int width = out->columns;
    float *z = c->s->logits + (size_t)first * (size_t)out->rows;
    ht_gemm_nt(rows, out->rows, width, c->scale, c->h + (size_t)first * (size_t)width, width, out->data,
               width, 0.0f, z, out->rows);
    ht_add_bias(ht_tensor_biases(out), z, rows, out->rows);
    weigh(c, block, first, rows);
    ht_gemm_nn(rows, width, out->rows, 1.0f, z, out->rows, out->data, width, 0.0f,
               c->delta + (size_t)first * (size_t)width, width);
}

static void answer_block(void *context, int block, int worker)
{
    chunk *c = context;
    int first = block * BLOCK, left = c->rows - first;
    (void)worker;
    answer_rows(c, block, first, left < BLOCK ? left : BLOCK);
}

/* Of some of the output's rows, and of their biases. */
static void gather_rows(void *context, int task, int worker)
{
    chunk *c = context;
    const ht_tensor *out = ht_network_output(c->s->net);
    int first = task * ROWS, left = out->rows - first, m = left < ROWS ? left : ROWS, width = out->columns;
    const float *z = c->s->logits + first;
    float *to = c->s->out_gradient, *bias = to + ht_tensor_size(out) + first;
    (void)worker;
    ht_gemm_tn(m, width, c->rows, c->scale, z, out->rows, c->h, width, c->first ? 0.0f : 1.0f,
               to + (size_t)first * (size_t)width, width);
    for (int j = 0; j < m && out->bias; j++) {
        double sum = c->first ? 0 : (double)bias[j];
        for (int r = 0; r < c->rows; r++) sum += (double)z[(size_t)r * (size_t)out->rows + (size_t)j];
        bias[j] = (float)sum;
    }
}

/* Positions from `at` on, at most `most`. */
static chunk chunk_at(ht_step *s, const int32_t *labels, int at, int most)
{
    const ht_step_layer *last = &s->layer[s->hidden - 1];
    size_t width = (size_t)ht_network_output(s->net)->columns;
    int all = s->batch * s->net->positions;
    return (chunk){.s = s,
                   .labels = labels + at,
                   .h = last->hidden + (size_t)at * width,
                   .delta = last->delta + (size_t)at * width,
                   .rows = all - at < most ? all - at : most,
                   .all = all,
                   .scale = s->net->mean_field ? 1.0f / (float)width : 1.0f,
                   .first = at == 0};
}

/* When the blocks of a chunk are done: the gradient, losses and right answers in their order. */
static void end_chunk(chunk *c, int blocks, ht_step_result *result, struct ht_pool *pool)
{
    ht_step *s = c->s;
    ht_pool_run(pool, (ht_network_output(s->net)->rows + ROWS - 1) / ROWS, gather_rows, c);
    for (int b = 0; b < blocks; b++) {
        result->loss += s->block_loss[b] / c->all;
        result->accuracy += (double)s->block_right[b] / c->all;
    }
}

void ht_step_tokens(ht_step *s, const int32_t *labels, ht_step_result *result, struct ht_pool *pool)
{
    int all = s->batch * s->net->positions, most = chunk_of(s->net, s->capacity);
    for (int at = 0; at < all; at += most) {
        chunk c = chunk_at(s, labels, at, most);
        int blocks = (c.rows + BLOCK - 1) / BLOCK;
        ht_pool_run(pool, blocks, answer_block, &c);
        end_chunk(&c, blocks, result, pool);
    }
}

bool ht_step_tokens_fit(const ht_step *s)
{
    return s->batch * s->net->positions <= chunk_of(s->net, s->capacity);
}

void ht_step_tokens_span(ht_step *s, const int32_t *labels, int task)
{
    const ht_span span = ht_step_span_of(s, s->hidden - 1, task);
    int positions = s->net->positions;
    chunk c = chunk_at(s, labels, 0, s->batch * positions);
    answer_rows(&c, task, span.first * positions, span.samples * positions);
}

void ht_step_tokens_end(ht_step *s, const int32_t *labels, ht_step_result *result, struct ht_pool *pool)
{
    chunk c = chunk_at(s, labels, 0, s->batch * s->net->positions);
    end_chunk(&c, ht_step_spans(s), result, pool);
}

const float *ht_step_tied(const ht_step *s, const ht_tensor *tensor)
{
    return ht_network_is_tied(s->net) && s->hyper->train_output && tensor == ht_network_output(s->net)
               ? s->out_gradient
               : NULL;
}

void ht_step_update_tokens(ht_step *s, int first, int m, int shard)
{
    const ht_tensor *out = ht_network_output(s->net), *tensor[2] = {out, out->bias};
    const float *from = s->out_gradient;
    for (int t = 0; t < 2 && tensor[t]; t++) {
        int columns = tensor[t]->columns;
        size_t start = (size_t)first * (size_t)columns;
        ht_block block = {ht_tensor_index(s->net, tensor[t]), m, columns, columns, start};
        ht_descent to = ht_step_descent(s, &block, 1);
        for (size_t i = 0; i < (size_t)m * (size_t)columns; i++)
            to.to[i] = to.keep * to.to[i] + to.factor * from[start + i];
        ht_step_finish(s, &block, first, shard);
        from += ht_tensor_size(out);
    }
}
