/* layer_embed.c - what stands for a token at a place: its row of one table, and the place's row of another,
 * added. It reads the numbers of T tokens, (1 × 1 × T), and gives N channels at T places, channels last. A
 * number that no row has is for whoever reads the data to refuse; here it becomes NaN, so that the loss is
 * refused, and no row is touched. */
#include <math.h>
#include <stdio.h>

#include "nn/layers/layer.h"
#include "nn/shard.h"
#include "nn/step/step_state.h"

static ht_code shape(const ht_layer_spec *spec, ht_layer *layer, ht_error *err)
{
    const ht_shape in = layer->in;
    if (in.channels != 1 || in.height != 1)
        return ht_error_set(err, HT_USAGE,
                            "it reads the numbers of tokens, one after the other, and %d×%d×%d values of a "
                            "sample come in",
                            in.channels, in.height, in.width);
    layer->vocabulary = spec->vocabulary;
    layer->out = (ht_shape){spec->units, 1, in.width};
    return HT_OK;
}

static int describe(const ht_layer_spec *spec, const ht_layer *layer, ht_tensor tensor[HT_LAYER_TENSORS])
{
    const unsigned flags = HT_TENSOR_DECAYED | HT_TENSOR_TABLE;
    tensor[0] =
        (ht_tensor){.name = "tokens", .flags = flags, .rows = spec->vocabulary, .columns = spec->units};
    tensor[1] =
        (ht_tensor){.name = "positions", .flags = flags, .rows = layer->in.width, .columns = spec->units};
    return 2;
}

/* -1: no row is this token's. */
static int row_of(const ht_layer *layer, float token)
{
    return token >= 0 && token < (float)layer->vocabulary ? (int)token : -1;
}

static void apply(const ht_layer *layer, const ht_span *span, float *h, struct ht_pool *pool)
{
    int places = layer->in.width, channels = layer->out.channels;
    const float *tokens = layer->tensor[0].data, *positions = layer->tensor[1].data;
    (void)pool;
    for (int i = 0; i < span->samples * places; i++, h += channels) {
        int row = row_of(layer, span->x[i]);
        const float *token = tokens + (size_t)(row < 0 ? 0 : row) * (size_t)channels,
                    *place = positions + (size_t)(i % places) * (size_t)channels;
        for (int c = 0; c < channels; c++) h[c] = row < 0 ? NAN : token[c] + place[c];
    }
}

enum { COLUMNS = 16 }; /* summed at a time */

/* What goes into which row: the token's, or the place's. */
static int target_of(const ht_layer *layer, const float *x, int i, bool place)
{
    return place ? i % layer->in.width : row_of(layer, x[i]);
}

/* to (part × columns) = keep · to + factor · gradient: a row gathers what comes back where it was read, all
 * samples in their order, on top of what a tied output has. */
static void gather(const ht_step *s, int l, bool place, ht_rows part, ht_descent to)
{
    const ht_layer *layer = &s->net->layers[l];
    const float *x = ht_step_input(s, l), *delta = ht_step_delta(s, l);
    int columns = layer->out.channels, items = s->batch * layer->in.width;
    double sum[HT_SHARD][COLUMNS];
    const float *tied = ht_step_tied(s, &layer->tensor[place]);
    for (int first = 0; first < columns; first += COLUMNS) {
        int count = columns - first < COLUMNS ? columns - first : COLUMNS;
        for (int r = 0; r < part.count; r++)
            for (int c = 0; c < count; c++)
                sum[r][c] =
                    tied ? (double)tied[(size_t)(part.first + r) * (size_t)columns + (size_t)(first + c)] : 0;
        for (int i = 0; i < items; i++) {
            int row = target_of(layer, x, i, place) - part.first;
            const float *from = delta + (size_t)i * (size_t)columns + first;
            if (row < 0 || row >= part.count) continue;
            for (int c = 0; c < count; c++) sum[row][c] += (double)from[c];
        }
        for (int r = 0; r < part.count; r++) {
            float *row = to.to + (size_t)r * (size_t)columns + first;
            for (int c = 0; c < count; c++) row[c] = to.keep * row[c] + to.factor * (float)sum[r][c];
        }
    }
}

/* Places are as many as the vocabulary's tasks can take a share of, a piece at a time. */
static void update(ht_step *s, int l, int shard)
{
    const ht_layer *layer = &s->net->layers[l];
    for (int t = 0; t < 2; t++) {
        const ht_tensor *tensor = &layer->tensor[t];
        int columns = tensor->columns;
        ht_rows part = ht_layer_part(layer, tensor, shard);
        for (int done = 0; done < part.count; done += HT_SHARD) {
            int left = part.count - done;
            ht_rows piece = {part.first + done, left < HT_SHARD ? left : HT_SHARD};
            ht_block block = {ht_tensor_index(s->net, tensor), piece.count, columns, columns,
                              (size_t)piece.first * (size_t)columns};
            gather(s, l, t == 1, piece, ht_step_descent(s, &block, 1));
            ht_step_finish(s, &block, piece.first, shard);
        }
    }
}

const ht_layer_kind ht_layer_embed = {
    .cut = HT_CUT_SAMPLES,
    .channels_last = true,
    .causal = true,
    .tokens = true,
    .shape = shape,
    .describe = describe,
    .apply = apply,
    .rows = HT_SHARD,
    .update = update,
};
