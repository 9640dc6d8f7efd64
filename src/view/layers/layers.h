/* layers.h - the hidden layers that can be looked at one by one, and their names. Which one is picked stands
 * in the model (model.layer); keys and mouse put it there, the trainer is asked for it, and what comes back
 * says whose it is: panels name that one. Pure. */
#ifndef HT_VIEW_LAYERS_H
#define HT_VIEW_LAYERS_H

#include "chart/chart.h"
#include "view/model.h"

/* How many there are; at least 1. */
int ht_layers_count(const ht_model *model);

/* The one after (1) or before (-1) a layer: all of them, then each by itself, round and round. */
int ht_layers_beside(const ht_model *model, int layer, int direction);

/* Do rows of this layer go as units of pruning? Not of attention, nor of what a residual adds. */
bool ht_layers_has_units(const ht_model *m, int layer);

/* "conv 2", "dense 3", "attention 1 qkv", "attention 1 out", "all 3 layers"; with more words "conv 2: 50
 * filters of 20×5×5". */
void ht_layers_name(const ht_model *model, int layer, char *to, size_t size);
void ht_layers_say(const ht_model *model, int layer, char *to, size_t size);

/* "neurons", "filters"; of layers of both kinds "units". Static storage. */
const char *ht_layers_units(const ht_model *model, int layer);
const char *ht_layers_of_units(const ht_model *model, int layer); /* "of the neurons" */

/* "Weights |w|, conv 2: 50 filters of 20×5×5", shorter where the chart, of so many sub-cells, has no room
 * for that as its title. Without a choice of layers `what` alone. */
void ht_layers_title(const ht_model *model, const char *what, int layer, int subcells, ht_chart *chart);

/* Whose weights histogram and norms are. */
int ht_layers_shown(const ht_model *model);
/* Does noise leave this layer alone (noise.first_conv), or not act at all? */
bool ht_layers_noisy(const ht_model *model, int layer);

/* What stands at a column of the title line's shape: a layer, HT_ALL_LAYERS at its ends; the one after the
 * picked one where the shape counts layers. */
int ht_layers_at(const ht_model *model, int column);

#endif
