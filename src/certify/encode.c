#include "certify/encode.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"

/* ---- the arithmetic coder ---- */

/* Probability of a 1 in 1/65536, and how many bits it was learnt from. */
typedef struct model {
    uint16_t one;
    uint16_t seen;
} model;

static const model fresh = {1 << 15, 0};

/* One type codes and decodes, so that what is written and what is read cannot drift apart. */
typedef struct coder {
    bool reading;
    uint32_t range;
    /* writing */
    ht_text *out;
    uint64_t low;
    uint64_t held; /* bytes that a carry may still change */
    unsigned char first;
    bool begun;
    /* reading */
    const unsigned char *at, *end;
    uint32_t code;
    bool short_of_bytes;
} coder;

static void put_byte(coder *c, unsigned byte)
{
    char value = (char)byte;
    if (c->begun) ht_text_add_bytes(c->out, &value, 1); /* the very first is always 0 and left out */
    c->begun = true;
}

static void shift_low(coder *c)
{
    if (c->low < 0xff000000u || c->low > 0xffffffffu) {
        unsigned carry = (unsigned)(c->low >> 32);
        put_byte(c, (c->first + carry) & 0xff);
        for (; c->held > 0; c->held--) put_byte(c, (0xff + carry) & 0xff);
        c->first = (unsigned char)(c->low >> 24);
    } else {
        c->held++;
    }
    c->low = (c->low & 0x00ffffffu) << 8;
}

static unsigned next_byte(coder *c)
{
    if (c->at < c->end) return *c->at++;
    c->short_of_bytes = true;
    return 0;
}

static void begin_writing(coder *c, ht_text *out)
{
    *c = (coder){.range = 0xffffffffu, .out = out};
}

static void begin_reading(coder *c, const unsigned char *bytes, size_t size)
{
    *c = (coder){.reading = true, .range = 0xffffffffu, .at = bytes, .end = bytes + size};
    for (int i = 0; i < 4; i++) c->code = c->code << 8 | next_byte(c);
}

/* After this many bytes the interval is told from all others, whatever follows. */
static void end_writing(coder *c)
{
    for (int i = 0; i < 5; i++) shift_low(c);
}

/* Codes `bit`, or reads it. */
static bool code_bit(coder *c, uint32_t one, bool bit)
{
    uint32_t bound = (c->range >> 16) * one;
    if (c->reading) {
        bit = c->code < bound;
        if (!bit) c->code -= bound;
    } else if (!bit) {
        c->low += bound;
    }
    c->range = bit ? bound : c->range - bound;
    for (; c->range < 1u << 24; c->range <<= 8) {
        if (c->reading)
            c->code = c->code << 8 | next_byte(c);
        else
            shift_low(c);
    }
    return bit;
}

/* Learns as 1/n while it has seen little, then slowly. */
static bool code_modelled(coder *c, model *m, bool bit)
{
    enum { SLOWEST = 400, LEAST = 16 };
    bit = code_bit(c, m->one, bit);
    if (m->seen < SLOWEST) m->seen++;
    int32_t target = bit ? 65536 - LEAST : LEAST;
    m->one = (uint16_t)((int32_t)m->one + 2 * (target - (int32_t)m->one) / (2 * m->seen + 1));
    return bit;
}

static uint32_t code_raw(coder *c, int bits, uint32_t value)
{
    uint32_t read = 0;
    for (int i = bits - 1; i >= 0; i--) read = read << 1 | code_bit(c, 1 << 15, value >> i & 1);
    return read;
}

/* Elias' γ code of value ≥ 1: its length in ones, then its digits. */
static uint32_t code_number(coder *c, uint32_t value)
{
    int digits = 0;
    while (digits < 31 && code_bit(c, 1 << 15, value >> digits > 1)) digits++;
    return 1u << digits | code_raw(c, digits, value & ((1u << digits) - 1));
}

/* ---- a network in it ---- */

enum { SHARES = 6, CONTEXTS = 2 * SHARES * SHARES, LEVELS = 1 << (HT_ENCODE_BITS_MAX - 1) };
static const uint32_t most_weights = 1u << 25; /* a bound for larger ones is vacuous anyway */

typedef struct layer_coder {
    coder *c;
    ht_tensor *layer;
    int bits;
    float scale;
    const unsigned char *live; /* (columns): the neuron before is there */
    unsigned char *row, *column;
    uint32_t *column_kept; /* (columns): weights kept so far in the column */
    model kept[CONTEXTS], sign, magnitude[LEVELS];
} layer_coder;

