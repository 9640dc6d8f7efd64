/* lab_views.c - what is shown: views and what keys mean in each, the chosen panel, axes, symbols.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lab/lab_handlers.h"
#include "lab/watch/lab_trainings.h"
#include "base/text.h"
#include "render/draw/draw.h"
#include "view/layers/layers.h"
#include "view/panel.h"
#include "view/scene.h"
#include "view/view.h"
#include "view/words/glossary.h"

/* ---- help: ↑ ↓ scroll -------------------------------------------------------------------------- */

static void scroll_help(ht_lab *lab, int rows)
{
    ht_model *m = lab->model;
    const ht_form *form = ht_screen_form(&lab->screen, m, HT_PANEL_HELP, lab->layout.place[0].area);
    m->help_scroll = (int)fmin(form->count - 1, fmax(0, m->help_scroll + rows));
}

/* ---- panels of rows: [ ] and the wheel scroll where there is more ------------------------------ */

static bool shows_its_end(ht_lab *lab, ht_panel_id panel, ht_rect area)
{
    return !ht_draw_has_more(area, ht_screen_form(&lab->screen, lab->model, panel, area));
}

bool ht_lab_scroll(ht_lab *lab, ht_panel_id panel, int rows)
{
    ht_model *m = lab->model;
    int place = ht_layout_find(&lab->layout, panel);
    if (place < 0 || !ht_panel_scrolls(panel)) return false;
    ht_rect area = lab->layout.place[place].area;
    if (m->scrolled != panel) m->scrolled = panel, m->scroll = 0;
    if (m->scroll == 0 && shows_its_end(lab, panel, area)) return false; /* all of it is there */
    for (; rows < 0 && m->scroll > 0; rows++) m->scroll--;
    for (; rows > 0 && !shows_its_end(lab, panel, area); rows--) m->scroll++;
    return true;
}

bool ht_lab_scroll_page(ht_lab *lab, ht_panel_id panel, int direction)
{
    int place = ht_layout_find(&lab->layout, panel);
    return place >= 0 && ht_lab_scroll(lab, panel, direction * (lab->layout.place[place].area.h - 3));
}

bool ht_lab_help_act(ht_lab *lab, ht_action action)
{
    int page = lab->layout.place[0].area.h - 3;
    int rows = action == HT_DO_UP        ? -1
               : action == HT_DO_DOWN    ? 1
               : action == HT_DO_EARLIER ? -page
               : action == HT_DO_LATER   ? page
                                         : 0;
    if (rows != 0) scroll_help(lab, rows);
    return rows != 0;
}

void ht_lab_help_wheel(ht_lab *lab, int delta)
{
    scroll_help(lab, -3 * delta);
}

/* ---- tails: Tab and number keys choose a panel, Enter unfolds the table ------------------------ */

/* Also to panels that there is no room for: the view puts the chosen one in another's place. */
bool ht_lab_tab_act(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    if (action != HT_DO_NEXT_PANEL && action != HT_DO_PREVIOUS_PANEL) return false;
    m->focus = ht_panel_next(m->focus, action == HT_DO_NEXT_PANEL ? 1 : -1);
    return true;
}

bool ht_lab_tail_act(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    int panel = HT_PANEL_TAIL_WEIGHTS + (int)action - HT_DO_PANEL_1;
    bool number = action >= HT_DO_PANEL_1 && action <= HT_DO_PANEL_8;
    if (number && panel <= HT_PANEL_TAIL_TABLE) m->focus = (ht_panel_id)panel;
    if (action == HT_DO_GO) m->tail_all = !m->tail_all, m->scroll = 0;
    return number || action == HT_DO_GO || ht_lab_tab_act(lab, action);
}

void ht_lab_pick_layer(ht_lab *lab, int layer)
{
    ht_model *m = lab->model;
    char words[80];
    if (ht_layers_count(m) < 2) {
        ht_lab_note(lab, true,
                    m->watched ? "there is one layer, and it is shown"
                               : "there is one hidden layer, and it is shown; model.layers makes more");
        return;
    }
    m->layer = layer;
    if (lab->trainings) {
        ht_lab_trainings_layer(lab);
        return;
    }
    ht_lab_send(lab, HT_COMMAND_LAYER, 0, layer);
    ht_lab_twin_layer(lab);
    ht_layers_say(m, layer, words, sizeof words);
    ht_lab_note(lab, true, "%s; %s over the steps begins here", words,
                layer == HT_ALL_LAYERS ? "what is drawn of them" : "what is drawn of it");
}

