/* network_expand.c - the network that the parameters say: the items of model.layers, and what stands between
 * them without being named: the order of values where kinds want another, and the projections of residuals.
 */
#include <stdio.h>
#include <string.h>

#include "nn/layers/layer.h"

typedef struct expansion {
    ht_shape input;
    int count;
    ht_layer_spec spec[HT_LAYERS_MAX];
    ht_layer layer[HT_LAYERS_MAX]; /* their shapes */
    bool last[HT_LAYERS_MAX];      /* values of a shape lie channels last */
    int end[HT_PARAM_LAYERS];      /* of an item: its last layer */
    int vocabulary;                /* symbols that are told apart, in and out */
    const char *what;              /* for messages: the item under way … */
    int number;                    /* … and its number; 0: the output layer */
} expansion;

static ht_shape shape_of(const expansion *e, int layer)
{
    return layer == HT_NETWORK_INPUT ? e->input : e->layer[layer].out;
}

/* Is it all one whether channels come first or last? */
static bool is_plain(ht_shape shape)
{
    return shape.channels == 1 || ht_shape_places(shape) == 1;
}

static bool lies_last(const expansion *e, int layer)
{
    return layer != HT_NETWORK_INPUT && e->last[layer];
}

static ht_code complain(const expansion *e, const char *text, ht_error *err)
{
    char why[160];
    snprintf(why, sizeof why, "%s", text);
    if (e->number == 0) return ht_error_set(err, HT_USAGE, "model.layers: the output layer: %s", why);
    return ht_error_set(err, HT_USAGE, "model.layers: item %d, %s: %s", e->number, e->what, why);
}

/* A layer that reads layer `from`. */
static ht_code add_layer(expansion *e, ht_layer_spec spec, int from, bool last, ht_error *err)
{
    int l = e->count;
    if (l == HT_LAYERS_MAX) return complain(e, "there are too many layers", err);
    spec.back = l - 1 - from;
    if (ht_layer_begin(&e->layer[l], &spec, shape_of(e, from), err) != HT_OK)
        return complain(e, err->text, err);
    e->spec[l] = spec;
    e->last[l] = last;
    e->count++;
    return HT_OK;
}

/* Do the layers act at the positions of a sequence of tokens? */
static bool is_sequence(const expansion *e)
{
    return e->count > 0 && e->spec[0].kind->tokens;
}

/* In a sequence a dense layer acts at each position, and what lets a position know of later ones has no
 * place. */
static ht_code fit_sequence(const expansion *e, ht_layer_spec *spec, ht_error *err)
{
    char why[160];
    ht_shape in = shape_of(e, e->count - 1);
    if (!is_sequence(e) && spec->kind == &ht_layer_attention && ht_shape_places(in) == 1) {
        snprintf(why, sizeof why,
                 "it reads places one after the other, and a plain row of %d values comes in; of token "
                 "sequences embed N makes places, as first item",
                 in.channels);
        return complain(e, why, err);
    }
    if (!is_sequence(e)) return HT_OK;
    if (spec->kind == &ht_layer_dense) spec->kind = &ht_layer_positionwise;
    if (spec->kind->causal) return HT_OK;
    return complain(e,
                    "it mixes the positions of a sequence, and none may know of those behind it; after embed "
                    "stand dense, attention, norm, dropout, res",
                    err);
}

/* What layer `from` gives, the way that is wanted: itself, or a layer that turns it. */
static ht_code turned(expansion *e, int from, bool last, int *to, ht_error *err)
{
    const ht_layer_spec order = {.kind = &ht_layer_order, .last = last, .activation = HT_LINEAR};
    *to = from;
    if (is_plain(shape_of(e, from)) || lies_last(e, from) == last) return HT_OK;
    if (add_layer(e, order, from, last, err) != HT_OK) return err->code;
    *to = e->count - 1;
    return HT_OK;
}

/* A layer of a kind behind all others. */
static ht_code append(expansion *e, const ht_layer_spec *spec, ht_error *err)
{
    int from = e->count - 1;
    bool last = spec->kind->channels_last || (!spec->kind->flat && lies_last(e, from));
    if (spec->kind->tokens && e->count > 0)
        return complain(e, "it reads the numbers of tokens, so it must be the first item", err);
    if (turned(e, from, last, &from, err) != HT_OK) return err->code;
    return add_layer(e, *spec, from, last && !spec->kind->flat, err);
}

/* How far apart the places are that a 1 × 1 convolution reads to come from one shape to the other; 0: there
 * is no way. */
static int stride_between(ht_shape from, ht_shape to)
{
    for (int s = 1; s <= from.height || s <= from.width; s++)
        if ((from.height - 1) / s + 1 == to.height && (from.width - 1) / s + 1 == to.width) return s;
    return 0;
}

