/* layers_line.h - model.layers, a network in one line: items of the table of layer kinds (layers.def) with
 * commas between them, "dense 300, dense 2n tanh". A word that is an activation, by itself, is that of the
 * item before it: "dense 300, relu". Pure. */
#ifndef HT_PARAMS_LAYERS_LINE_H
#define HT_PARAMS_LAYERS_LINE_H

#include "heavytail/params.h"

/* The items of a line for width n, at most HT_PARAM_LAYERS; `otherwise` is the activation of those that name
 * none. Returns how many, or 0 with *err set (HT_USAGE): the item, what is wrong with it, what it needs. */
int ht_layers_parse(const char *line, double n, ht_activation otherwise, ht_layer_item items[HT_PARAM_LAYERS],
                    ht_error *err);

/* Does a width in the line depend on n? */
bool ht_layers_scale(const char *line);

#endif
