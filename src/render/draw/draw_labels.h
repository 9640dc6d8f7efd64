/* draw_labels.h - words inside the plot: labels of marks, the cursor's read-out. They avoid the data and each
 * other. */
#ifndef HT_RENDER_DRAW_DRAW_LABELS_H
#define HT_RENDER_DRAW_DRAW_LABELS_H

#include "render/draw/chart_layout.h"
#include "render/draw/draw_readout.h"
#include "render/draw/ink_map.h"
#include "render/surface.h"

/* The lines of the marks. */
void ht_draw_marks(ht_surface *s, const ht_chart_layout *layout, const ht_chart *chart);

/* The cursor's line, its box, the names of guides among the first `unnamed`
 * series, which the legend has left out, and the labels of the marks; a label that has no free place is left
 * out. */
void ht_draw_labels(ht_surface *s, const ht_chart_layout *layout, const ht_chart *chart, int unnamed,
                    const ht_ink_map *ink, const ht_readout *readout);

#endif