/* What goes round the items in parentheses, in the shape of what comes out of them. */
static ht_code project(expansion *e, ht_shape to, int *from, bool bias, ht_error *err)
{
    ht_shape shape = shape_of(e, *from);
    if (memcmp(&shape, &to, sizeof to) == 0) return HT_OK;
    int stride = stride_between(shape, to), source;
    char why[160];
    if (stride == 0) {
        snprintf(why, sizeof why,
                 "%d×%d×%d goes in and %d×%d×%d comes out, and no 1x1 convolution makes the one of the other",
                 shape.channels, shape.height, shape.width, to.channels, to.height, to.width);
        return complain(e, why, err);
    }
    ht_layer_spec conv = {.kind = is_sequence(e) ? &ht_layer_positionwise : &ht_layer_conv,
                          .units = to.channels,
                          .window = {1, 1},
                          .stride = stride,
                          .activation = HT_LINEAR,
                          .bias = bias};
    if (turned(e, *from, true, &source, err) != HT_OK || add_layer(e, conv, source, true, err) != HT_OK)
        return err->code;
    *from = e->count - 1;
    return HT_OK;
}

static ht_code join(expansion *e, const ht_layer_item *item, int i, bool bias, ht_error *err)
{
    int start = i - item->inside, from = start > 0 ? e->end[start - 1] : HT_NETWORK_INPUT,
        inner = e->count - 1;
    bool last = lies_last(e, from);
    ht_shape shape = shape_of(e, inner);
    if (from == HT_NETWORK_INPUT && is_sequence(e))
        return complain(e, "what goes in would be the numbers of tokens; put embed before it", err);
    if (project(e, shape, &from, bias, err) != HT_OK) return err->code;
    if (from == e->count - 1 && from != inner) last = true; /* a projection */
    if (turned(e, inner, last, &inner, err) != HT_OK) return err->code;
    const ht_layer_spec spec = {
        .kind = ht_layer_kind_at(item->kind), .also = e->count - from, .activation = item->activation};
    return add_layer(e, spec, inner, last, err);
}

static ht_code add_item(expansion *e, const ht_params *p, const ht_layer_item *item, int i, ht_error *err)
{
    bool bias = ht_params_get(p, HT_P_MODEL_BIAS) != 0;
    ht_layer_spec spec = {.kind = ht_layer_kind_at(item->kind),
                          .units = item->units,
                          .activation = item->activation,
                          .bias = bias,
                          .window = {item->window[0], item->window[1]},
                          .stride = item->stride,
                          .pad = item->pad,
                          .mean = item->mean,
                          .global = item->global,
                          .rate = item->rate,
                          .heads = item->heads,
                          .vocabulary = e->vocabulary};
    e->what = ht_layer_kind_name(item->kind);
    e->number = item->number;
    ht_code code = fit_sequence(e, &spec, err);
    if (code == HT_OK) code = item->inside > 0 ? join(e, item, i, bias, err) : append(e, &spec, err);
    e->end[i] = e->count - 1;
    return code;
}

/* No noise on the first convolution: arXiv 2306.08125 keeps the layer that reads the pictures as it is. */
static void quieten(expansion *e, const ht_params *p)
{
    if (ht_params_get(p, HT_P_NOISE_FIRST_CONV) != 0) return;
    for (int l = 0; l < e->count; l++)
        if (e->spec[l].kind == ht_layer_kind_at(HT_LAYER_CONV)) {
            e->spec[l].quiet = true;
            return;
        }
}

/* The weights of a tied output are the token table. */
static ht_code check_tied(const expansion *e, ht_error *err)
{
    char why[160];
    int channels = shape_of(e, e->count - 1).channels, units = e->spec[0].units;
    if (!is_sequence(e))
        return complain(e, "model.tied ties it to the token table, which embed N has, the first item", err);
    if (channels == units) return HT_OK;
    snprintf(why, sizeof why,
             "model.tied ties it to the token table, which has %d numbers a token, and %d channels come in",
             units, channels);
    return complain(e, why, err);
}

static ht_code add_output(expansion *e, const ht_params *p, int classes, ht_error *err)
{
    bool tied = ht_params_get(p, HT_P_MODEL_TIED) != 0;
    ht_layer_spec output = {.kind = &ht_layer_dense,
                            .units = classes,
                            .bias = !tied && ht_params_get(p, HT_P_MODEL_BIAS) != 0,
                            .output = true,
                            .tied = tied};
    e->number = 0;
    if (tied && check_tied(e, err) != HT_OK) return err->code;
    if (fit_sequence(e, &output, err) != HT_OK) return err->code;
    return append(e, &output, err);
}

static ht_network *expand(const ht_params *params, ht_shape input, int classes, bool empty, ht_error *err)
{
    expansion e = {.input = input, .vocabulary = classes};
    ht_layer_item items[HT_PARAM_LAYERS];
    int count = ht_params_layers(params, items);
    for (int i = 0; i < count; i++)
        if (add_item(&e, params, &items[i], i, err) != HT_OK) return NULL;
    if (add_output(&e, params, classes, err) != HT_OK) return NULL;
    quieten(&e, params);
    return ht_network_build(input, e.spec, e.count, ht_params_get(params, HT_P_MODEL_MEAN_FIELD) != 0, empty,
                            err);
}

ht_network *ht_network_of(const ht_params *params, ht_shape input, int classes, ht_error *err)
{
    return expand(params, input, classes, false, err);
}

ht_network *ht_network_outline(const ht_params *params, ht_shape input, int classes, ht_error *err)
{
    return expand(params, input, classes, true, err);
}