/* How dense a row or column has been so far, in coarse steps. */
static int share_of(uint32_t kept, uint32_t seen)
{
    if (kept == 0) return seen < 8 ? 0 : 1;
    return kept * 16 < seen ? 2 : kept * 6 < seen ? 3 : kept * 2 < seen ? 4 : 5;
}

static void code_flags(layer_coder *s, unsigned char *flag, int count, const unsigned char *asked)
{
    model m = fresh;
    for (int i = 0; i < count; i++)
        if ((!asked || asked[i]) && !s->c->short_of_bytes) flag[i] = code_modelled(s->c, &m, flag[i]);
}

/* The magnitude, 1 .. 2^(q-1), bit by bit down a tree of models. */
static uint32_t code_magnitude(layer_coder *s, uint32_t value)
{
    uint32_t node = 1;
    for (int i = s->bits - 2; i >= 0; i--)
        node = node << 1 | code_modelled(s->c, &s->magnitude[node], (value - 1) >> i & 1);
    return node - (1u << (s->bits - 1)) + 1;
}

static void code_weight(layer_coder *s, float *w)
{
    bool minus = code_modelled(s->c, &s->sign, !s->c->reading && *w < 0);
    uint32_t level = s->c->reading ? 1 : (uint32_t)lroundf(fabsf(*w) / s->scale);
    level = code_magnitude(s, level);
    if (s->c->reading) *w = (minus ? -1.0f : 1.0f) * s->scale * (float)level;
}

static void code_row(layer_coder *s, float *w, uint32_t rows_before)
{
    uint32_t kept = 0, seen = 0;
    bool left = false;
    for (int j = 0; j < s->layer->columns && !s->c->short_of_bytes; j++) {
        if (!s->column[j]) continue;
        int context = (share_of(s->column_kept[j], rows_before) * SHARES + share_of(kept, seen)) * 2 + left;
        left = code_modelled(s->c, &s->kept[context], !s->c->reading && w[j] != 0);
        seen++;
        if (!left) continue;
        kept++;
        s->column_kept[j]++;
        code_weight(s, &w[j]);
    }
}

static void code_layer(layer_coder *s)
{
    uint32_t scale, rows = 0;
    for (int i = 0; i < CONTEXTS; i++) s->kept[i] = fresh;
    for (int i = 0; i < LEVELS; i++) s->magnitude[i] = fresh;
    s->sign = fresh;
    memcpy(&scale, &s->scale, sizeof scale);
    scale = code_raw(s->c, 32, scale);
    memcpy(&s->scale, &scale, sizeof scale);
    code_flags(s, s->row, s->layer->rows, NULL);
    code_flags(s, s->column, s->layer->columns, s->live);
    for (int i = 0; i < s->layer->rows && !s->c->short_of_bytes && !ht_cancelled(); i++)
        if (s->row[i]) code_row(s, s->layer->data + (size_t)i * (size_t)s->layer->columns, rows++);
}

/* Which rows and columns hold a weight. */
static void find_kept(const ht_tensor *layer, unsigned char *row, unsigned char *column)
{
    for (int i = 0; i < layer->rows; i++)
        for (int j = 0; j < layer->columns; j++)
            if (layer->data[(size_t)i * (size_t)layer->columns + (size_t)j] != 0) row[i] = column[j] = 1;
}

static ht_code code_layers(coder *c, ht_network *net, ht_quantizer *quantizer, ht_error *err)
{
    size_t most = (size_t)net->weights[0]->columns;
    for (int l = 0; l < net->weight_count; l++)
        if ((size_t)net->weights[l]->rows > most) most = (size_t)net->weights[l]->rows;
    layer_coder *s = ht_alloc(1, sizeof *s, "the code", err);
    unsigned char *flags = ht_alloc(3 * most, 1, "the code", err), *before = flags;
    uint32_t *column_kept = ht_alloc(most, sizeof *column_kept, "the code", err);
    bool good = s && flags && column_kept;
    for (int l = 0; l < net->weight_count && good; l++) {
        unsigned char *row =
            flags + (l % 2 ? 0 : most); /* the other half holds the rows of the layer before */
        *s = (layer_coder){
            .c = c, .layer = net->weights[l], .bits = quantizer->bits, .scale = quantizer->scale[l]};
        s->live = l ? before : NULL;
        s->row = memset(row, 0, most);
        s->column = memset(flags + 2 * most, 0, most);
        s->column_kept = memset(column_kept, 0, most * sizeof *column_kept);
        if (!c->reading) find_kept(s->layer, s->row, s->column);
        code_layer(s);
        quantizer->scale[l] = s->scale;
        before = row;
    }
    ht_free(s);
    ht_free(flags);
    ht_free(column_kept);
    return good ? ht_still_wanted(err) : HT_FAIL;
}

