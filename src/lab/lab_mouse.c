/* lab_mouse.c - what the mouse does. */
#include <math.h>

#include "lab/lab_handlers.h"
#include "render/draw/draw.h"
#include "view/layers/layers.h"
#include "view/window.h"

static bool inside(ht_rect r, int column, int row)
{
    return column >= r.x && column < r.x + r.w && row >= r.y && row < r.y + r.h;
}

/* The control under the mouse, or -1; *track is its slider. Controls are the first rows. */
static int control_at(ht_lab *lab, int column, int row, ht_rect *track)
{
    const ht_row *at = ht_lab_row(lab, HT_PANEL_CONTROLS, column, row, track);
    return at && at->id >= 0 && at->id < HT_CONTROLS ? at->id : -1;
}

static void press_control(ht_lab *lab, int control, ht_rect track, int column, int row)
{
    lab->model->control = control;
    if (ht_param_at(ht_model_controls[control])->type == HT_TYPE_CHOICE) {
        ht_lab_step_control(lab, 1, false);
    } else if (inside(track, column, row)) {
        ht_lab_drag_begin(lab, ht_model_controls[control], track, column);
    }
}

/* An accidental click must not end the lesson. */
static void press_key_bar(ht_lab *lab, int column)
{
    ht_action action = ht_keymap_action(ht_screen_key_at(&lab->screen, column));
    if (action == HT_DO_QUIT)
        ht_lab_note(lab, true, "press q to quit");
    else
        ht_lab_do(lab, action);
}

/* The shape of the network in the title: a layer in it is picked. */
static bool press_shape(ht_lab *lab, int column)
{
    int at = ht_screen_shape_at(&lab->screen, column);
    if (at < 0) return false;
    if (!lab->held) ht_lab_pick_layer(lab, ht_layers_at(lab->model, at));
    return true;
}

static void press(ht_lab *lab, int column, int row)
{
    const ht_lab_view *here = ht_lab_view_of(lab);
    ht_rect track = {0};
    int control = control_at(lab, column, row, &track), panel = ht_layout_hit(&lab->layout, column, row);
    if (row == lab->layout.keys.y) {
        press_key_bar(lab, column);
        return;
    }
    if (row == lab->layout.title.y && press_shape(lab, column)) return;
    if (panel == HT_PANEL_TIMELINE) {
        ht_lab_timeline_press(lab, column);
        return;
    }
    if (panel == HT_PANEL_LESSON) return;
    if (panel >= 0) lab->model->focus = (ht_panel_id)panel;
    if (control >= 0)
        press_control(lab, control, track, column, row);
    else if (panel >= 0 && here->press)
        here->press(lab, (ht_panel_id)panel, column, row);
    else if (panel >= 0 && row == lab->layout.place[ht_layout_find(&lab->layout, (ht_panel_id)panel)].area.y)
        ht_lab_do(lab, HT_DO_ZOOM); /* its title */
    else if (panel < 0 || !ht_lab_put_cursor(lab, (ht_panel_id)panel, column, row))
        ht_lab_cursor_off(lab);
}

static void drag(ht_lab *lab, int column, int row)
{
    const ht_lab_view *here = ht_lab_view_of(lab);
    int panel = ht_layout_hit(&lab->layout, column, row);
    if (lab->dragging)
        ht_lab_drag(lab, column);
    else if (panel == HT_PANEL_TIMELINE)
        ht_lab_timeline_press(lab, column);
    else if (panel >= 0 && here->press)
        here->press(lab, (ht_panel_id)panel, column, row);
    else if (panel >= 0 && lab->model->cursor.on && (ht_panel_id)panel == lab->model->cursor.panel)
        ht_lab_put_cursor(lab, (ht_panel_id)panel, column, row);
}

/* Over a chart of steps the wheel zooms time about the step under the mouse. */
static void zoom_time(ht_lab *lab, const ht_event *e)
{
    ht_rect area, plot;
    int panel = ht_layout_hit(&lab->layout, e->column, e->row);
    const ht_chart *chart = panel < 0 ? NULL : ht_lab_chart(lab, (ht_panel_id)panel, &area, &plot);
    if (!chart || !chart->over_steps || plot.w < 1) return;
    double position = fmin(1, fmax(0, (e->column - plot.x + 0.5) / plot.w));
    ht_window_zoom(lab->model, e->delta > 0 ? 1 / 1.5 : 1.5, ht_axis_value(&chart->x, position));
}

static void wheel(ht_lab *lab, const ht_event *e)
{
    const ht_lab_view *here = ht_lab_view_of(lab);
    ht_rect track;
    int control = control_at(lab, e->column, e->row, &track),
        panel = ht_layout_hit(&lab->layout, e->column, e->row);
    if (panel == HT_PANEL_TIMELINE) {
        ht_lab_timeline_act(lab, e->delta > 0 ? HT_DO_MORE : HT_DO_LESS);
    } else if (panel >= 0 && ht_lab_scroll(lab, (ht_panel_id)panel, -3 * e->delta)) {
        return;
    } else if (here->wheel) {
        here->wheel(lab, e->delta);
    } else if (control >= 0) {
        lab->model->control = control;
        ht_lab_step_control(lab, e->delta, false);
    } else {
        zoom_time(lab, e);
    }
}

/* Without a button. A cursor that was put somewhere stays there. */
static void hover(ht_lab *lab, int column, int row)
{
    int panel = ht_layout_hit(&lab->layout, column, row);
    const ht_cursor *cursor = &lab->model->cursor;
    if ((cursor->on && !cursor->hover) || ht_params_get(&lab->model->asked, HT_P_UI_HOVER) == 0) return;
    if (panel < 0 || !ht_lab_put_cursor(lab, (ht_panel_id)panel, column, row))
        ht_lab_cursor_off(lab);
    else
        lab->model->cursor.hover = true;
}

void ht_lab_mouse(ht_lab *lab, const ht_event *e)
{
    if (e->kind == HT_EVENT_MOVE) hover(lab, e->column, e->row);
    if (e->kind == HT_EVENT_PRESS) press(lab, e->column, e->row);
    if (e->kind == HT_EVENT_DRAG) drag(lab, e->column, e->row);
    if (e->kind == HT_EVENT_RELEASE) lab->dragging = false;
    if (e->kind == HT_EVENT_WHEEL) wheel(lab, e);
    if (e->kind == HT_EVENT_PRESS) lab->held = true;
    if (e->kind == HT_EVENT_RELEASE) lab->held = false;
}
