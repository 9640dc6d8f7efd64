/* lab_actions.c - what keys and mouse do. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/lab.h"
#include "base/file.h"
#include "base/text.h"
#include "render/draw.h"
#include "render/snapshot.h"
#include "view/keymap.h"
#include "view/panel.h"

void ht_lab_note(ht_lab *lab, bool good, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(lab->model->message, sizeof lab->model->message, format, args);
    va_end(args);
    lab->model->message_is_note = good;
    lab->noted = true;
}

static void clear_note(ht_lab *lab)
{
    if (!lab->noted) return;
    lab->noted = false;
    lab->model->message_is_note = false;
    ht_text_copy(lab->model->message, sizeof lab->model->message, lab->standing);
}

void ht_lab_sample(ht_lab *lab, const ht_sample *sample)
{
    ht_model *m = lab->model;
    bool keep = lab->noted && sample->kind == HT_SAMPLE_STATE && sample->message[0] == '\0';
    bool good = m->message_is_note;
    char note[sizeof m->message];
    ht_text_copy(note, sizeof note, m->message);
    ht_model_sample(m, sample);
    if (sample->kind != HT_SAMPLE_STATE) return;
    ht_text_copy(lab->standing, sizeof lab->standing, sample->message);
    lab->noted = keep;
    if (!keep) return;
    ht_text_copy(m->message, sizeof m->message, note);
    m->message_is_note = good;
}

static void send(ht_lab *lab, ht_command_kind kind, ht_param p, double value)
{
    if (ht_runner_send(lab->runner, kind, p, value) == 0)
        ht_lab_note(lab, false, "the trainer has not answered for a while; try again");
}

/* ---- parameters -------------------------------------------------------------------------------- */

static void set(ht_lab *lab, ht_param p, double value)
{
    double set_to = ht_params_put(&lab->model->asked, p, value);
    send(lab, HT_COMMAND_SET, p, set_to);
}

static void remember(ht_lab *lab, ht_param p, double before, double after)
{
    ht_change *last = lab->undo_count ? &lab->undo[lab->undo_count - 1] : NULL;
    if (before == after) return;
    /* A drag is one change. */
    if (lab->dragging && last && last->param == p && lab->undo_limit == lab->undo_count &&
        lab->drag_control < 0) {
        last->after = after;
        return;
    }
    if (lab->undo_count == HT_UNDO) {
        memmove(lab->undo, lab->undo + 1, (HT_UNDO - 1) * sizeof lab->undo[0]);
        lab->undo_count--;
    }
    lab->undo[lab->undo_count++] = (ht_change){p, before, after};
    lab->undo_limit = lab->undo_count;
    lab->drag_control = -1; /* from here on the drag extends this change */
}

/* In a view without the controls a change says itself what it did. */
static void tell(ht_lab *lab, ht_param p)
{
    char value[HT_PARAM_VALUE];
    if (ht_layout_find(&lab->layout, HT_PANEL_CONTROLS) >= 0) return;
    ht_model_value(p, ht_params_get(&lab->model->asked, p), value, sizeof value);
    ht_lab_note(lab, true, "%s %s", ht_model_symbol(p), value);
}

static void change(ht_lab *lab, ht_param p, double value)
{
    double before = ht_params_get(&lab->model->asked, p);
    set(lab, p, value);
    tell(lab, p);
    remember(lab, p, before, ht_params_get(&lab->model->asked, p));
}

static void undo(ht_lab *lab)
{
    if (lab->undo_count == 0) {
        ht_lab_note(lab, true, "nothing to undo");
        return;
    }
    const ht_change *c = &lab->undo[--lab->undo_count];
    set(lab, c->param, c->before);
    tell(lab, c->param);
}

static void redo(ht_lab *lab)
{
    if (lab->undo_count == lab->undo_limit) {
        ht_lab_note(lab, true, "nothing to redo");
        return;
    }
    const ht_change *c = &lab->undo[lab->undo_count++];
    set(lab, c->param, c->after);
    tell(lab, c->param);
}

static void toggle_noise(ht_lab *lab)
{
    int type = (int)ht_params_get(&lab->model->asked, HT_P_NOISE_TYPE);
    if (type != HT_NOISE_NONE) lab->noise_before = type;
    int back = lab->noise_before ? lab->noise_before : HT_NOISE_IID;
    change(lab, HT_P_NOISE_TYPE, type == HT_NOISE_NONE ? back : HT_NOISE_NONE);
}

