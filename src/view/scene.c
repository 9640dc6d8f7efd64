#include "view/scene.h"

#include "view/bars.h"
#include "view/view.h"

/* Rows of the timeline, under any view; of a lesson, in the same place: one of the two. */
enum { BAR = 6, BAR_TALL = 8, TALL = 34, PAGE = 10, PAGE_TALL = 12, PAGE_FROM = 20 };

/* A note passes with the next key: it may cover the lower border for that long. */
ht_scene ht_scene_of(const ht_model *m, int columns)
{
    return (ht_scene){.view = m->view,
                      .focus = m->focus,
                      .present = m->present,
                      .hidden = m->hidden,
                      .timeline = m->timeline,
                      .lesson = m->lesson.open && !m->timeline,
                      .message = m->message_is_note ? 0 : ht_bars_message_rows(m, columns)};
}

ht_layout ht_layout_make(int columns, int rows, ht_scene scene)
{
    ht_layout layout = {.too_small = columns < HT_LEAST_COLUMNS || rows < HT_LEAST_ROWS};
    if (layout.too_small) return layout;
    layout.title = (ht_rect){0, 0, columns, 1};
    layout.keys = (ht_rect){0, rows - 1, columns, 1};
    ht_rect area = {0, 1, columns, rows - 2 - scene.message};
    int bar = !scene.timeline ? 0 : area.h >= TALL ? BAR_TALL : BAR;
    if (scene.lesson) bar = area.h >= TALL ? PAGE_TALL : area.h >= PAGE_FROM ? PAGE : BAR;
    area.h -= bar;
    ht_view_at(scene.view)->place(&layout, area, &scene);
    ht_layout_put(&layout, scene.lesson ? HT_PANEL_LESSON : HT_PANEL_TIMELINE,
                  (ht_rect){area.x, area.y + area.h, area.w, bar});
    return layout;
}
