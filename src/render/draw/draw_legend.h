/* draw_legend.h - the legend of a chart: in its title line, and in rows of its own. */
#ifndef HT_RENDER_DRAW_DRAW_LEGEND_H
#define HT_RENDER_DRAW_DRAW_LEGEND_H

#include "render/draw/chart_layout.h"
#include "render/surface.h"

/* Asks which series' entry is at a cell. */
typedef struct ht_legend_probe {
    int column, row;
    int series; /* answer; unchanged when there is none */
} ht_legend_probe;

/* `title_end`: the column after the words in the title line. `probe` may be NULL. Returns how many of the
 * first series it has left out for want of room. */
int ht_legend_draw(ht_surface *s, const ht_chart_layout *layout, const ht_chart *chart, ht_rect area,
                   double title_end, ht_legend_probe *probe);

#endif
