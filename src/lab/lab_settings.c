/* lab_settings.c - the menu of settings: it changes them by what the sliders call, so that journal and undo
 * know of it. */
#include <ctype.h>

#include "lab/lab_handlers.h"
#include "render/draw/draw.h"
#include "view/menu/settings.h"

static void close_menu(ht_lab *lab)
{
    ht_model *m = lab->model;
    ht_lab_open_view(lab, m->settings.before);
    m->focus = m->settings.focus;
}

void ht_lab_settings(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    (void)action;
    ht_lab_timeline_close(lab);
    ht_view from = m->view == HT_VIEW_HELP ? m->view_before_help : m->view;
    if (from != HT_VIEW_SETTINGS) m->settings.before = from, m->settings.focus = m->focus;
    m->settings.filter[0] = '\0';
    ht_lab_open_view(lab, HT_VIEW_SETTINGS);
}

/* Where the list begins stays from here on until the chosen row would leave it. */
static void keep_place(ht_lab *lab)
{
    ht_model *m = lab->model;
    int place = ht_layout_find(&lab->layout, HT_PANEL_SETTINGS);
    if (place >= 0)
        m->settings.first =
            ht_screen_form(&lab->screen, m, HT_PANEL_SETTINGS, lab->layout.place[place].area)->first;
}

static void move(ht_lab *lab, int count)
{
    ht_settings_move(lab->model, count);
    keep_place(lab);
}

static int page(const ht_lab *lab)
{
    int place = ht_layout_find(&lab->layout, HT_PANEL_SETTINGS);
    return place < 0 ? 1 : lab->layout.place[place].area.h - 3;
}

/* Names go on to the next one; a number is typed. */
static void edit(ht_lab *lab, bool type)
{
    ht_param p = lab->model->settings.chosen;
    ht_param_type kind = ht_param_at(p)->type;
    if (!ht_lab_may_change(lab, p, "")) return;
    if (!type && (kind == HT_TYPE_CHOICE || kind == HT_TYPE_BOOL))
        ht_lab_step(lab, p, 1, false);
    else
        ht_lab_type_value(lab);
}

static void step(ht_lab *lab, ht_action action)
{
    ht_param p = lab->model->settings.chosen;
    bool more = action == HT_DO_MORE || action == HT_DO_MUCH_MORE,
         coarse = action == HT_DO_MUCH_LESS || action == HT_DO_MUCH_MORE;
    if (ht_lab_may_change(lab, p, "")) ht_lab_step(lab, p, more ? 1 : -1, coarse);
}

static void set_as_preset(ht_lab *lab)
{
    ht_param p = lab->model->settings.chosen;
    if (!ht_settings_differs(lab->model, p))
        ht_lab_note(lab, true, "%s is as the preset has it", ht_param_at(p)->key);
    else if (ht_lab_may_change(lab, p, ""))
        ht_lab_change(lab, p, ht_params_get(&lab->model->settings.preset, p));
}

static void back(ht_lab *lab)
{
    ht_model *m = lab->model;
    if (m->settings.filter[0] == '\0') close_menu(lab);
    m->settings.filter[0] = '\0';
    keep_place(lab);
}

bool ht_lab_settings_act(ht_lab *lab, ht_action action)
{
    bool listed = ht_settings_settle(lab->model);
    switch (action) {
    case HT_DO_SETTINGS:
        return close_menu(lab), true;
    case HT_DO_BACK:
        return back(lab), true;
    case HT_DO_UP:
    case HT_DO_DOWN:
        return move(lab, action == HT_DO_UP ? -1 : 1), true;
    case HT_DO_EARLIER:
    case HT_DO_LATER:
        return move(lab, action == HT_DO_EARLIER ? -page(lab) : page(lab)), true;
    case HT_DO_WHOLE:
    case HT_DO_LATEST:
        return move(lab, action == HT_DO_WHOLE ? -HT_P_COUNT : HT_P_COUNT), true;
    case HT_DO_LESS:
    case HT_DO_MORE:
    case HT_DO_MUCH_LESS:
    case HT_DO_MUCH_MORE:
        if (listed) step(lab, action);
        return true;
    case HT_DO_SEARCH: /* for words that begin with a letter that is a key here */
        return ht_lab_prompt(lab, action), true;
    case HT_DO_GO:
    case HT_DO_TYPE:
        if (listed) edit(lab, action == HT_DO_TYPE);
        return true;
    default:
        return false;
    }
}

bool ht_lab_settings_key(ht_lab *lab, int key)
{
    ht_model *m = lab->model;
    ht_action action = key < 128 ? ht_keymap_action(key) : HT_DO_NOTHING;
    bool keeps =
        action == HT_DO_UNDO || action == HT_DO_REDO || action == HT_DO_QUIT || action == HT_DO_SETTINGS;
    bool number = key < 128 && isdigit(key),
         letter = (key < 128 && isalpha(key)) || (key >= 0xa0 && key < HT_KEY_UP);
    if (key == 'd') return set_as_preset(lab), true;
    if (keeps || !(number || letter)) return false;
    if (number)
        edit(lab, true);
    else
        ht_lab_prompt(lab, HT_DO_SEARCH);
    if (m->prompt != HT_PROMPT_NONE) ht_lab_type_key(lab, key);
    return true;
}

/* ---- mouse ------------------------------------------------------------------------------------- */

void ht_lab_settings_press(ht_lab *lab, ht_panel_id panel, int column, int row)
{
    ht_model *m = lab->model;
    ht_rect track = {0};
    bool list = panel == HT_PANEL_SETTINGS;
    const ht_row *at = list || panel == HT_PANEL_SETTING ? ht_lab_row(lab, panel, column, row, &track) : NULL;
    if (!at || at->id < 0 || lab->held) return;
    if (track.w > 0) {
        ht_lab_drag_begin(lab, (ht_param)at->id, track, column);
    } else if (list && (ht_param)at->id != m->settings.chosen) {
        m->settings.chosen = (ht_param)at->id;
        keep_place(lab);
    } else {
        edit(lab, false);
    }
}

void ht_lab_settings_wheel(ht_lab *lab, int delta)
{
    move(lab, -3 * delta);
}
