/* draw_readout.h - the values at the chart's cursor: in a box in the plot, or, where the box would hide much
 * of a small plot, in place of the legend and of the words in the bottom border. Where neither holds all of
 * them, the one that holds more says how many it leaves out. */
#ifndef HT_RENDER_DRAW_DRAW_READOUT_H
#define HT_RENDER_DRAW_DRAW_READOUT_H

#include "base/wrap.h"
#include "render/draw/chart_layout.h"
#include "render/draw/ink_map.h"
#include "render/surface.h"

enum { HT_READOUT_ROWS = 8 };

typedef struct ht_readout {
    bool on;   /* the cursor stands in the plot */
    bool foot; /* the bottom border is taken */
    int count; /* lines of the box; 0: none */
    char line[HT_CHART_READOUT][HT_WRAP_LINE];
    int rows; /* outside the plot that are taken; 0: none */
    int kept; /* the first values, which stand in them */
    ht_rect row[HT_READOUT_ROWS];
} ht_readout;

/* Box or rows. `title_end` is the first column of the title line that is free. */
void ht_readout_plan(ht_readout *readout, ht_surface *s, const ht_chart_layout *layout, const ht_chart *chart,
                     ht_rect area, double title_end);

/* Where the box covers the least: beside the cursor, which stands in this column, or over it where the plot
 * is narrow (values are not cut), at the top or the bottom. w = 0 if there is none. */
ht_rect ht_readout_box(ht_surface *s, const ht_chart_layout *layout, const ht_readout *readout,
                       const ht_ink_map *ink, int column);
void ht_readout_draw_box(ht_surface *s, const ht_readout *readout, ht_rect box);

/* The rows, over what they take the place of. */
void ht_readout_draw_rows(ht_surface *s, const ht_readout *readout, const ht_chart *chart);

#endif
