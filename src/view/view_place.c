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
    if (panel == HT_PANEL_METRICS) return scene->metrics;
    return !(scene->hidden >> panel & 1);
}

/* The numbers of the moment: of a training of another program, what is known of it. */
static ht_panel_id numbers_of(const ht_scene *scene)
{
    return scene->watched ? HT_PANEL_WATCHED : HT_PANEL_NOW;
}

/* ---- dashboard --------------------------------------------------------------------------------- */

enum {
    ORDER = 9,
    CHARTS = ORDER + 1, /* with the text */
    GRID_CHARTS = 6,
    SIDE_CHART = 10,
    SIDE_LEAST = 46
}; /* the last two stand in the right column where it is high enough */

/* The charts in their order; of text what the network writes is the one at `place`, and the accuracy, which
 * says less then, comes late. Returns how many there are. */
static int with_text(const ht_scene *scene, const ht_panel_id order[ORDER], int place, ht_panel_id to[CHARTS])
{
    int count = 0;
    for (int i = 0; i < ORDER; i++) {
        if (scene->text && i == place) to[count++] = HT_PANEL_TEXT;
        if (scene->text && order[i] == HT_PANEL_ACCURACY) continue;
        if (scene->text && order[i] == HT_PANEL_HEAT) to[count++] = HT_PANEL_ACCURACY;
        to[count++] = order[i];
    }
    return count;
}

/* Those of the charts that are shown, in this order. */
static int shown_charts(const ht_scene *scene, const ht_panel_id *order, int charts, ht_panel_id *shown)
{
    int count = 0;
    for (int i = 0; i < charts; i++)
        if (is_shown(scene, order[i])) shown[count++] = order[i];
    return count;
}

/* The chart that a lesson's page is about has a place in every turn, the last one. */
static void keep_framed(const ht_scene *scene, ht_panel_id *charts, int count, int places)
{
    for (int i = places; scene->lesson && i < count; i++)
        if (charts[i] == scene->focus) {
            charts[i] = charts[places - 1];
            charts[places - 1] = scene->focus;
        }
}

/* Where there is no room for all charts they take turns: those of this turn come first. Returns how many of
 * them have a place. */
static int take_turns(const ht_scene *scene, ht_panel_id *charts, int count, int places)
{
    ht_panel_id all[CHARTS];
    if (count <= places) return count;
    int turns = (count + places - 1) / places, first = scene->turn % turns * places;
    for (int i = 0; i < count; i++) all[i] = charts[(first + i) % count];
    for (int i = 0; i < count; i++) charts[i] = all[i];
    keep_framed(scene, charts, count, places);
    return places;
}

bool ht_layout_turns(const ht_layout *layout, const ht_scene *scene)
{
    if (scene->view != HT_VIEW_DASHBOARD || scene->present) return false;
    for (int i = 0; i < HT_PANEL_COUNT; i++) {
        const ht_panel *panel = ht_panel_at((ht_panel_id)i);
        bool chart = panel->home == HT_VIEW_DASHBOARD && panel->kind == HT_PANEL_IS_CHART;
        if (chart && is_shown(scene, (ht_panel_id)i) && ht_layout_find(layout, (ht_panel_id)i) < 0)
            return true;
    }
    return false;
}

/* The right column: controls, the numbers of the moment, and under them as many charts as there is room for.
 */
static void place_side(ht_layout *layout, ht_rect side, const ht_scene *scene, const ht_panel_id *charts,
                       int count)
{
    enum { CONTROLS = 12 }; /* a slider has two rows */
    bool controls = is_shown(scene, HT_PANEL_CONTROLS), now = is_shown(scene, HT_PANEL_NOW);
    int below = count * (SIDE_CHART + (side.h > SIDE_LEAST ? (side.h - SIDE_LEAST) / 3 : 0)),
        top = side.h - below,
        h = !controls ? 0
            : now     ? CONTROLS
                      : top;
    if (!controls && !now) top = 0, below = side.h;
    ht_layout_put(layout, HT_PANEL_CONTROLS, (ht_rect){side.x, side.y, side.w, h});
    if (now) ht_layout_put(layout, numbers_of(scene), (ht_rect){side.x, side.y + h, side.w, top - h});
    if (count > 0) put_grid(layout, (ht_rect){side.x, side.y + top, side.w, below}, charts, count, 1);
}

