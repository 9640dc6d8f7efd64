/* lab_cursor.c - the read-out cursor of the charts. */
#include <math.h>

#include "lab/lab_handlers.h"
#include "render/draw/draw.h"
#include "view/panel.h"
#include "view/view.h"

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

void ht_lab_cursor_off(ht_lab *lab)
{
    lab->model->cursor = (ht_cursor){0};
}

static void put(ht_lab *lab, ht_panel_id panel, const ht_chart *chart, double position)
{
    bool keys = lab->model->cursor.keys;
    double x = ht_axis_value(&chart->x, fmin(1, fmax(0, position)));
    if (chart->over_steps) x = round(x);
    lab->model->cursor = (ht_cursor){true, panel, x, chart->over_steps, keys};
}

bool ht_lab_put_cursor(ht_lab *lab, ht_panel_id panel, int column, int row)
{
    ht_rect area, plot;
    const ht_chart *chart = ht_lab_chart(lab, panel, &area, &plot);
    if (!chart || plot.w < 1 || row < plot.y || row > plot.y + plot.h) return false;
    put(lab, panel, chart, (column - plot.x + 0.5) / plot.w);
    return true;
}

bool ht_lab_move_cursor(ht_lab *lab, int columns)
{
    ht_rect area, plot;
    const ht_cursor *cursor = &lab->model->cursor;
    const ht_chart *chart =
        cursor->on && cursor->keys ? ht_lab_chart(lab, cursor->panel, &area, &plot) : NULL;
    if (!chart || plot.w < 1) return false;
    double before = cursor->x, position = ht_axis_position(&chart->x, before);
    put(lab, cursor->panel, chart, position + (double)columns / plot.w);
    if (cursor->over_steps && cursor->x == before) lab->model->cursor.x += columns > 0 ? 1 : -1;
    return true;
}

void ht_lab_cursor(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    ht_rect area, plot;
    (void)action;
    if (m->cursor.on) {
        ht_lab_cursor_off(lab);
        return;
    }
    const ht_chart *chart = ht_lab_chart(lab, m->focus, &area, &plot);
    if (ht_view_at(m->view)->arrows || !chart || plot.w < 1) {
        ht_lab_note(lab, true, "no chart has the frame that could carry a cursor; Tab chooses one");
        return;
    }
    m->cursor.keys = true;
    put(lab, m->focus, chart, 0.5);
    ht_lab_note(lab, true, "← → move the cursor, < > far; i or Esc ends it");
}
