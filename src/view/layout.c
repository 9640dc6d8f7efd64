#include "view/layout.h"

static void put(ht_layout *layout, ht_panel_id panel, ht_rect area)
{
    if (area.w <= 0 || area.h <= 0) return;
    layout->place[layout->count].panel = panel;
    layout->place[layout->count++].area = area;
}

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
        put(layout, panels[i], (ht_rect){area.x + x0, area.y + y0, x1 - x0, y1 - y0});
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
    put(layout, HT_PANEL_CONTROLS, (ht_rect){side.x, side.y, side.w, CONTROLS});
    put(layout, HT_PANEL_NOW, (ht_rect){side.x, side.y + CONTROLS, side.w, side.h - CONTROLS});
}

/* What already teaches at 80 × 24: loss and tails, controls and pruning. */
static void small_dashboard(ht_layout *layout, ht_rect area)
{
    int top = cut(area.h, 1, 2), left = area.w * 2 / 5, half = area.w / 2;
    put(layout, HT_PANEL_LOSS, (ht_rect){area.x, area.y, half, top});
    put(layout, HT_PANEL_TAIL, (ht_rect){area.x + half, area.y, area.w - half, top});
    put(layout, HT_PANEL_CONTROLS, (ht_rect){area.x, area.y + top, left, area.h - top});
    put(layout, HT_PANEL_PRUNING, (ht_rect){area.x + left, area.y + top, area.w - left, area.h - top});
}

static void pruning_view(ht_layout *layout, ht_rect area)
{
    int side = area.w >= 100 ? 38 : area.w >= 76 ? 30 : 26;
    put(layout, HT_PANEL_PRUNING, (ht_rect){area.x, area.y, area.w - side, area.h});
    put(layout, HT_PANEL_PRUNING_READOUT, (ht_rect){area.x + area.w - side, area.y, side, area.h});
}

/* Lines longer than about a hundred characters are hard to read. */
static ht_rect readable(ht_rect area)
{
    enum { MOST = 104 };
    if (area.w <= MOST) return area;
    return (ht_rect){area.x + (area.w - MOST) / 2, area.y, MOST, area.h};
}

ht_layout ht_layout_make(int columns, int rows, ht_view view, ht_panel_id focus)
{
    ht_layout layout = {.too_small = columns < HT_LEAST_COLUMNS || rows < HT_LEAST_ROWS};
    if (layout.too_small) return layout;
    ht_rect area = {0, 1, columns, rows - 2};
    layout.title = (ht_rect){0, 0, columns, 1};
    layout.keys = (ht_rect){0, rows - 1, columns, 1};
    switch (view) {
    case HT_VIEW_ZOOM:
        put(&layout, focus, area);
        break;
    case HT_VIEW_PRUNING:
        pruning_view(&layout, area);
        break;
    case HT_VIEW_HELP:
        put(&layout, HT_PANEL_HELP, readable(area));
        break;
    case HT_VIEW_DASHBOARD:
        if (columns >= 160 && rows >= 30)
            large_dashboard(&layout, area, 3);
        else if (columns >= 100 && rows >= 32)
            large_dashboard(&layout, area, 2);
        else
            small_dashboard(&layout, area);
    }
    return layout;
}

int ht_layout_hit(const ht_layout *layout, int column, int row)
{
    for (int i = 0; i < layout->count; i++) {
        ht_rect r = layout->place[i].area;
        if (column >= r.x && column < r.x + r.w && row >= r.y && row < r.y + r.h)
            return layout->place[i].panel;
    }
    return -1;
}

int ht_layout_find(const ht_layout *layout, ht_panel_id panel)
{
    for (int i = 0; i < layout->count; i++)
        if (layout->place[i].panel == panel) return i;
    return -1;
}
