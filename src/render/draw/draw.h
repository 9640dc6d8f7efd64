/* draw.h - draws the models of view/ on any surface. Pure: reads the model, writes the surface. */
#ifndef HT_RENDER_DRAW_DRAW_H
#define HT_RENDER_DRAW_DRAW_H

#include "render/surface.h"
#include "chart/chart.h"
#include "chart/form.h"
#include "chart/gallery.h"
#include "chart/rect.h"

/* Draws a panel: rounded frame, title (left) and hint (right) in the top border, content inside. `focus`
 * highlights the frame. A panel too small for axes shows what fits: the legend values first. */
void ht_draw_chart(ht_surface *surface, ht_rect area, const ht_chart *chart, int focus);
void ht_draw_form(ht_surface *surface, ht_rect area, const ht_form *form, int focus);
void ht_draw_gallery(ht_surface *surface, ht_rect area, const ht_gallery *gallery, int focus);

/* The plot area (without axes, legend and frame) that ht_draw_chart uses for this chart here: turns a mouse
 * position into a value and says how many columns a panel should decimate to. */
ht_rect ht_draw_plot_area(ht_rect area, const ht_chart *chart);

/* The series whose legend entry is at a cell, or -1. Draws nothing. */
int ht_draw_legend_hit(ht_surface *surface, ht_rect area, const ht_chart *chart, int column, int row);

/* Where form row `i` is drawn: its rectangle, and for sliders the rectangle of the track; w = 0 when it is
 * not shown. */
ht_rect ht_draw_row_area(ht_rect area, const ht_form *form, int i, ht_rect *track);

/* Is something left below the rows that the form shows in this area? */
bool ht_draw_has_more(ht_rect area, const ht_form *form);

#endif
