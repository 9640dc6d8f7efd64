/* screen.h - a whole screen on a surface: title line, panels, key bar. The terminal and the PNG of the
 * dashboard share it. */
#ifndef HT_RENDER_SCREEN_H
#define HT_RENDER_SCREEN_H

#include "render/surface.h"
#include "view/chart.h"
#include "view/form.h"
#include "view/layout.h"
#include "view/model.h"

/* Scratch for one panel at a time; reused from frame to frame. Zero-initialize; ht_screen_free when done. */
typedef struct ht_screen {
    ht_chart chart;
    ht_form form;
    bool has_now; /* the screen drawn last had the panel with the numbers of the moment */
} ht_screen;

void ht_screen_free(ht_screen *screen);

void ht_screen_draw(ht_screen *screen, ht_surface *surface, const ht_model *model, const ht_layout *layout);

/* Fills the scratch chart (or form) of a panel as it is drawn in `area`; for turning a mouse position into a
 * value. */
const ht_chart *ht_screen_chart(ht_screen *screen, const ht_surface *surface, const ht_model *model,
                                ht_panel_id panel, ht_rect area);
const ht_form *ht_screen_form(ht_screen *screen, const ht_model *model, ht_panel_id panel, ht_rect area);

#endif
