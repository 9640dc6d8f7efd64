/* layout.h - from the size of the screen to rectangles. A pure function: no overlap, everything inside, at
 * any size. */
#ifndef HT_VIEW_LAYOUT_H
#define HT_VIEW_LAYOUT_H

#include "view/model.h"
#include "chart/rect.h"

enum { HT_LEAST_COLUMNS = 60, HT_LEAST_ROWS = 16 };

typedef struct ht_layout {
    bool too_small;      /* nothing else is valid then */
    ht_rect title, keys; /* one line each: top and bottom */
    ht_rect message;     /* above the keys: rows for it alone, or none */
    int count;
    struct {
        ht_panel_id panel;
        ht_rect area;
    } place[HT_PANEL_COUNT];
} ht_layout;

/* What of the model decides where panels go. */
typedef struct ht_scene {
    ht_view view;
    ht_panel_id focus; /* the panel shown alone in HT_VIEW_ZOOM, and large in a presentation */
    bool present;
    unsigned hidden; /* bit 1 << panel: left out of the dashboard */
    int turn;        /* dashboard: which of the charts are shown where there is no room for all */
    bool timeline;   /* the bar of states to go back to is open */
    bool lesson;     /* a lesson's page is open */
    bool watched;    /* the training is another program's: */
    bool metrics;    /* … with metrics that have no chart of their own */
    bool text;       /* samples are text: the dashboard shows what the network writes */
    int message;     /* rows of the message, kept free above the key bar */
} ht_scene;

/* Do the dashboard's charts take turns: are some of those not hidden left out? */
bool ht_layout_turns(const ht_layout *layout, const ht_scene *scene);

/* For the views' own functions (view.h): places a panel; nothing if the area is empty. */
void ht_layout_put(ht_layout *layout, ht_panel_id panel, ht_rect area);

/* The panel at a cell, or -1. */
int ht_layout_hit(const ht_layout *layout, int column, int row);

/* Index of a panel in `place`, or -1 when it is not shown. */
int ht_layout_find(const ht_layout *layout, ht_panel_id panel);

#endif
