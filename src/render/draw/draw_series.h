/* draw_series.h - the curves, bars, bands and points of a chart, inside the plot. */
#ifndef HT_RENDER_DRAW_DRAW_SERIES_H
#define HT_RENDER_DRAW_DRAW_SERIES_H

#include "render/draw/chart_layout.h"
#include "render/draw/ink_map.h"
#include "render/surface.h"

/* Draws one series and notes in `ink` where it went. */
void ht_draw_series(ht_surface *s, const ht_chart_layout *layout, const ht_series *series, ht_ink_map *ink);

/* Marks what the plot cannot show, after all series are drawn: × at the top edge for what is not finite, ▲ or
 * ▼ at that edge for what lies beyond the y axis. */
void ht_draw_edges(ht_surface *s, const ht_chart_layout *layout, const ht_series *series, ht_ink_map *ink);

#endif
