/* view_place.c - where the panels of each view go: pure functions from a rectangle to rectangles. */
#include "view/panel.h"
#include "view/view.h"

/* Part i of `length` cut into n parts that differ by at most one. */
static int cut(int length, int i, int n)
{
    return length * i / n;
}

/* Panels row by row; a last row with fewer of them makes each wider. */
static void put_grid(ht_layout *layout, ht_rect area, const ht_panel_id *panels, int count, int columns)
{
    int rows = (count + columns - 1) / columns;
    for (int i = 0; i < count; i++) {
        int r = i / columns, in_row = r < rows - 1 ? columns : count - r * columns, c = i % columns;
        int x0 = cut(area.w, c, in_row), x1 = cut(area.w, c + 1, in_row);
        int y0 = cut(area.h, r, rows), y1 = cut(area.h, r + 1, rows);
        ht_layout_put(layout, panels[i], (ht_rect){area.x + x0, area.y + y0, x1 - x0, y1 - y0});
    }
}

static bool is_shown(const ht_scene *scene, ht_panel_id panel)
{
    return !(scene->hidden >> panel & 1);
}

/* ---- dashboard --------------------------------------------------------------------------------- */

enum { CHARTS = 6 };

/* Those of the six charts that are shown, in this order. */
static int shown_charts(const ht_scene *scene, const ht_panel_id order[CHARTS], ht_panel_id shown[CHARTS])
{
    int count = 0;
    for (int i = 0; i < CHARTS; i++)
        if (is_shown(scene, order[i])) shown[count++] = order[i];
    return count;
}

/* Charts beside a column of controls and read-outs. */
static void large_dashboard(ht_layout *layout, ht_rect area, const ht_scene *scene, int columns)
{
    static const ht_panel_id two[] = {HT_PANEL_LOSS,  HT_PANEL_WEIGHTS, HT_PANEL_ACCURACY,
                                      HT_PANEL_NORMS, HT_PANEL_TAIL,    HT_PANEL_PRUNING};
    static const ht_panel_id three[] = {HT_PANEL_LOSS,    HT_PANEL_ACCURACY, HT_PANEL_TAIL,
                                        HT_PANEL_WEIGHTS, HT_PANEL_NORMS,    HT_PANEL_PRUNING};
    enum { SIDE = 30, WIDE_SIDE = 40, WIDE_FROM = 180, CONTROLS = 12 }; /* a slider has two rows */
    ht_panel_id charts[CHARTS];
    bool controls = is_shown(scene, HT_PANEL_CONTROLS), now = is_shown(scene, HT_PANEL_NOW);
    int count = shown_charts(scene, columns == 3 ? three : two, charts);
    int w = !controls && !now ? 0 : count == 0 ? area.w : area.w >= WIDE_FROM ? WIDE_SIDE : SIDE;
    ht_rect side = {area.x + area.w - w, area.y, w, area.h};
    if (count < columns) columns = count;
    if (count == 4) columns = 2;
    if (count > 0) put_grid(layout, (ht_rect){area.x, area.y, area.w - w, area.h}, charts, count, columns);
    int h = !controls ? 0 : now ? CONTROLS : side.h;
    ht_layout_put(layout, HT_PANEL_CONTROLS, (ht_rect){side.x, side.y, side.w, h});
    if (now) ht_layout_put(layout, HT_PANEL_NOW, (ht_rect){side.x, side.y + h, side.w, side.h - h});
}

/* What is useful at 80 × 24 already: loss and tails, controls and pruning. A hidden chart makes room for the
 * next one. */
static void small_dashboard(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    static const ht_panel_id order[] = {HT_PANEL_LOSS,     HT_PANEL_TAIL,    HT_PANEL_PRUNING,
                                        HT_PANEL_ACCURACY, HT_PANEL_WEIGHTS, HT_PANEL_NORMS};
    ht_panel_id charts[CHARTS];
    int count = shown_charts(scene, order, charts);
    ht_panel_id side = is_shown(scene, HT_PANEL_CONTROLS) ? HT_PANEL_CONTROLS : HT_PANEL_NOW;
    if (!is_shown(scene, side)) {
        put_grid(layout, area, charts, count < 4 ? count : 4, count < 2 ? 1 : 2);
        return;
    }
    int top = count < 2 ? 0 : cut(area.h, 1, 2), left = count == 2 || count == 0 ? area.w : area.w * 2 / 5;
    put_grid(layout, (ht_rect){area.x, area.y, area.w, top}, charts, count < 2 ? 0 : 2, 2);
    ht_layout_put(layout, side, (ht_rect){area.x, area.y + top, left, area.h - top});
    if (count != 0 && count != 2)
        ht_layout_put(layout, charts[count < 2 ? 0 : 2],
                      (ht_rect){area.x + left, area.y + top, area.w - left, area.h - top});
}

/* For a projector: the chosen chart large, its counterpart under it where there is room, three numbers. */
static void presentation(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum { NUMBERS = 28, WIDE_NUMBERS = 44, WIDE_FROM = 110, TWO_FROM = 34 };
    bool chart = scene->focus < HT_PANEL_COUNT && ht_panel_at(scene->focus)->kind == HT_PANEL_IS_CHART &&
                 ht_panel_at(scene->focus)->home == HT_VIEW_DASHBOARD;
    ht_panel_id first = chart ? scene->focus : HT_PANEL_LOSS;
    ht_panel_id both[] = {first, first == HT_PANEL_PRUNING ? HT_PANEL_TAIL : HT_PANEL_PRUNING};
    int w = area.w >= WIDE_FROM ? WIDE_NUMBERS : NUMBERS;
    put_grid(layout, (ht_rect){area.x, area.y, area.w - w, area.h}, both, area.h >= TWO_FROM ? 2 : 1, 1);
    ht_layout_put(layout, HT_PANEL_NOW, (ht_rect){area.x + area.w - w, area.y, w, area.h});
}