void ht_lab_layer(ht_lab *lab, ht_action action)
{
    ht_lab_pick_layer(lab, ht_layers_beside(lab->model, lab->model->layer, action == HT_DO_LAYER ? 1 : -1));
}

void ht_lab_watch(ht_lab *lab)
{
    const ht_model *m = lab->model;
    ht_view home = m->view == HT_VIEW_ZOOM ? ht_panel_at(m->focus)->home : m->view;
    bool watched = home == HT_VIEW_TAIL || home == HT_VIEW_METHOD;
    if (watched == lab->watched) return;
    lab->watched = watched;
    ht_lab_send(lab, HT_COMMAND_WATCH, 0, watched);
}

/* ---- the views --------------------------------------------------------------------------------- */

/* The frame goes to a panel that is there; on the dashboard, where it was. */
void ht_lab_open_view(ht_lab *lab, ht_view view)
{
    ht_model *m = lab->model;
    ht_view home = m->focus < HT_PANEL_COUNT ? ht_panel_at(m->focus)->home : view;
    if (home == HT_VIEW_DASHBOARD) lab->dashboard_focus = m->focus;
    if (view == HT_VIEW_TAIL && home != view) m->focus = HT_PANEL_TAIL_WEIGHTS;
    if (view == HT_VIEW_RUNS && home != view) m->focus = HT_PANEL_RUNS_TABLE; /* which [ ] scroll */
    if (view == HT_VIEW_SETTINGS) m->focus = HT_PANEL_SETTINGS;
    if (view == HT_VIEW_METHOD && home != view) m->focus = HT_PANEL_EPOCHS;
    if (view == HT_VIEW_COMPARE && home != view) m->focus = HT_PANEL_COMPARE_DOTS;
    if (view == HT_VIEW_DASHBOARD && home != view) m->focus = lab->dashboard_focus;
    m->view = view;
}

void ht_lab_toggle_view(ht_lab *lab, ht_action action)
{
    ht_view view;
    if (!ht_view_find(action, &view)) return;
    ht_lab_open_view(lab, lab->model->view == view ? HT_VIEW_DASHBOARD : view);
}

void ht_lab_zoom(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    (void)action;
    ht_lab_open_view(lab, m->view == HT_VIEW_ZOOM ? ht_panel_at(m->focus)->home : ht_view_of(m->focus));
}

void ht_lab_back(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    (void)action;
    ht_lab_cursor_off(lab);
    ht_lab_open_view(lab, m->view == HT_VIEW_HELP ? m->view_before_help : HT_VIEW_DASHBOARD);
}

/* Looks for the word under the mouse, if that has an explanation. */
static void search_word(ht_lab *lab, int column, int row)
{
    enum { MOST = 512 };
    uint32_t line[MOST] = {0};
    char word[sizeof lab->model->search];
    const ht_surface *s = ht_cells_surface(lab->cells);
    int count = s->columns < MOST ? s->columns : MOST;
    if (row < 0 || row >= s->rows) return;
    for (int x = 0; x < count; x++) line[x] = ht_cells_at(lab->cells, x, row).glyph;
    if (ht_word_at(line, count, column, word, sizeof word))
        ht_text_copy(lab->model->search, sizeof lab->model->search, word);
}

void ht_lab_help_press(ht_lab *lab, ht_panel_id panel, int column, int row)
{
    (void)panel;
    if (lab->held) return;
    search_word(lab, column, row);
    lab->model->help_scroll = 0;
}

void ht_lab_help(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    if (m->view == HT_VIEW_HELP) {
        ht_lab_back(lab, action);
        return;
    }
    ht_panel_id own = ht_view_at(m->view)->panel;
    if (own != HT_PANEL_COUNT && ht_panel_at(m->focus)->home != m->view) m->focus = own;
    ht_lab_timeline_close(lab);
    m->view_before_help = m->view;
    m->view = HT_VIEW_HELP;
    m->help_scroll = 0;
    m->search[0] = '\0';
    if (lab->points && action == HT_DO_HELP) search_word(lab, lab->move.column, lab->move.row);
}

void ht_lab_next_panel(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    int direction = action == HT_DO_NEXT_PANEL ? 1 : -1;
    int count = lab->layout.count, at = ht_layout_find(&lab->layout, m->focus);
    if (m->timeline || m->lesson.open) count--; /* the bar is placed last */
    if (m->view == HT_VIEW_ZOOM) {
        m->focus = ht_panel_next(m->focus, direction);
        if (m->focus == HT_PANEL_TEXT && m->language.tokens == 0)
            m->focus = ht_panel_next(m->focus, direction);
    } else if (count > 0)
        m->focus = lab->layout.place[((at < 0 ? 0 : at + direction) + count) % count].panel;
}

