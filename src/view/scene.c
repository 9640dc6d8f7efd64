#include "view/scene.h"

#include "view/bars.h"
#include "view/panel.h"
#include "view/view.h"
#include "view/watched/watched.h"

/* Rows of the timeline, under any view; of a lesson, in the same place: one of the two. */
enum { BAR = 6, BAR_TALL = 8, TALL = 34, PAGE = 10, PAGE_TALL = 12, PAGE_FROM = 20 };

ht_scene ht_scene_of(const ht_model *m, int columns)
{
    return (ht_scene){.view = m->view,
                      .focus = m->focus,
                      .present = m->present,
                      .hidden = m->hidden | ht_watched_idle(m),
                      .watched = m->watched != NULL,
                      .metrics = ht_watched_has_metrics(m),
                      .turn = m->turn,
                      .timeline = m->timeline,
                      .lesson = m->lesson.open && !m->timeline,
                      .text = m->language.tokens > 0,
                      .message = ht_bars_message_rows(m, columns)};
}

/* Beside a lesson's page on a small screen: the chart that the page is about, alone. */
static bool room_for_one(const ht_scene *scene, ht_rect area)
{
    enum { SEVERAL_FROM = 16 };
    return scene->lesson && area.h < SEVERAL_FROM && scene->view == HT_VIEW_DASHBOARD && !scene->present &&
           scene->focus < HT_PANEL_COUNT && ht_panel_at(scene->focus)->home == HT_VIEW_DASHBOARD;
}

ht_layout ht_layout_make(int columns, int rows, ht_scene scene)
{
    ht_layout layout = {.too_small = columns < HT_LEAST_COLUMNS || rows < HT_LEAST_ROWS};
    if (layout.too_small) return layout;
    layout.title = (ht_rect){0, 0, columns, 1};
    layout.keys = (ht_rect){0, rows - 1, columns, 1};
    layout.message = (ht_rect){0, rows - 1 - scene.message, columns, scene.message};
    ht_rect area = {0, 1, columns, rows - 2 - scene.message};
    int bar = !scene.timeline ? 0 : area.h >= TALL ? BAR_TALL : BAR;
    if (scene.lesson) bar = area.h >= TALL ? PAGE_TALL : area.h >= PAGE_FROM ? PAGE : BAR;
    area.h -= bar;
    if (room_for_one(&scene, area))
        ht_place_zoom(&layout, area, &scene);
    else
        ht_view_at(scene.view)->place(&layout, area, &scene);
    ht_layout_put(&layout, scene.lesson ? HT_PANEL_LESSON : HT_PANEL_TIMELINE,
                  (ht_rect){area.x, area.y + area.h, area.w, bar});
    return layout;
}
