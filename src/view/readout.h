/* readout.h - the chart cursor: a line in every chart that shares its axis, and in its own chart a box with
 * the exact values under it. */
#ifndef HT_VIEW_READOUT_H
#define HT_VIEW_READOUT_H

#include "chart/chart.h"
#include "view/model.h"

/* Puts the model's cursor into the chart of a panel, if it belongs there. */
void ht_readout_put(const ht_model *model, ht_panel_id panel, ht_chart *chart);

#endif
