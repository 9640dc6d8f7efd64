/* chart_layout.h - where the parts of a chart go in a panel. Pure: from sizes and texts to rectangles. */
#ifndef HT_RENDER_DRAW_CHART_LAYOUT_H
#define HT_RENDER_DRAW_CHART_LAYOUT_H

#include <stdbool.h>

#include "chart/chart.h"
#include "chart/rect.h"

typedef struct ht_chart_layout {
    bool axes;             /* false: too small for them, legend values only */
    bool empty;            /* no series has a finite point, and the chart has words for that */
    bool legend_in_title;  /* what does not fit there goes on in `legend` */
    bool x_labels;         /* there is a row for tick labels */
    bool y_label_in_title; /* the y axis' label follows the title */
    bool note_in_foot;     /* the note is in the bottom border, left of the x axis' label */
    int note_row;          /* else its row; -1: none */
    ht_rect inner, legend, plot;
    ht_axis x, y; /* made drawable */
    int x_count, y_count;
    ht_tick x_ticks[HT_TICK_MAX], y_ticks[HT_TICK_MAX];
} ht_chart_layout;

void ht_chart_layout_make(ht_chart_layout *layout, ht_rect area, const ht_chart *chart);

/* Columns of the legend's sample, and between two entries. */
enum { HT_LEGEND_SAMPLE = 2, HT_LEGEND_HEAT = HT_HEAT_LEVELS, HT_LEGEND_GAP = 3 };
int ht_legend_sample(const ht_series *series);

/* Data to surface coordinates. Values beyond the axis lie beyond the plot; NaN gives NaN. What a log axis
 * cannot show (zero, negative) lies far below. */
double ht_plot_x(const ht_chart_layout *layout, double value);
double ht_plot_y(const ht_chart_layout *layout, double value);

#endif
