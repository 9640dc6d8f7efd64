/* lab_params.c - the controls: changing them, undoing that, typing a value. */
#include <stdio.h>
#include <string.h>

#include "app/lab_handlers.h"
#include "base/text.h"
#include "view/view.h"

/* ---- changes ----------------------------------------------------------------------------------- */

static void set(ht_lab *lab, ht_param p, double value)
{
    double set_to = ht_params_put(&lab->model->asked, p, value);
    ht_lab_send(lab, HT_COMMAND_SET, p, set_to);
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

void ht_lab_change(ht_lab *lab, ht_param p, double value)
{
    double before = ht_params_get(&lab->model->asked, p);
    set(lab, p, value);
    tell(lab, p);
    remember(lab, p, before, ht_params_get(&lab->model->asked, p));
}

void ht_lab_undo(ht_lab *lab, ht_action action)
{
    (void)action;
    if (lab->undo_count == 0) {
        ht_lab_note(lab, true, "nothing to undo");
        return;
    }
    const ht_change *c = &lab->undo[--lab->undo_count];
    set(lab, c->param, c->before);
    tell(lab, c->param);
}

void ht_lab_redo(ht_lab *lab, ht_action action)
{
    (void)action;
    if (lab->undo_count == lab->undo_limit) {
        ht_lab_note(lab, true, "nothing to redo");
        return;
    }
    const ht_change *c = &lab->undo[lab->undo_count++];
    set(lab, c->param, c->after);
    tell(lab, c->param);
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

void ht_lab_step_control(ht_lab *lab, int direction, bool coarse)
{
    ht_param p = ht_model_controls[lab->model->control];
    bool named = ht_param_at(p)->type == HT_TYPE_CHOICE;
    int steps = direction * (coarse && !named ? 10 : 1);
    ht_lab_change(lab, p, ht_param_stepped(p, ht_params_get(&lab->model->asked, p), steps));
}

void ht_lab_adjust(ht_lab *lab, ht_action action)
{
    int direction = action == HT_DO_MORE || action == HT_DO_MUCH_MORE ? 1 : -1;
    bool coarse = action == HT_DO_MUCH_LESS || action == HT_DO_MUCH_MORE;
    if (!ht_lab_move_cursor(lab, coarse ? 10 * direction : direction))
        ht_lab_step_control(lab, direction, coarse);
}

void ht_lab_choose(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    m->cursor.keys = false; /* the arrows are the control's again */
    m->control = (m->control + (action == HT_DO_UP ? -1 : 1) + HT_CONTROLS) % HT_CONTROLS;
    tell(lab, ht_model_controls[m->control]);
}

/* ---- typing a value ---------------------------------------------------------------------------- */

void ht_lab_type(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    (void)action;
    if (ht_view_at(m->view)->arrows) return; /* no control is in sight */
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
        ht_lab_change(lab, p, ht_params_get(&trial, p));
    else
        ht_lab_note(lab, false, "%s", err.text);
}

void ht_lab_type_key(ht_lab *lab, int key)
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