/* Charts beside a column of controls and read-outs. */
static void large_dashboard(ht_layout *layout, ht_rect area, const ht_scene *scene, int columns)
{
    static const ht_panel_id two[ORDER] = {HT_PANEL_LOSS,  HT_PANEL_WEIGHTS, HT_PANEL_ACCURACY,
                                           HT_PANEL_NORMS, HT_PANEL_TAIL,    HT_PANEL_PRUNING,
                                           HT_PANEL_KAPPA, HT_PANEL_HEAT,    HT_PANEL_METRICS};
    static const ht_panel_id three[ORDER] = {HT_PANEL_LOSS,    HT_PANEL_ACCURACY, HT_PANEL_TAIL,
                                             HT_PANEL_WEIGHTS, HT_PANEL_NORMS,    HT_PANEL_PRUNING,
                                             HT_PANEL_KAPPA,   HT_PANEL_HEAT,     HT_PANEL_METRICS};
    static const ht_panel_id watched[ORDER] = {HT_PANEL_LOSS,    HT_PANEL_ACCURACY, HT_PANEL_TAIL,
                                               HT_PANEL_WEIGHTS, HT_PANEL_NORMS,    HT_PANEL_METRICS,
                                               HT_PANEL_KAPPA,   HT_PANEL_HEAT,     HT_PANEL_PRUNING};
    enum { SIDE = 30, WIDE_SIDE = 40, WIDE_FROM = 180, HIGH_FROM = 44, BESIDE = ORDER - GRID_CHARTS };
    int most =
        scene->watched ? BESIDE : BESIDE - 1; /* beside; the last of all is for other programs' metrics */
    ht_panel_id order[CHARTS], charts[CHARTS], beside[BESIDE];
    int all = with_text(scene,
                        columns < 3      ? two
                        : scene->watched ? watched
                                         : three,
                        columns < 3 ? 2 : 1, order);
    bool words = is_shown(scene, HT_PANEL_CONTROLS) || is_shown(scene, HT_PANEL_NOW);
    bool side_charts = words && columns == 3 && area.h >= HIGH_FROM;
    int count = shown_charts(scene, order, side_charts ? GRID_CHARTS : all, charts);
    int side_count = side_charts ? shown_charts(scene, order + GRID_CHARTS, most, beside) : 0;
    int rest = GRID_CHARTS + most;
    if (side_charts) count += shown_charts(scene, order + rest, all - rest, charts + count);
    count = take_turns(scene, charts, count, GRID_CHARTS);
    int w = !words ? 0 : count == 0 ? area.w : area.w >= WIDE_FROM ? WIDE_SIDE : SIDE;
    if (count < columns) columns = count;
    if (count == 4) columns = 2;
    if (count > 0) put_grid(layout, (ht_rect){area.x, area.y, area.w - w, area.h}, charts, count, columns);
    if (w > 0)
        place_side(layout, (ht_rect){area.x + area.w - w, area.y, w, area.h}, scene, beside, side_count);
}

/* What is useful at 80 × 24 already: loss and tails, controls and pruning; then the others by turns. A hidden
 * chart makes room for the next one. */
