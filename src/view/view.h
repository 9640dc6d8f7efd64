/* view.h - THE table of views: what fills the screen between the title line and the key bar. A new view is a
 * row here, a value of ht_view (model.h), a row of the keymap, and its panels (panel.h). What its keys and
 * the mouse do beyond what they do everywhere stands in lab/lab_views.c. */
#ifndef HT_VIEW_VIEW_H
#define HT_VIEW_VIEW_H

#include "view/keymap.h"
#include "view/layout.h"
#include "view/model.h"

/* The page of its pictures: columns and rows, and the default width of a cell in pixels. */
typedef struct ht_page {
    int columns, rows, cell;
} ht_page;

typedef struct ht_view_info {
    const char *
        name; /* as the key bar calls it, where its key is there; in file names and PNG metadata: "pruning" */
    ht_action action;  /* opens it, and leads back to the dashboard; HT_DO_NOTHING: opened in another way */
    ht_panel_id panel; /* what it is about: zooming that panel opens this view; HT_PANEL_COUNT: none */
    bool arrows;       /* ↑ ↓ ← → and = are its own, not the controls' */
    ht_page page;
    void (*place)(ht_layout *layout, ht_rect area, const ht_scene *scene); /* where its panels go */
} ht_view_info;

const ht_view_info *ht_view_at(ht_view view); /* static storage */

/* The view that an action opens; false if it opens none. */
bool ht_view_find(ht_action action, ht_view *view);

/* The view that shows this panel large: its own, else HT_VIEW_ZOOM. */
ht_view ht_view_of(ht_panel_id panel);

/* view_place.c */
void ht_place_dashboard(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_zoom(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_pruning(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_tail(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_width(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_compare(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_method(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_runs(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_layers(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_settings(ht_layout *layout, ht_rect area, const ht_scene *scene);
void ht_place_help(ht_layout *layout, ht_rect area, const ht_scene *scene);

#endif