/* ← → on a control, or on the cursor of the pruning view. */
static void adjust(ht_lab *lab, int direction, bool coarse)
{
    ht_model *m = lab->model;
    if (m->view == HT_VIEW_PRUNING) {
        double width = m->report.width ? m->report.width : 1, step = coarse ? 0.05 : fmax(0.005, 1 / width);
        m->prune_cursor = fmin(1, fmax(0, ht_panel_cursor(m) + direction * step));
        return;
    }
    ht_param p = ht_model_controls[m->control];
    bool named = ht_param_at(p)->type == HT_TYPE_CHOICE;
    double value = ht_param_stepped(p, ht_params_get(&m->asked, p), direction * (coarse && !named ? 10 : 1));
    change(lab, p, value);
}

/* ---- views ------------------------------------------------------------------------------------- */

static void next_panel(ht_lab *lab, int direction)
{
    ht_model *m = lab->model;
    int count = lab->layout.count, at = ht_layout_find(&lab->layout, m->focus);
    if (m->view == HT_VIEW_ZOOM)
        m->focus =
            (ht_panel_id)((m->focus + direction + HT_PANEL_PRUNING_READOUT) % HT_PANEL_PRUNING_READOUT);
    else if (count > 0)
        m->focus = lab->layout.place[((at < 0 ? 0 : at + direction) + count) % count].panel;
}

static void toggle_zoom(ht_model *m)
{
    if (m->view == HT_VIEW_ZOOM)
        m->view = HT_VIEW_DASHBOARD;
    else if (m->focus == HT_PANEL_PRUNING)
        m->view = HT_VIEW_PRUNING;
    else
        m->view = HT_VIEW_ZOOM;
}

static void toggle_log(ht_lab *lab, bool y)
{
    ht_model *m = lab->model;
    bool *axis = m->focus == HT_PANEL_LOSS && y ? &m->loss_log
                 : m->focus == HT_PANEL_WEIGHTS ? (y ? &m->weights_log_y : &m->weights_log_x)
                 : m->focus == HT_PANEL_NORMS   ? &m->norms_log
                                                : NULL;
    if (axis)
        *axis = !*axis;
    else if (m->focus == HT_PANEL_LOSS)
        ht_lab_note(lab, true, "steps have no logarithmic axis; l switches the other axis");
    else
        ht_lab_note(lab, true, "this panel has no logarithmic axis; Tab chooses loss, weights or norms");
}

static void next_symbols(ht_lab *lab)
{
    ht_params *p = &lab->model->asked;
    int now = (int)ht_params_get(p, HT_P_UI_ASCII);
    if (now == 0) now = (int)ht_term_symbols() + 1;
    ht_params_put(p, HT_P_UI_ASCII, now % 3 + 1);
    ht_lab_note(lab, true, "symbols: %s", ht_param_choice(HT_P_UI_ASCII, now % 3 + 1));
}

static void back(ht_model *m)
{
    m->view = m->view == HT_VIEW_HELP ? m->view_before_help : HT_VIEW_DASHBOARD;
}

static void show_help(ht_model *m)
{
    if (m->view == HT_VIEW_HELP) {
        back(m);
        return;
    }
    m->view_before_help = m->view;
    if (m->view == HT_VIEW_PRUNING) m->focus = HT_PANEL_PRUNING;
    m->view = HT_VIEW_HELP;
    m->help_scroll = 0;
}

static void move(ht_lab *lab, int direction)
{
    ht_model *m = lab->model;
    if (m->view == HT_VIEW_HELP) {
        const ht_form *form = ht_screen_form(&lab->screen, m, HT_PANEL_HELP, lab->layout.place[0].area);
        m->help_scroll = (int)fmin(form->count - 1, fmax(0, m->help_scroll + direction));
        return;
    }
    if (m->view == HT_VIEW_PRUNING) return; /* no control is in sight, and ← → move the cursor */
    m->control = (m->control + direction + HT_CONTROLS) % HT_CONTROLS;
    tell(lab, ht_model_controls[m->control]);
}