static void small_dashboard(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    static const ht_panel_id usual[ORDER] = {HT_PANEL_LOSS,  HT_PANEL_TAIL,     HT_PANEL_PRUNING,
                                             HT_PANEL_KAPPA, HT_PANEL_ACCURACY, HT_PANEL_WEIGHTS,
                                             HT_PANEL_NORMS, HT_PANEL_HEAT,     HT_PANEL_METRICS};
    enum { PLACES = 3 };
    ht_panel_id order[CHARTS], charts[CHARTS];
    int count = shown_charts(scene, order, with_text(scene, usual, 1, order), charts);
    bool controls = is_shown(scene, HT_PANEL_CONTROLS), words = controls || is_shown(scene, HT_PANEL_NOW);
    ht_panel_id side = controls ? HT_PANEL_CONTROLS : numbers_of(scene);
    count = take_turns(scene, charts, count, words ? PLACES : PLACES + 1);
    if (!words) {
        put_grid(layout, area, charts, count, count < 2 ? 1 : 2);
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
    ht_panel_id other = scene->watched ? HT_PANEL_KAPPA : HT_PANEL_PRUNING;
    ht_panel_id both[] = {first, first == other ? HT_PANEL_TAIL : other};
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

static void place_beside(ht_layout *layout, ht_rect area, ht_panel_id chart, ht_panel_id readout)
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
    if (scene->watched) { /* norms and pictures of its units are not kept */
        place_beside(layout, area, HT_PANEL_PRUNING, HT_PANEL_PRUNING_READOUT);
        return;
    }
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

/* Three charts over the table, or beside it; on a small screen the chosen chart, or the table alone. */
void ht_place_layers(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum { CHARTS_HERE = 3, WIDE = 150, TABLE = 72, HIGH = 30 };
    static const ht_panel_id charts[] = {HT_PANEL_LAYER_TAILS, HT_PANEL_LAYER_KAPPAS, HT_PANEL_LAYER_NORMS};
    ht_panel_id chosen = charts[0];
    for (int i = 0; i < CHARTS_HERE; i++)
        if (charts[i] == scene->focus) chosen = charts[i];
    if (area.w >= WIDE && area.h >= HIGH) {
        put_grid(layout, (ht_rect){area.x, area.y, area.w - TABLE, area.h}, charts, CHARTS_HERE, 1);
        ht_layout_put(layout, HT_PANEL_LAYERS, (ht_rect){area.x + area.w - TABLE, area.y, TABLE, area.h});
        return;
    }
    int top = cut(area.h, 1, 2);
    put_grid(layout, (ht_rect){area.x, area.y, area.w, top}, area.w >= 100 ? charts : &chosen,
             area.w >= 100 ? CHARTS_HERE : 1, CHARTS_HERE);
    ht_layout_put(layout, HT_PANEL_LAYERS, (ht_rect){area.x, area.y + top, area.w, area.h - top});
}

/* What each needs above the curves; where there is no room for both, the one of them that was chosen. */
void ht_place_compare(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum { DOTS = 14, WIDE_DOTS = 24, BOTH_FROM = 28, WIDE_FROM = 44 };
    ht_panel_id upper = scene->focus == HT_PANEL_COMPARE ? HT_PANEL_COMPARE : HT_PANEL_COMPARE_DOTS;
    place_beside(layout, area, upper, HT_PANEL_COMPARE_TABLE);
    if (area.h < BOTH_FROM || layout->count == 0) return;
    ht_rect left = layout->place[0].area;
    int h = area.h < WIDE_FROM ? DOTS : WIDE_DOTS;
    layout->place[0].panel = HT_PANEL_COMPARE_DOTS;
    layout->place[0].area.h = h;
    ht_layout_put(layout, HT_PANEL_COMPARE, (ht_rect){left.x, left.y + h, left.w, left.h - h});
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

/* The list over the table; beside them, where there is room, charts that show what a tick does. */
void ht_place_runs(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum { WIDE_FROM = 116, WORDS = 78, HIGH_FROM = 40 };
    static const ht_panel_id charts[] = {HT_PANEL_LOSS, HT_PANEL_ACCURACY, HT_PANEL_KAPPA, HT_PANEL_NORMS};
    int w = area.w < WIDE_FROM ? area.w : area.w / 2 > WORDS ? area.w / 2 : area.w * 3 / 5;
    int list = cut(area.h, 2, 5);
    (void)scene;
    ht_layout_put(layout, HT_PANEL_RUNS, (ht_rect){area.x, area.y, w, list});
    ht_layout_put(layout, HT_PANEL_RUNS_TABLE, (ht_rect){area.x, area.y + list, w, area.h - list});
    if (w < area.w)
        put_grid(layout, (ht_rect){area.x + w, area.y, area.w - w, area.h}, charts,
                 area.h >= HIGH_FROM ? 4 : 2, 1);
}

/* A name and its value must not lie so far apart that the eye loses its way. */
void ht_place_settings(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum { MOST = 132 };
    (void)scene;
    int beside = area.w > MOST ? area.w - MOST : 0;
    place_beside(layout, (ht_rect){area.x + beside / 2, area.y, area.w - beside, area.h}, HT_PANEL_SETTINGS,
                 HT_PANEL_SETTING);
}

/* Lines longer than about a hundred characters are hard to read. */
void ht_place_help(ht_layout *layout, ht_rect area, const ht_scene *scene)
{
    enum { MOST = 104 };
    (void)scene;
    int beside = area.w > MOST ? area.w - MOST : 0;
    ht_layout_put(layout, HT_PANEL_HELP, (ht_rect){area.x + beside / 2, area.y, area.w - beside, area.h});
}
