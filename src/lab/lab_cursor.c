/* lab_cursor.c - the read-out cursor of the charts. */
#include <math.h>

#include "lab/lab_handlers.h"
#include "render/draw/draw.h"
#include "view/panel.h"

const ht_chart *ht_lab_chart(ht_lab *lab, ht_panel_id panel, ht_rect *area, ht_rect *plot)
{
    int place = ht_layout_find(&lab->layout, panel);
    if (place < 0 || ht_panel_at(panel)->kind != HT_PANEL_IS_CHART) return NULL;
    *area = lab->layout.place[place].area;
    const ht_chart *chart =
        ht_screen_chart(&lab->screen, ht_cells_surface(lab->cells), lab->model, panel, *area);
    *plot = ht_draw_plot_area(*area, chart);
    return chart;
}

const ht_row *ht_lab_row(ht_lab *lab, ht_panel_id panel, int column, int row, ht_rect *track)
{
    int place = ht_layout_find(&lab->layout, panel);
    if (place < 0) return NULL;
    ht_rect area = lab->layout.place[place].area;
    const ht_form *form = ht_screen_form(&lab->screen, lab->model, panel, area);
    for (int i = 0; i < form->count; i++) {
        ht_rect r = ht_draw_row_area(area, form, i, track);
        if (column >= r.x && column < r.x + r.w && row >= r.y && row < r.y + r.h) return &form->rows[i];
    }
    return NULL;
}

void ht_lab_cursor_off(ht_lab *lab)
{
    lab->model->cursor = (ht_cursor){0};
}

/* Where the chart's last value stands: beyond it there is nothing to read. */
static double last_of(const ht_chart *chart)
{
    double last = chart->x.low;
    bool any = false;
    for (int i = 0; i < chart->series_count; i++)
        for (int k = 0; k < chart->series[i].count; k++) last = fmax(last, chart->series[i].x[k]), any = true;
    return any ? last : chart->x.high;
}

/* `y` is NaN without a mouse. */
static void put(ht_lab *lab, ht_panel_id panel, const ht_chart *chart, double position, double y)
{
    bool keys = lab->model->cursor.keys;
    double x = ht_axis_value(&chart->x, fmin(1, fmax(0, position)));
    if (chart->over_steps || chart->x.integer) x = round(x);
    if (chart->over_steps) x = fmin(x, last_of(chart));
    lab->model->cursor = (ht_cursor){
        .on = true, .panel = panel, .x = x, .over_steps = chart->over_steps, .y = y, .keys = keys};
}

bool ht_lab_put_cursor(ht_lab *lab, ht_panel_id panel, int column, int row)
{
    ht_rect area, plot;
    const ht_chart *chart = ht_lab_chart(lab, panel, &area, &plot);
    if (!chart || plot.w < 1 || plot.h < 1 || row < plot.y || row > plot.y + plot.h) return false;
    if (column < plot.x || column >= plot.x + plot.w) return false;
    put(lab, panel, chart, (column - plot.x + 0.5) / plot.w,
        ht_axis_value(&chart->y, 1 - (row - plot.y + 0.5) / plot.h));
    return true;
}

/* By so many columns of its panel, or to the axis' ends. */
static void move(ht_lab *lab, int columns)
{
    ht_rect area, plot;
    const ht_cursor *cursor = &lab->model->cursor;
    const ht_chart *chart = ht_lab_chart(lab, cursor->panel, &area, &plot);
    if (!chart || plot.w < 1) return;
    double before = cursor->x, position = ht_axis_position(&chart->x, before);
    put(lab, cursor->panel, chart, position + (double)columns / plot.w, (double)NAN);
    bool stands = cursor->x == before && before + columns >= chart->x.low &&
                  before + columns <= (chart->over_steps ? last_of(chart) : chart->x.high);
    if (stands && (cursor->over_steps || chart->x.integer)) lab->model->cursor.x += columns > 0 ? 1 : -1;
}

/* In the middle of a panel's chart; false if it shows none. */
static bool begin(ht_lab *lab, ht_panel_id panel)
{
    ht_rect area, plot;
    const ht_chart *chart =
        panel < HT_PANEL_COUNT && panel != HT_PANEL_TIMELINE ? ht_lab_chart(lab, panel, &area, &plot) : NULL;
    if (!chart || plot.w < 1 || chart->series_count == 0) return false;
    double x = lab->model->cursor.x;
    bool same = lab->model->cursor.on && lab->model->cursor.over_steps && chart->over_steps;
    lab->model->cursor.keys = true;
    put(lab, panel, chart, same ? ht_axis_position(&chart->x, x) : 0.5, (double)NAN);
    lab->model->focus = panel;
    return true;
}

/* The next chart on the screen; charts over steps are read at the same step. */
static void go_on(ht_lab *lab, int direction)
{
    int count = lab->layout.count, at = ht_layout_find(&lab->layout, lab->model->cursor.panel);
    for (int i = 1; i <= count; i++)
        if (begin(lab, lab->layout.place[((at < 0 ? 0 : at) + i * direction + i * count) % count].panel))
            return;
}

bool ht_lab_cursor_act(ht_lab *lab, ht_action action)
{
    enum { FAR = 10, END = 10000 };
    const ht_cursor *cursor = &lab->model->cursor;
    int columns = action == HT_DO_LESS        ? -1
                  : action == HT_DO_MORE      ? 1
                  : action == HT_DO_MUCH_LESS ? -FAR
                  : action == HT_DO_MUCH_MORE ? FAR
                  : action == HT_DO_WHOLE     ? -END
                  : action == HT_DO_LATEST    ? END
                                              : 0;
    if (!cursor->on || !cursor->keys || ht_layout_find(&lab->layout, cursor->panel) < 0) return false;
    if (columns != 0)
        move(lab, columns);
    else if (action == HT_DO_NEXT_PANEL || action == HT_DO_PREVIOUS_PANEL)
        go_on(lab, action == HT_DO_NEXT_PANEL ? 1 : -1);
    else if (action == HT_DO_BACK)
        ht_lab_cursor_off(lab);
    else
        return false;
    return true;
}

/* Of the text it is the temperature that is chosen: there is nothing to read. */
static bool next_temperature(ht_lab *lab)
{
    ht_model *m = lab->model;
    if (m->focus != HT_PANEL_TEXT || m->language.tokens == 0 || m->cursor.on) return false;
    m->temperature = ht_model_next_temperature(m->temperature);
    ht_lab_note(lab, true, "temperature %g%s", m->temperature,
                m->temperature > 0 ? "" : ": always the most probable token");
    return true;
}

/* Where the mouse reads, there; else in the chart with the frame, else in the first one. */
void ht_lab_cursor(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    (void)action;
    if (next_temperature(lab)) return;
    if (m->cursor.on && !m->cursor.hover) {
        ht_lab_cursor_off(lab);
        return;
    }
    bool begun = m->cursor.on;
    if (begun)
        m->cursor.hover = false, m->cursor.keys = true, m->focus = m->cursor.panel;
    else
        begun = begin(lab, m->focus);
    for (int i = 0; i < lab->layout.count && !begun; i++) begun = begin(lab, lab->layout.place[i].panel);
    ht_lab_note(lab, true,
                begun ? "← → move the cursor, < > far, Home End, Tab: the next chart; i or Esc ends it"
                      : "there is no chart here that could be read");
}
