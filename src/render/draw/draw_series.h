/* draw_series.h - the curves, bars, bands and points of a chart, inside the plot. */
#ifndef HT_RENDER_DRAW_DRAW_SERIES_H
#define HT_RENDER_DRAW_DRAW_SERIES_H

#include "render/draw/chart_layout.h"
#include "render/draw/ink_map.h"
#include "render/surface.h"

/* Draws one series and notes in `ink` where it went. Values that are not finite get a × at the top edge,
 * values beyond the y axis ▲ or ▼ at that edge. */
void ht_draw_series(ht_surface *s, const ht_chart_layout *layout, const ht_series *series, ht_ink_map *ink);

#endif