/* A name that is not taken: heavytail-ecg-demo-1200.png, then -2, -3 … */
static void export_png(ht_lab *lab)
{
    ht_model *m = lab->model;
    char path[256];
    ht_error err;
    const char *what = m->view == HT_VIEW_PRUNING ? "pruning"
                       : m->view == HT_VIEW_ZOOM  ? ht_panel_at(m->focus)->name
                                                  : "dashboard";
    for (int i = 1; i < 1000; i++) {
        char suffix[16] = "";
        if (i > 1) snprintf(suffix, sizeof suffix, "-%d", i);
        snprintf(path, sizeof path, "heavytail-%.60s-%s-%llu%s.png", m->applied.preset, what,
                 (unsigned long long)m->step, suffix);
        for (char *p = path; *p; p++)
            if (*p == '/') *p = '_';
        if (!ht_file_exists(path)) break;
    }
    ht_text journal = {0};
    ht_journal_mark here = {m->step, lab->change, 0, m->seconds};
    if (lab->session->journal.length) {
        ht_text_add_bytes(&journal, lab->session->journal.data, lab->session->journal.length);
        ht_journal_kept(&journal, "picture", &here);
    }
    ht_snapshot_options options = {.theme = ht_params_name(&m->asked, HT_P_UI_THEME),
                                   .journal = journal.failed ? NULL : journal.data};
    if (ht_snapshot_write(path, m, &options, &err) == HT_OK)
        ht_lab_note(lab, true, "saved %s (heavytail --preset %s reopens its settings)", path, path);
    else
        ht_lab_note(lab, false, "%s", err.text);
    ht_text_free(&journal);
}

/* ---- typing a value ---------------------------------------------------------------------------- */

static void start_typing(ht_model *m)
{
    if (m->view == HT_VIEW_PRUNING || m->view == HT_VIEW_HELP) return;
    m->typing = true;
    m->typed[0] = '\0';
    m->typing_error[0] = '\0';
}

static void take_typed(ht_lab *lab)
{
    ht_model *m = lab->model;
    ht_param p = ht_model_controls[m->control];
    ht_params trial = m->asked;
    ht_error err;
    m->typing = false;
    if (m->typed[0] == '\0') return;
    if (ht_params_set(&trial, ht_param_at(p)->key, m->typed, &err) == HT_OK)
        change(lab, p, ht_params_get(&trial, p));
    else
        ht_lab_note(lab, false, "%s", err.text);
}

static void type_key(ht_lab *lab, int key)
{
    ht_model *m = lab->model;
    size_t length = strlen(m->typed);
    if (key == HT_KEY_ESCAPE)
        m->typing = false;
    else if (key == HT_KEY_ENTER)
        take_typed(lab);
    else if (key == HT_KEY_BACKSPACE && length > 0)
        m->typed[length - 1] = '\0';
    else if (key > ' ' && key < 127 && length + 1 < sizeof m->typed) {
        m->typed[length] = (char)key;
        m->typed[length + 1] = '\0';
    }
}

/* ---- keys -------------------------------------------------------------------------------------- */

static void act(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    switch (action) {
    case HT_DO_NOTHING:
        break;
    case HT_DO_PAUSE:
        send(lab, m->state == HT_STATE_RUNNING ? HT_COMMAND_PAUSE : HT_COMMAND_RUN, 0, 0);
        break;
    case HT_DO_STEP:
        send(lab, HT_COMMAND_STEP, 0, 0);
        break;
    case HT_DO_RESET:
        send(lab, HT_COMMAND_RESET, 0, 0);
        break;
    case HT_DO_RESEED: {
        double seed = ht_params_get(&m->asked, HT_P_TRAIN_SEED) + 1;
        ht_params_put(&m->asked, HT_P_TRAIN_SEED, seed); /* so that R R is two seeds further */
        send(lab, HT_COMMAND_RESEED, 0, seed);
        ht_lab_note(lab, true, "seed %.0f: other weights, batches and noise", seed);
        break;
    }
    case HT_DO_NEXT_PANEL:
        next_panel(lab, 1);
        break;
    case HT_DO_PREVIOUS_PANEL:
        next_panel(lab, -1);
        break;
    case HT_DO_UP:
        move(lab, -1);
        break;
    case HT_DO_DOWN:
        move(lab, 1);
        break;
    case HT_DO_LESS:
        adjust(lab, -1, false);
        break;
    case HT_DO_MORE:
        adjust(lab, 1, false);
        break;
    case HT_DO_MUCH_LESS:
        adjust(lab, -1, true);
        break;
    case HT_DO_MUCH_MORE:
        adjust(lab, 1, true);
        break;
    case HT_DO_TYPE:
        start_typing(m);
        break;
    case HT_DO_NOISE:
        toggle_noise(lab);
        break;
    case HT_DO_UNDO:
        undo(lab);
        break;
    case HT_DO_REDO:
        redo(lab);
        break;
    case HT_DO_PRUNING:
        m->view = m->view == HT_VIEW_PRUNING ? HT_VIEW_DASHBOARD : HT_VIEW_PRUNING;
        break;
    case HT_DO_ZOOM:
        toggle_zoom(m);
        break;
    case HT_DO_LOG_Y:
        toggle_log(lab, true);
        break;
    case HT_DO_LOG_X:
        toggle_log(lab, false);
        break;
    case HT_DO_SYMBOLS:
        next_symbols(lab);
        break;
    case HT_DO_EXPORT:
        export_png(lab);
        break;
    case HT_DO_HELP:
        show_help(m);
        break;
    case HT_DO_BACK:
        back(m);
        break;
    case HT_DO_QUIT:
        lab->quit = true;
        break;
    }
}

