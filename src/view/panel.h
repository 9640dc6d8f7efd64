/* panel.h - what each panel is called, where it belongs, and what it tells a student; from panels.def. */
#ifndef HT_VIEW_PANEL_H
#define HT_VIEW_PANEL_H

#include "view/model.h"

typedef enum ht_panel_kind { HT_PANEL_IS_CHART, HT_PANEL_IS_FORM, HT_PANEL_IS_GALLERY } ht_panel_kind;

typedef struct ht_panel {
    const char *name; /* for --panel and help: "loss" */
    ht_view home;     /* the view it belongs to; Tab walks through that view's when one is zoomed */
    ht_panel_kind kind;
    const char *explain; /* what it shows, the formula, what to try; paragraphs separated by '\n' */
} ht_panel;

const ht_panel *ht_panel_at(ht_panel_id id); /* static storage */
/* By name, one of this view's; HT_VIEW_COUNT: of any view's. */
bool ht_panel_find(const char *name, ht_view home, ht_panel_id *id);
/* The panel of the same view after (direction 1) or before (-1) this one, in Tab order. */
ht_panel_id ht_panel_next(ht_panel_id id, int direction);
/* Is it made of rows that can be scrolled by [ ] and the wheel? Controls and settings are walked through by
 * ↑ ↓, help has its own. */
bool ht_panel_scrolls(ht_panel_id id);

#endif
