#include "certify/encode_tensors.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "prune/prune_reach.h"

enum {
    SHARES = 6,
    CONTEXTS = 2 * SHARES * SHARES,
    LEVELS = 1 << (HT_ENCODE_BITS_MAX - 1),
    EXPONENT = 8,  /* bits of a float's exponent, */
    FRACTION = 23, /* and of its fraction */
    KINDS = 4      /* of numbers that are no weights: biases, gains, running means and variances */
};

typedef struct tensor_coder {
    ht_coder *c;
    ht_network *net;
    ht_prune_reach reach;
    unsigned char *row[HT_WEIGHTS_MAX]; /* (rows) of each weight matrix: it is kept */
    int digits;
    ht_model minus[KINDS], exponent[KINDS][1 << EXPONENT];
    /* of the weight matrix under way */
    ht_tensor *layer;
    int number, bits;
    float scale;
    unsigned char *live, *column; /* (columns): it reads what gives something; it is kept */
    uint32_t *column_kept;        /* (columns): weights kept so far in the column */
    ht_model kept[CONTEXTS], sign, magnitude[LEVELS];
} tensor_coder;

/* ---- weights ---- */

/* How dense a row or column has been so far, in coarse steps. */
static int share_of(uint32_t kept, uint32_t seen)
{
    if (kept == 0) return seen < 8 ? 0 : 1;
    return kept * 16 < seen ? 2 : kept * 6 < seen ? 3 : kept * 2 < seen ? 4 : 5;
}

static void code_flags(const tensor_coder *s, unsigned char *flag, int count, const unsigned char *asked)
{
    ht_model m = ht_model_fresh;
    for (int i = 0; i < count; i++)
        if ((!asked || asked[i]) && !s->c->short_of_bytes) flag[i] = ht_coder_bit(s->c, &m, flag[i]);
}

static void code_weight(tensor_coder *s, float *w)
{
    bool minus = ht_coder_bit(s->c, &s->sign, !s->c->reading && *w < 0);
    uint32_t level = s->c->reading ? 1 : (uint32_t)lroundf(fabsf(*w) / s->scale);
    level = ht_coder_tree(s->c, s->magnitude, s->bits - 1, level - 1) + 1;
    if (s->c->reading) *w = (minus ? -1.0f : 1.0f) * s->scale * (float)level;
}

static void code_row(tensor_coder *s, float *w, uint32_t rows_before)
{
    uint32_t kept = 0, seen = 0;
    bool left = false;
    for (int j = 0; j < s->layer->columns && !s->c->short_of_bytes; j++) {
        if (!s->column[j]) continue;
        int context = (share_of(s->column_kept[j], rows_before) * SHARES + share_of(kept, seen)) * 2 + left;
        left = ht_coder_bit(s->c, &s->kept[context], !s->c->reading && w[j] != 0);
        seen++;
        if (!left) continue;
        kept++;
        s->column_kept[j]++;
        code_weight(s, &w[j]);
    }
}

/* Which rows and columns hold a weight. */
static void find_kept(const tensor_coder *s)
{
    const ht_tensor *layer = s->layer;
    for (int i = 0; i < layer->rows; i++)
        for (int j = 0; j < layer->columns; j++)
            if (layer->data[(size_t)i * (size_t)layer->columns + (size_t)j] != 0)
                s->row[s->number][i] = s->column[j] = 1;
}

/* A unit without weights gives something if it has a bias. */
static void find_live(const tensor_coder *s)
{
    int from = s->reach.from[s->number], each = s->reach.each[s->number];
    const float *bias = from >= 0 ? ht_tensor_biases(s->net->weights[from]) : NULL;
    for (int j = 0; j < s->layer->columns; j++)
        s->live[j] = from < 0 || s->row[from][j / each] || (bias && bias[j / each] != 0);
}

static void code_weights(tensor_coder *s)
{
    uint32_t scale, rows = 0;
    for (int i = 0; i < CONTEXTS; i++) s->kept[i] = ht_model_fresh;
    for (int i = 0; i < LEVELS; i++) s->magnitude[i] = ht_model_fresh;
    s->sign = ht_model_fresh;
    memset(s->column, 0, (size_t)s->layer->columns);
    memset(s->column_kept, 0, (size_t)s->layer->columns * sizeof *s->column_kept);
    if (!s->c->reading) find_kept(s);
    memcpy(&scale, &s->scale, sizeof scale);
    scale = ht_coder_raw(s->c, 32, scale);
    memcpy(&s->scale, &scale, sizeof scale);
    find_live(s);
    code_flags(s, s->row[s->number], s->layer->rows, NULL);
    code_flags(s, s->column, s->layer->columns, s->live);
    for (int i = 0; i < s->layer->rows && !s->c->short_of_bytes && !ht_cancelled(); i++)
        if (s->row[s->number][i]) code_row(s, s->layer->data + (size_t)i * (size_t)s->layer->columns, rows++);
}