void ht_place_dashboard(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    if (scene->present)
        presentation(layout, area, scene);
    else if (area.w >= 160 && area.h >= 28)
        large_dashboard(layout, area, scene, 3);
    else if (area.w >= 100 && area.h >= 29)
        large_dashboard(layout, area, scene, 2);
    else
        small_dashboard(layout, area, scene);
}

/* ---- the other views --------------------------------------------------------------------------- */

void ht_place_beside(ht_layout *layout, ht_rect area, ht_panel_id chart, ht_panel_id readout)
{
    int side = area.w >= 110 ? 42 : area.w >= 100 ? 38 : area.w >= 76 ? 30 : 26;
    ht_layout_put(layout, chart, (ht_rect){area.x, area.y, area.w - side, area.h});
    ht_layout_put(layout, readout, (ht_rect){area.x + area.w - side, area.y, side, area.h});
}

void ht_place_zoom(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    ht_layout_put(layout, scene->focus, area);
}

/* The chart, under it the strip with the same x axis, under that the strongest neurons, as there is room. */
void ht_place_pruning(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum { STRIP_FROM = 19, NEURONS_FROM = 30, LARGE_FROM = 52, STRIP = 6, NEURONS = 10, LARGE = 17 };
    (void)scene;
    int side = area.w >= 160 ? 46 : area.w >= 100 ? 38 : area.w >= 76 ? 30 : 26, w = area.w - side;
    int neurons = area.h >= LARGE_FROM ? LARGE : area.h >= NEURONS_FROM ? NEURONS : 0;
    int strip = area.h < STRIP_FROM ? 0 : area.h < NEURONS_FROM ? STRIP : cut(area.h, 1, 5);
    int chart = area.h - strip - neurons;
    ht_layout_put(layout, HT_PANEL_PRUNING, (ht_rect){area.x, area.y, w, chart});
    ht_layout_put(layout, HT_PANEL_STRIP, (ht_rect){area.x, area.y + chart, w, strip});
    ht_layout_put(layout, HT_PANEL_NEURONS, (ht_rect){area.x, area.y + chart + strip, w, neurons});
    ht_layout_put(layout, HT_PANEL_PRUNING_READOUT, (ht_rect){area.x + w, area.y, side, area.h});
}

/* All charts where there is room; else four panels, where the chosen one takes the place of its partner; else
 * the chosen one and the table, or the table alone. */
void ht_place_tail(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum {
        CHARTS_HERE = 5,
        ALL_WIDTH = 150,
        ALL_HEIGHT = 40,
        FOUR_WIDTH = 100,
        FOUR_HEIGHT = 28,
        TABLE = 64
    };
    static const ht_panel_id charts[] = {HT_PANEL_TAIL_WEIGHTS, HT_PANEL_TAIL_NORMS, HT_PANEL_TAIL_HILL,
                                         HT_PANEL_TAIL_SPECTRUM, HT_PANEL_TAIL_HISTORY};
    ht_panel_id focus = scene->focus, chosen = charts[0];
    int side = TABLE;
    if (area.w >= ALL_WIDTH && area.h >= ALL_HEIGHT) {
        put_grid(layout, (ht_rect){area.x, area.y, area.w - side, area.h}, charts, CHARTS_HERE, 2);
    } else if (area.w >= FOUR_WIDTH && area.h >= FOUR_HEIGHT) {
        const ht_panel_id four[] = {focus == HT_PANEL_TAIL_NORMS ? focus : HT_PANEL_TAIL_WEIGHTS,
                                    focus == HT_PANEL_TAIL_SPECTRUM ? focus : HT_PANEL_TAIL_HILL,
                                    HT_PANEL_TAIL_HISTORY, HT_PANEL_TAIL_TABLE};
        put_grid(layout, area, four, 4, 2);
        return;
    } else {
        for (int i = 0; i < CHARTS_HERE; i++)
            if (charts[i] == focus) chosen = focus;
        side = focus == HT_PANEL_TAIL_TABLE ? area.w : area.w * 9 / 20;
        ht_layout_put(layout, chosen, (ht_rect){area.x, area.y, area.w - side, area.h});
    }
    ht_layout_put(layout, HT_PANEL_TAIL_TABLE, (ht_rect){area.x + area.w - side, area.y, side, area.h});
}

void ht_place_compare(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    (void)scene;
    ht_place_beside(layout, area, HT_PANEL_COMPARE, HT_PANEL_COMPARE_TABLE);
}

/* Four charts, or two of them, where the chosen one takes the place of its partner. */
void ht_place_method(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    ht_panel_id focus = scene->focus;
    static const ht_panel_id four[] = {HT_PANEL_EPOCHS, HT_PANEL_EPOCHS_LOSS, HT_PANEL_SIZE, HT_PANEL_REGIME};
    const ht_panel_id two[] = {focus == HT_PANEL_SIZE ? focus : HT_PANEL_EPOCHS,
                               focus == HT_PANEL_REGIME ? focus : HT_PANEL_EPOCHS_LOSS};
    bool large = area.w >= 110 && area.h >= 24;
    int side = large ? 30 : 26;
    put_grid(layout, (ht_rect){area.x, area.y, area.w - side, area.h}, large ? four : two, large ? 4 : 2,
             large ? 2 : 1);
    ht_layout_put(layout, HT_PANEL_METHOD, (ht_rect){area.x + area.w - side, area.y, side, area.h});
}

/* κ above, accuracy and α̂ below it; at the side the controls, if there is room, and the width sweep's
 * progress. */
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
