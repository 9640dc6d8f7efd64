/* lab_params.c - the controls, and changing settings. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lab/lab_handlers.h"
#include "base/text.h"

/* ---- changes ----------------------------------------------------------------------------------- */

void ht_lab_use_theme(ht_lab *lab)
{
    ht_theme theme;
    ht_error err;
    if (ht_theme_load(ht_params_name(&lab->model->asked, HT_P_UI_THEME), &theme, &err) == HT_OK)
        ht_term_theme(&theme);
    else
        ht_lab_note(lab, false, "%s", err.text);
}

/* Settings of the screen (ui.*) stay here, but for what looking may take; all others are the trainer's. */
static void set(ht_lab *lab, ht_param p, double value)
{
    double set_to = ht_params_put(&lab->model->asked, p, value);
    if (ht_param_at(p)->group != HT_GROUP_UI)
        ht_lab_send(lab, HT_COMMAND_SET, p, set_to);
    else if (p == HT_P_UI_THEME)
        ht_lab_use_theme(lab);
    else if (p == HT_P_UI_HOVER)
        ht_term_hover(set_to != 0);
    else if (p == HT_P_UI_EFFORT)
        ht_lab_send(lab, HT_COMMAND_EFFORT, 0, set_to);
}

static bool is_control(ht_param p)
{
    bool control = false;
    for (int i = 0; i < HT_CONTROLS; i++) control = control || ht_model_controls[i] == p;
    return control;
}

/* Where no control shows it a change says itself what it did. */
static void tell(ht_lab *lab, ht_param p)
{
    char value[HT_PARAM_VALUE];
    if (is_control(p) && ht_layout_find(&lab->layout, HT_PANEL_CONTROLS) >= 0) return;
    if (lab->model->view == HT_VIEW_SETTINGS) return;
    ht_model_value(p, ht_params_get(&lab->model->asked, p), value, sizeof value);
    ht_lab_note(lab, true, "%s %s", ht_model_symbol(p), value);
}

void ht_lab_set(ht_lab *lab, ht_param p, double value)
{
    set(lab, p, value);
    tell(lab, p);
}

void ht_lab_change(ht_lab *lab, ht_param p, double value)
{
    double before = ht_params_get(&lab->model->asked, p);
    ht_lab_set(lab, p, value);
    double after = ht_params_get(&lab->model->asked, p);
    ht_lab_remember(lab, p, before, after);
    /* Who moves a control wants to see what it does: a finished run goes on. A lesson says itself when. */
    if (is_control(p) && after != before && lab->model->state == HT_STATE_DONE && !lab->lesson)
        ht_lab_send(lab, HT_COMMAND_RUN, 0, 0);
}

bool ht_lab_may_change(ht_lab *lab, ht_param p, const char *value)
{
    const char *key = ht_param_at(p)->key;
    if (ht_param_at(p)->live != HT_RESET) return true;
    ht_lab_note(lab, false, "%s makes a new network or new data: heavytail --set %s=%s", key, key,
                *value ? value : "VALUE");
    return false;
}

/* ---- controls ---------------------------------------------------------------------------------- */

void ht_lab_noise(ht_lab *lab, ht_action action)
{
    (void)action;
    int type = (int)ht_params_get(&lab->model->asked, HT_P_NOISE_TYPE);
    if (type != HT_NOISE_NONE) lab->noise_before = type;
    int back = lab->noise_before ? lab->noise_before : HT_NOISE_IID;
    ht_lab_change(lab, HT_P_NOISE_TYPE, type == HT_NOISE_NONE ? back : HT_NOISE_NONE);
}

void ht_lab_step(ht_lab *lab, ht_param p, int direction, bool coarse)
{
    bool named = ht_param_at(p)->type == HT_TYPE_CHOICE || ht_param_at(p)->type == HT_TYPE_BOOL;
    int steps = direction * (coarse && !named ? 10 : 1);
    ht_lab_change(lab, p, ht_param_stepped(p, ht_params_get(&lab->model->asked, p), steps));
}

void ht_lab_step_control(ht_lab *lab, int direction, bool coarse)
{
    ht_lab_step(lab, ht_model_controls[lab->model->control], direction, coarse);
}

void ht_lab_adjust(ht_lab *lab, ht_action action)
{
    int direction = action == HT_DO_MORE || action == HT_DO_MUCH_MORE ? 1 : -1;
    bool coarse = action == HT_DO_MUCH_LESS || action == HT_DO_MUCH_MORE;
    ht_lab_step_control(lab, direction, coarse);
}

void ht_lab_choose(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    m->cursor.keys = false; /* the arrows are the control's again */
    m->control = (m->control + (action == HT_DO_UP ? -1 : 1) + HT_CONTROLS) % HT_CONTROLS;
    tell(lab, ht_model_controls[m->control]);
}

/* ---- sliders under the mouse ------------------------------------------------------------------- */

void ht_lab_drag(ht_lab *lab, int column)
{
    /* The track's ends ├ and ┤ are not part of the scale. */
    ht_rect track = lab->drag_track;
    double position = track.w > 3 ? (double)(column - track.x - 1) / (track.w - 3) : 0;
    ht_lab_change(lab, lab->drag_param, ht_param_value(lab->drag_param, fmin(1, fmax(0, position))));
}

void ht_lab_drag_begin(ht_lab *lab, ht_param p, ht_rect track, int column)
{
    lab->dragging = true;
    lab->drag_remembered = false;
    lab->drag_param = p;
    lab->drag_track = track;
    ht_lab_drag(lab, column);
}
