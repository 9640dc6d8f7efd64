/* screen.h - a whole screen on a surface: title line, panels, key bar. The terminal and the PNG of the
 * dashboard share it. */
#ifndef HT_RENDER_SCREEN_H
#define HT_RENDER_SCREEN_H

#include <stdint.h>

#include "render/surface.h"
#include "view/bars.h"
#include "chart/chart.h"
#include "chart/form.h"
#include "chart/gallery.h"
#include "view/layout.h"
#include "view/model.h"

/* Scratch for one panel at a time; reused from frame to frame. Zero-initialize; ht_screen_free when done.
 * One screen draws on one surface. */
typedef struct ht_screen {
    ht_surface *surface; /* that was drawn on last */
    ht_chart chart;
    ht_form form;
    ht_gallery gallery;
    ht_layout layout;               /* of what stands on the surface, and hashes of it: */
    uint64_t drawn[HT_PANEL_COUNT]; /* panels that would be the same are not drawn again */
    bool has_now;                   /* the screen drawn last had the panel with the numbers of the moment */
    double shape_from, shape_to;    /* the network's shape in the title line: columns from .. to - 1 */
    int key_count;
    struct { /* the key bar as it was drawn last: columns from .. to - 1 press this key */
        double from, to;
        int key;
    } keys[HT_SPANS];
} ht_screen;

void ht_screen_free(ht_screen *screen);

void ht_screen_draw(ht_screen *screen, ht_surface *surface, const ht_model *model, const ht_layout *layout);

/* Which character of the network's shape in the title line stands at this column; -1: none. */
int ht_screen_shape_at(const ht_screen *screen, int column);

/* The key that a click on this column of the key bar presses; 0: none. */
int ht_screen_key_at(const ht_screen *screen, int column);

/* Fills the scratch chart (or form) of a panel as it is drawn in `area`; for turning a mouse position into a
 * value. */
const ht_chart *ht_screen_chart(ht_screen *screen, const ht_surface *surface, const ht_model *model,
                                ht_panel_id panel, ht_rect area);
const ht_form *ht_screen_form(ht_screen *screen, const ht_model *model, ht_panel_id panel, ht_rect area);

#endif
