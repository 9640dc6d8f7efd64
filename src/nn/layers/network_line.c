/* network_line.c - the way back from a network to model.layers: the line that makes it again. */
#include <stdarg.h>
#include <stdio.h>

#include "nn/layers/layer.h"

typedef struct writer {
    const ht_network *net;
    char *to;
    size_t size, used;
    bool first; /* of a line or of parentheses: no comma before it */
} writer;

static void add(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(writer *w, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(w->to + w->used, w->used < w->size ? w->size - w->used : 0, format, list);
    va_end(list);
    w->used += length > 0 ? (size_t)length : 0;
    if (w->used > w->size) w->used = w->size;
}

static bool is(const ht_layer *layer, ht_layer_id id)
{
    return ht_layer_said(layer) == ht_layer_kind_at(id);
}

/* Behind the layers that only turn values. */
static int behind_orders(const ht_network *net, int layer)
{
    while (layer >= 0 && net->layers[layer].kind == &ht_layer_order) layer = net->layers[layer].input;
    return layer;
}

/* The projection of a residual, or HT_NO_LAYER: it stands behind the last layer in the parentheses. */
static int projection_of(const ht_network *net, const ht_layer *residual)
{
    int also = behind_orders(net, residual->also);
    return also > behind_orders(net, residual->input) ? also : HT_NO_LAYER;
}

/* The layer before the parentheses of a residual. */
static int entrance_of(const ht_network *net, const ht_layer *residual)
{
    int projection = projection_of(net, residual);
    return behind_orders(net, projection == HT_NO_LAYER ? residual->also : net->layers[projection].input);
}

/* Is it there without being named: an order of values, a projection? */
static bool is_implied(const ht_network *net, int l)
{
    for (int r = l; r < net->layer_count; r++)
        if (is(&net->layers[r], HT_LAYER_RESIDUAL) && projection_of(net, &net->layers[r]) == l) return true;
    return net->layers[l].kind == &ht_layer_order;
}

/* The parentheses that begin between layer `before` and layer l. */
static void open_groups(writer *w, int before, int l)
{
    for (int r = w->net->layer_count - 1; r > l; r--) {
        const ht_layer *residual = &w->net->layers[r];
        if (!is(residual, HT_LAYER_RESIDUAL) || entrance_of(w->net, residual) != before) continue;
        add(w, "%s%s(", w->first ? "" : ", ", ht_layer_kind_name(HT_LAYER_RESIDUAL));
        w->first = true;
    }
}

static void add_window(writer *w, const ht_layer *layer, int usual_stride)
{
    add(w, " %d", layer->window[0]);
    if (is(layer, HT_LAYER_CONV) || layer->window[1] != layer->window[0]) add(w, "x%d", layer->window[1]);
    if (layer->stride > 0 && layer->stride != usual_stride) add(w, " stride %d", layer->stride);
}

/* What is not said is as usual: the line has to fit into a parameter. */
static void add_arguments(writer *w, ht_layer_id id, const ht_layer *layer)
{
    if (id == HT_LAYER_DENSE || id == HT_LAYER_CONV) add(w, " %d", layer->tensor[0].rows);
    if (id == HT_LAYER_CONV) add_window(w, layer, 1);
    if (id == HT_LAYER_CONV && layer->pad == HT_PAD_SAME)
        add(w, " same");
    else if (id == HT_LAYER_CONV && layer->pad > 0)
        add(w, " pad %d", layer->pad);
    if (id == HT_LAYER_POOL && ht_layer_is_global(layer)) add(w, " global");
    if (id == HT_LAYER_POOL && !ht_layer_is_global(layer)) add_window(w, layer, layer->window[0]);
    if (id == HT_LAYER_POOL && !ht_layer_is_global(layer) && layer->mean) add(w, " avg");
    if (id == HT_LAYER_EMBED) add(w, " %d", layer->out.channels);
    if (id == HT_LAYER_ATTENTION) add(w, " %d", layer->heads);
    if (id == HT_LAYER_DROPOUT) add(w, " %.15g", layer->rate);
}

static void add_layer(writer *w, const ht_layer *layer)
{
    int id = 0;
    while (!is(layer, (ht_layer_id)id)) id++;
    if (id == HT_LAYER_RESIDUAL)
        add(w, ")");
    else
        add(w, "%s%s", w->first ? "" : ", ", ht_layer_kind_name((ht_layer_id)id));
    w->first = false;
    add_arguments(w, (ht_layer_id)id, layer);
    bool takes = id == HT_LAYER_DENSE || id == HT_LAYER_CONV;
    if (layer->activation != (takes ? HT_RELU : HT_LINEAR))
        add(w, "%s%s", takes ? " " : ", ", ht_param_choice(HT_P_MODEL_ACTIVATION, (int)layer->activation));
}

bool ht_network_line(const ht_network *net, char *to, size_t size)
{
    writer w = {.net = net, .to = to, .size = size, .first = true};
    int before = HT_NETWORK_INPUT;
    to[0] = '\0';
    for (int l = 0; l < net->layer_count - 1; l++) {
        if (is_implied(net, l)) continue;
        open_groups(&w, before, l);
        add_layer(&w, &net->layers[l]);
        before = l;
    }
    return w.used < size;
}