/* ---- other numbers ---- */

static int kind_of(const ht_tensor *tensor)
{
    return (tensor->flags & HT_TENSOR_STATE ? 2 : 0) + (tensor->flags & HT_TENSOR_ONES ? 1 : 0);
}

static float start_of(const ht_tensor *tensor)
{
    return tensor->flags & HT_TENSOR_ONES ? 1.0f : 0.0f;
}

static bool is_at_start(const ht_tensor *tensor)
{
    for (size_t i = 0; i < ht_tensor_size(tensor); i++)
        if (tensor->data[i] != start_of(tensor)) return false;
    return true;
}

static void code_float(tensor_coder *s, int kind, float *x)
{
    const int rest = FRACTION - s->digits;
    uint32_t bits, fraction = (1u << FRACTION) - 1;
    memcpy(&bits, x, sizeof bits);
    uint32_t minus = ht_coder_bit(s->c, &s->minus[kind], bits >> (FRACTION + EXPONENT));
    uint32_t exponent = ht_coder_tree(s->c, s->exponent[kind], EXPONENT, bits >> FRACTION & 0xff);
    fraction = ht_coder_raw(s->c, s->digits, (bits & fraction) >> rest) << rest;
    bits = minus << (FRACTION + EXPONENT) | exponent << FRACTION | fraction;
    memcpy(x, &bits, sizeof bits);
}

static void code_numbers(tensor_coder *s, ht_tensor *tensor)
{
    bool same = ht_coder_raw(s->c, 1, !s->c->reading && is_at_start(tensor));
    for (size_t i = 0; i < ht_tensor_size(tensor) && !s->c->short_of_bytes; i++) {
        float x = same || s->c->reading ? start_of(tensor) : tensor->data[i];
        if (!same) code_float(s, kind_of(tensor), &x);
        if (s->c->reading) tensor->data[i] = x;
    }
}

/* ---- all ---- */

static void code_all(tensor_coder *s, ht_quantizer *quantizer, bool all)
{
    for (int t = 0, w = 0; t < s->net->tensor_count; t++) {
        ht_tensor *tensor = &s->net->tensors[t];
        if (tensor->flags & HT_TENSOR_WEIGHT) {
            s->layer = tensor;
            s->number = w;
            s->scale = quantizer->scale[w];
            code_weights(s);
            quantizer->scale[w++] = s->scale;
        } else if (all) {
            code_numbers(s, tensor);
        }
    }
}

/* Room for flags of all rows and of one matrix' columns. */
static unsigned char *make_flags(tensor_coder *s, const ht_network *net, size_t *columns, ht_error *err)
{
    size_t rows = 0;
    *columns = 0;
    for (int w = 0; w < net->weight_count; w++) {
        rows += (size_t)net->weights[w]->rows;
        if ((size_t)net->weights[w]->columns > *columns) *columns = (size_t)net->weights[w]->columns;
    }
    unsigned char *flags = ht_alloc(rows + 2 * *columns, 1, "the code", err), *next = flags;
    if (!flags) return NULL;
    for (int w = 0; w < net->weight_count; w++) s->row[w] = next, next += net->weights[w]->rows;
    s->live = next;
    s->column = next + *columns;
    return flags;
}

ht_code ht_encode_tensors(ht_coder *c, ht_network *net, ht_quantizer *quantizer, bool all, ht_error *err)
{
    size_t columns;
    tensor_coder *s = ht_alloc(1, sizeof *s, "the code", err);
    if (!s) return HT_FAIL;
    s->c = c;
    s->net = net;
    s->reach = ht_prune_reach_of(net);
    s->bits = quantizer->bits;
    s->digits = quantizer->digits;
    for (int k = 0; k < KINDS; k++) {
        s->minus[k] = ht_model_fresh;
        for (int i = 0; i < 1 << EXPONENT; i++) s->exponent[k][i] = ht_model_fresh;
    }
    unsigned char *flags = make_flags(s, net, &columns, err);
    s->column_kept = flags ? ht_alloc(columns, sizeof *s->column_kept, "the code", err) : NULL;
    bool good = flags && s->column_kept;
    if (good) code_all(s, quantizer, all);
    ht_free(s->column_kept);
    ht_free(flags);
    ht_free(s);
    return good ? ht_still_wanted(err) : HT_FAIL;
}