/* What comes before the layers. HTC1 is for hidden layers of one width, HTC2 for others. */
typedef struct shape {
    uint32_t inputs, depth, width[HT_HIDDEN_MAX], classes, activation, mean_field, bits;
} shape;

static const char word[2][4] = {{'H', 'T', 'C', '1'}, {'H', 'T', 'C', '2'}};

static void code_widths(coder *c, shape *s)
{
    s->depth = code_number(c, s->depth);
    for (uint32_t l = 0; l < s->depth && l < HT_HIDDEN_MAX; l++) s->width[l] = code_number(c, s->width[l]);
}

static void code_one_width(coder *c, shape *s)
{
    s->width[0] = code_number(c, s->width[0]);
    s->depth = code_number(c, s->depth);
    for (int l = 1; l < HT_HIDDEN_MAX; l++) s->width[l] = s->width[0];
}

static void code_shape(coder *c, bool widths, shape *s)
{
    s->inputs = code_number(c, s->inputs);
    if (widths)
        code_widths(c, s);
    else
        code_one_width(c, s);
    s->classes = code_number(c, s->classes);
    s->activation = code_raw(c, 2, s->activation);
    s->mean_field = code_raw(c, 1, s->mean_field);
    s->bits = code_number(c, s->bits);
}

static bool one_width(const ht_network *net)
{
    for (int l = 1; l < ht_network_hidden(net); l++)
        if (net->weights[l]->rows != net->weights[0]->rows) return false;
    return true;
}

bool ht_encode_knows(const ht_network *net)
{
    return ht_network_is_dense(net) && ht_network_one_activation(net) &&
           ht_network_activation(net, 0) <= HT_TANH;
}

ht_code ht_encode_network(const ht_network *net, const ht_quantizer *quantizer, ht_text *out, ht_error *err)
{
    coder c;
    ht_network same = *net; /* written, not changed */
    ht_quantizer q = *quantizer;
    bool widths = !one_width(net);
    shape s = {.inputs = (uint32_t)net->weights[0]->columns,
               .depth = (uint32_t)ht_network_hidden(net),
               .classes = (uint32_t)ht_network_output(net)->rows,
               .activation = (uint32_t)ht_network_activation(net, 0),
               .mean_field = net->mean_field,
               .bits = (uint32_t)q.bits};
    for (int l = 0; l < ht_network_hidden(net); l++) s.width[l] = (uint32_t)net->weights[l]->rows;
    if (ht_network_has_biases(net))
        return ht_error_set(err, HT_FAIL, "a code holds weights only, and this network has biases");
    if (!ht_encode_knows(net))
        return ht_error_set(
            err, HT_FAIL,
            "a code is of dense layers, the hidden ones of one activation: relu, leaky-relu or "
            "tanh");
    if (ht_network_parameters(net) > most_weights)
        return ht_error_set(err, HT_FAIL, "a network of %zu weights is too large for a code",
                            ht_network_parameters(net));
    ht_text_add_bytes(out, word[widths], sizeof word[widths]);
    begin_writing(&c, out);
    code_shape(&c, widths, &s);
    if (code_layers(&c, &same, &q, err) != HT_OK) return err->code;
    end_writing(&c);
    return out->failed ? ht_error_set(err, HT_FAIL, "not enough memory for the code") : HT_OK;
}

static bool makes_sense(const coder *c, const shape *s)
{
    if (c->short_of_bytes || s->depth > HT_HIDDEN_MAX || s->activation > HT_TANH ||
        s->bits > HT_ENCODE_BITS_MAX || s->inputs >= most_weights || s->classes >= most_weights)
        return false;
    uint64_t weights = 0, before = s->inputs;
    for (uint32_t l = 0; l < s->depth; l++) {
        if (s->width[l] >= most_weights) return false;
        weights += before * s->width[l];
        before = s->width[l];
    }
    return weights + before * s->classes <= most_weights;
}

static ht_network *read_shape(coder *c, bool widths, int *bits, ht_error *err)
{
    shape s = {.inputs = 1, .depth = 1, .classes = 1, .bits = 1};
    int width[HT_HIDDEN_MAX];
    for (int l = 0; l < HT_HIDDEN_MAX; l++) s.width[l] = 1;
    code_shape(c, widths, &s);
    for (int l = 0; l < HT_HIDDEN_MAX; l++) width[l] = (int)s.width[l];
    *bits = (int)s.bits;
    if (makes_sense(c, &s))
        return ht_network_new_widths((int)s.inputs, width, (int)s.depth, (int)s.classes,
                                     (ht_activation)s.activation, s.mean_field != 0, err);
    ht_error_set(err, HT_FAIL, "the code's shape makes no sense; the file is damaged");
    return NULL;
}

