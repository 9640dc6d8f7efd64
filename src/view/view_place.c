/* view_place.c - where the panels of each view go: pure functions from a rectangle to rectangles. */
#include "view/view.h"

/* Part i of `length` cut into n parts that differ by at most one. */
static int cut(int length, int i, int n)
{
    return length * i / n;
}

static void put_grid(ht_layout *layout, ht_rect area, const ht_panel_id *panels, int columns, int rows)
{
    for (int i = 0; i < columns * rows; i++) {
        int c = i % columns, r = i / columns;
        int x0 = cut(area.w, c, columns), x1 = cut(area.w, c + 1, columns);
        int y0 = cut(area.h, r, rows), y1 = cut(area.h, r + 1, rows);
        ht_layout_put(layout, panels[i], (ht_rect){area.x + x0, area.y + y0, x1 - x0, y1 - y0});
    }
}

/* Six charts beside a column of controls and read-outs. */
static void large_dashboard(ht_layout *layout, ht_rect area, int chart_columns)
{
    static const ht_panel_id two[] = {HT_PANEL_LOSS,  HT_PANEL_WEIGHTS, HT_PANEL_ACCURACY,
                                      HT_PANEL_NORMS, HT_PANEL_TAIL,    HT_PANEL_PRUNING};
    static const ht_panel_id three[] = {HT_PANEL_LOSS,    HT_PANEL_ACCURACY, HT_PANEL_TAIL,
                                        HT_PANEL_WEIGHTS, HT_PANEL_NORMS,    HT_PANEL_PRUNING};
    enum { SIDE = 30, WIDE_SIDE = 40, WIDE_FROM = 180, CONTROLS = 12 }; /* a slider has two rows */
    int w = area.w >= WIDE_FROM ? WIDE_SIDE : SIDE;
    ht_rect charts = {area.x, area.y, area.w - w, area.h}, side = {area.x + area.w - w, area.y, w, area.h};
    put_grid(layout, charts, chart_columns == 3 ? three : two, chart_columns, 6 / chart_columns);
    ht_layout_put(layout, HT_PANEL_CONTROLS, (ht_rect){side.x, side.y, side.w, CONTROLS});
    ht_layout_put(layout, HT_PANEL_NOW, (ht_rect){side.x, side.y + CONTROLS, side.w, side.h - CONTROLS});
}

/* What already teaches at 80 × 24: loss and tails, controls and pruning. */
static void small_dashboard(ht_layout *layout, ht_rect area)
{
    int top = cut(area.h, 1, 2), left = area.w * 2 / 5, half = area.w / 2;
    ht_layout_put(layout, HT_PANEL_LOSS, (ht_rect){area.x, area.y, half, top});
    ht_layout_put(layout, HT_PANEL_TAIL, (ht_rect){area.x + half, area.y, area.w - half, top});
    ht_layout_put(layout, HT_PANEL_CONTROLS, (ht_rect){area.x, area.y + top, left, area.h - top});
    ht_layout_put(layout, HT_PANEL_PRUNING,
                  (ht_rect){area.x + left, area.y + top, area.w - left, area.h - top});
}

void ht_place_beside(ht_layout *layout, ht_rect area, ht_panel_id chart, ht_panel_id readout)
{
    int side = area.w >= 100 ? 38 : area.w >= 76 ? 30 : 26;
    ht_layout_put(layout, chart, (ht_rect){area.x, area.y, area.w - side, area.h});
    ht_layout_put(layout, readout, (ht_rect){area.x + area.w - side, area.y, side, area.h});
}

void ht_place_dashboard(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    (void)scene;
    if (area.w >= 160 && area.h >= 28)
        large_dashboard(layout, area, 3);
    else if (area.w >= 100 && area.h >= 30)
        large_dashboard(layout, area, 2);
    else
        small_dashboard(layout, area);
}

void ht_place_zoom(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    ht_layout_put(layout, scene->focus, area);
}

void ht_place_pruning(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    (void)scene;
    ht_place_beside(layout, area, HT_PANEL_PRUNING, HT_PANEL_PRUNING_READOUT);
}

/* κ above, accuracy and α̂ below it; at the side the controls, if there is room, and the ladder's progress. */
void ht_place_width(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum { SIDE = 30, NARROW_SIDE = 26, CONTROLS = 12 };
    (void)scene;
    bool large = area.w >= 100 && area.h >= 28;
    int side = large ? SIDE : NARROW_SIDE, w = area.w - side,
        top = cut(area.h, large ? 11 : 3, large ? 20 : 5);
    int half = large ? w / 2 : w, controls = large ? CONTROLS : 0;
    ht_layout_put(layout, HT_PANEL_WIDTH_RATIO, (ht_rect){area.x, area.y, w, top});
    ht_layout_put(layout, HT_PANEL_WIDTH_ACCURACY, (ht_rect){area.x, area.y + top, half, area.h - top});
    ht_layout_put(layout, HT_PANEL_WIDTH_TAIL,
                  (ht_rect){area.x + half, area.y + top, w - half, area.h - top});
    ht_layout_put(layout, HT_PANEL_CONTROLS, (ht_rect){area.x + w, area.y, side, controls});
    ht_layout_put(layout, HT_PANEL_WIDTH_READOUT,
                  (ht_rect){area.x + w, area.y + controls, side, area.h - controls});
}

/* Lines longer than about a hundred characters are hard to read. */
void ht_place_help(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum { MOST = 104 };
    (void)scene;
    int beside = area.w > MOST ? area.w - MOST : 0;
    ht_layout_put(layout, HT_PANEL_HELP, (ht_rect){area.x + beside / 2, area.y, area.w - beside, area.h});
}