/* ---- mouse ------------------------------------------------------------------------------------- */

static bool inside(ht_rect r, int column, int row)
{
    return column >= r.x && column < r.x + r.w && row >= r.y && row < r.y + r.h;
}

/* The control under the mouse, or -1; *track is its slider. */
static int control_at(ht_lab *lab, int column, int row, ht_rect *track)
{
    int place = ht_layout_find(&lab->layout, HT_PANEL_CONTROLS);
    if (place < 0) return -1;
    ht_rect area = lab->layout.place[place].area;
    const ht_form *form = ht_screen_form(&lab->screen, lab->model, HT_PANEL_CONTROLS, area);
    for (int i = 0; i < HT_CONTROLS; i++)
        if (inside(ht_draw_row_area(area, form, i, track), column, row)) return i;
    return -1;
}

static void slide(ht_lab *lab, int control, ht_rect track, int column)
{
    /* The track's ends ├ and ┤ are not part of the scale. */
    double position = track.w > 3 ? (double)(column - track.x - 1) / (track.w - 3) : 0;
    change(lab, ht_model_controls[control],
           ht_param_value(ht_model_controls[control], fmin(1, fmax(0, position))));
}

static void press(ht_lab *lab, int column, int row)
{
    ht_model *m = lab->model;
    ht_rect track = {0};
    int control = control_at(lab, column, row, &track), panel = ht_layout_hit(&lab->layout, column, row);
    if (panel >= 0) m->focus = (ht_panel_id)panel;
    if (control >= 0) {
        ht_param p = ht_model_controls[control];
        m->control = control;
        if (ht_param_at(p)->type == HT_TYPE_CHOICE)
            adjust(lab, 1, false);
        else if (inside(track, column, row)) {
            lab->dragging = true;
            lab->drag_control = control;
            slide(lab, control, track, column);
        }
    } else if (panel == HT_PANEL_PRUNING && m->view == HT_VIEW_PRUNING) {
        ht_rect area = lab->layout.place[ht_layout_find(&lab->layout, HT_PANEL_PRUNING)].area;
        ht_rect plot = ht_draw_plot_area(
            area, ht_screen_chart(&lab->screen, ht_cells_surface(lab->cells), m, HT_PANEL_PRUNING, area));
        if (plot.w > 0) m->prune_cursor = fmin(1, fmax(0, (column - plot.x + 0.5) / plot.w));
    }
}

static void drag(ht_lab *lab, int column)
{
    int place = ht_layout_find(&lab->layout, HT_PANEL_CONTROLS), control = lab->model->control;
    ht_rect track = {0};
    if (place < 0) return;
    ht_rect area = lab->layout.place[place].area;
    ht_draw_row_area(area, ht_screen_form(&lab->screen, lab->model, HT_PANEL_CONTROLS, area), control,
                     &track);
    slide(lab, control, track, column);
}

static void wheel(ht_lab *lab, const ht_event *e)
{
    ht_rect track;
    int control = control_at(lab, e->column, e->row, &track);
    if (lab->model->view == HT_VIEW_HELP) move(lab, -3 * e->delta);
    if (lab->model->view == HT_VIEW_PRUNING) adjust(lab, e->delta, false);
    if (control < 0) return;
    lab->model->control = control;
    adjust(lab, e->delta, false);
}

void ht_lab_event(ht_lab *lab, const ht_event *e)
{
    ht_model *m = lab->model;
    if (e->kind == HT_EVENT_KEY || e->kind == HT_EVENT_PRESS) clear_note(lab);
    switch (e->kind) {
    case HT_EVENT_KEY:
        if (m->typing)
            type_key(lab, e->key);
        else
            act(lab, ht_keymap_action(e->key));
        break;
    case HT_EVENT_PRESS:
        press(lab, e->column, e->row);
        break;
    case HT_EVENT_DRAG:
        if (lab->dragging)
            drag(lab, e->column);
        else if (m->view == HT_VIEW_PRUNING)
            press(lab, e->column, e->row);
        break;
    case HT_EVENT_RELEASE:
        lab->dragging = false;
        break;
    case HT_EVENT_WHEEL:
        wheel(lab, e);
        break;
    case HT_EVENT_RESIZE:
        break; /* the next frame has the new size */
    }
}