static ht_code read_layers(coder *c, ht_network *net, int bits, ht_error *err)
{
    ht_quantizer q = {.bits = bits};
    if (code_layers(c, net, &q, err) != HT_OK) return err->code;
    if (c->short_of_bytes) return ht_error_set(err, HT_FAIL, "the code ends early; the file is damaged");
    if (c->at != c->end)
        return ht_error_set(err, HT_FAIL, "%zu bytes follow the end of the code; the file is damaged",
                            (size_t)(c->end - c->at));
    for (int l = 0; l < net->weight_count; l++)
        if (!(q.scale[l] > 0) || !isfinite(q.scale[l] * (float)(1 << (bits - 1))))
            return ht_error_set(err, HT_FAIL,
                                "the scale of layer %d is no positive number; the file is damaged", l);
    return HT_OK;
}

ht_network *ht_decode_network(const void *bytes, size_t size, int *bits, ht_error *err)
{
    coder c;
    bool one = size >= sizeof word[0] && memcmp(bytes, word[0], sizeof word[0]) == 0;
    bool widths = size >= sizeof word[1] && memcmp(bytes, word[1], sizeof word[1]) == 0;
    if (!one && !widths) {
        ht_error_set(err, HT_FAIL, "is no encoded network: it does not begin with HTC1 or HTC2");
        return NULL;
    }
    begin_reading(&c, (const unsigned char *)bytes + sizeof word[0], size - sizeof word[0]);
    ht_network *net = read_shape(&c, widths, bits, err);
    if (net && read_layers(&c, net, *bits, err) == HT_OK) return net;
    ht_network_free(net);
    return NULL;
}

/* ---- rounding ---- */

static float round_weight(float w, float scale, int levels)
{
    float level = fminf(roundf(fabsf(w) / scale), (float)levels);
    return level == 0 ? 0.0f : copysignf(1.0f, w) * scale * level; /* not -0: the code has one zero */
}

static double squared_error(const ht_tensor *layer, float scale, int levels)
{
    double sum = 0;
    for (size_t i = 0; i < ht_tensor_size(layer); i++) {
        float w = layer->data[i];
        if (w == 0) continue;
        double d = (double)(w - round_weight(w, scale, levels));
        sum += d * d;
    }
    return sum;
}

/* From the scale that reaches the largest weight down to a hundredth of it. */
static float best_scale(const ht_tensor *layer, int levels)
{
    enum { TRIES = 40 };
    float most = 0, best = 1;
    double least = HUGE_VAL;
    for (size_t i = 0; i < ht_tensor_size(layer); i++) most = fmaxf(most, fabsf(layer->data[i]));
    for (int i = 0; i < TRIES && most > 0 && !ht_cancelled(); i++) {
        float scale = most / (float)levels * powf(0.01f, (float)i / (TRIES - 1));
        double e = scale > 0 ? squared_error(layer, scale, levels) : HUGE_VAL;
        if (e < least) least = e, best = scale;
    }
    return best;
}

/* Zeroes the columns of `layer` whose neuron in the layer before has no weights. */
static void cut_dead(ht_tensor *layer, const ht_tensor *before)
{
    for (int i = 0; i < before->rows; i++) {
        const float *w = before->data + (size_t)i * (size_t)before->columns;
        bool live = false;
        for (int j = 0; j < before->columns && !live; j++) live = w[j] != 0;
        for (int r = 0; r < layer->rows && !live; r++)
            layer->data[(size_t)r * (size_t)layer->columns + (size_t)i] = 0;
    }
}

void ht_encode_round(ht_network *net, int bits, ht_quantizer *quantizer)
{
    int levels = 1 << (bits - 1);
    quantizer->bits = bits;
    for (int l = 0; l < net->weight_count; l++) {
        ht_tensor *layer = net->weights[l];
        if (l > 0) cut_dead(layer, net->weights[l - 1]);
        float scale = quantizer->scale[l] = best_scale(layer, levels);
        for (size_t i = 0; i < ht_tensor_size(layer); i++)
            if (layer->data[i] != 0) layer->data[i] = round_weight(layer->data[i], scale, levels);
    }
}