/* ---- how it is drawn --------------------------------------------------------------------------- */

void ht_lab_log_axis(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    bool y = action == HT_DO_LOG_Y;
    bool *axis = m->focus == HT_PANEL_LOSS && y ? &m->loss_log
                 : m->focus == HT_PANEL_WEIGHTS ? (y ? &m->weights_log_y : &m->weights_log_x)
                 : m->focus == HT_PANEL_NORMS   ? &m->norms_log
                 : m->focus == HT_PANEL_STRIP   ? &m->strip_log
                                                : NULL;
    if (axis)
        *axis = !*axis;
    else if (m->focus == HT_PANEL_LOSS)
        ht_lab_note(lab, true, "steps have no logarithmic axis; l switches the other axis");
    else
        ht_lab_note(lab, true, "this panel has no logarithmic axis; Tab chooses loss, weights or norms");
}

void ht_lab_symbols(ht_lab *lab, ht_action action)
{
    ht_params *p = &lab->model->asked;
    int now = (int)ht_params_get(p, HT_P_UI_ASCII);
    (void)action;
    if (now == 0) now = (int)ht_term_symbols() + 1;
    ht_params_put(p, HT_P_UI_ASCII, now % 3 + 1);
    ht_lab_note(lab, true, "symbols: %s", ht_param_choice(HT_P_UI_ASCII, now % 3 + 1));
}

void ht_lab_theme(ht_lab *lab, ht_action action)
{
    ht_params *p = &lab->model->asked;
    int next = ((int)ht_params_get(p, HT_P_UI_THEME) + 1) % ht_param_choices(HT_P_UI_THEME);
    (void)action;
    ht_params_put(p, HT_P_UI_THEME, next);
    ht_lab_use_theme(lab);
    ht_lab_note(lab, true, "theme: %s", ht_param_choice(HT_P_UI_THEME, next));
}

void ht_lab_effort(ht_lab *lab, ht_action action)
{
    int next =
        ((int)ht_params_get(&lab->model->asked, HT_P_UI_EFFORT) + 1) % ht_param_choices(HT_P_UI_EFFORT);
    (void)action;
    ht_lab_set(lab, HT_P_UI_EFFORT, next);
}

void ht_lab_present(ht_lab *lab, ht_action action)
{
    (void)action;
    lab->model->present = !lab->model->present;
    ht_lab_open_view(lab, HT_VIEW_DASHBOARD);
}

/* One panel stays at least. The last key is for the two charts that have none of their own. */
void ht_lab_show_panel(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    unsigned both = 1u << HT_PANEL_KAPPA | 1u << HT_PANEL_HEAT, last = 1u << HT_PANEL_KAPPA,
             all = (last - 1) | both;
    bool pair = action == HT_DO_PANEL_9;
    ht_panel_id panel = (ht_panel_id)(action - HT_DO_PANEL_1);
    unsigned bits = pair ? both : 1u << panel;
    if ((m->hidden ^ bits) == all) {
        ht_lab_note(lab, true, "the last panel stays; 1 to 9 show the others again");
        return;
    }
    m->hidden ^= bits;
    m->present = false;
    ht_lab_open_view(lab, HT_VIEW_DASHBOARD);
    ht_lab_note(lab, true, "%s %s", pair ? "kappa, heat" : ht_panel_at(panel)->name,
                m->hidden & bits ? "hidden" : "shown");
}

/* The charts that are named are those that come. */
void ht_lab_turn(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    ht_text names = {0};
    int columns = ht_cells_surface(lab->cells)->columns, rows = ht_cells_surface(lab->cells)->rows;
    (void)action;
    m->present = false;
    ht_lab_open_view(lab, HT_VIEW_DASHBOARD);
    ht_scene scene = ht_scene_of(m, columns);
    ht_layout layout = ht_layout_make(columns, rows, scene);
    if (!ht_layout_turns(&layout, &scene)) {
        ht_lab_note(lab, true, "all charts are on the screen; 1 to 9 hide and show them");
        return;
    }
    scene.turn = ++m->turn;
    layout = ht_layout_make(columns, rows, scene);
    for (int i = 0; i < layout.count; i++) {
        const ht_panel *panel = ht_panel_at(layout.place[i].panel);
        if (panel->kind == HT_PANEL_IS_CHART)
            ht_text_add(&names, "%s%s", names.length ? ", " : "", panel->name);
    }
    ht_lab_note(lab, true, "charts: %s; v goes on", names.data ? names.data : "the next ones");
    ht_text_free(&names);
}
