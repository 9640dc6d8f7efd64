/* panel_settings.c - the menu of settings: the list of them, and all that there is to know of the chosen one.
 */
#include <stdio.h>

#include "base/text.h"
#include "view/menu/settings.h"
#include "view/panels/panels.h"

/* When a change takes effect: in the list, and as a sentence. */
static const struct {
    const char *word, *sentence;
} when[] = {
    [HT_LIVE] = {"next step", "at the next step"},
    [HT_RESET] = {"new run", "in a new run: heavytail --set"},
    [HT_VIEW] = {"at once", "at once"},
};
_Static_assert(sizeof when / sizeof when[0] == HT_VIEW + 1, "nothing says when a setting takes effect");

enum { MARGIN = 3, VALUE = 16, WHEN = 11, WHEN_FROM = 50, RANGE_FROM = 74 }; /* columns */

/* "0.05", "2000 neurons"; while it is typed, what is typed. */
static void write_value(const ht_model *m, ht_param p, char *to, size_t size)
{
    char value[HT_PARAM_VALUE];
    bool typed = m->prompt == HT_PROMPT_VALUE && p == m->settings.chosen;
    ht_params_format(&m->asked, p, value, sizeof value);
    if (typed) snprintf(value, sizeof value, "%s▏", m->typed);
    ht_text_copy(to, size, value);
}

static void add_setting(const ht_model *m, ht_room room, ht_param p, ht_form *form)
{
    char label[200], range[120], value[100];
    const ht_param_info *info = ht_param_at(p);
    bool differs = ht_settings_differs(m, p);
    ht_settings_range(p, range, sizeof range);
    ht_text_copy(label, sizeof label, info->key);
    if (room.columns >= RANGE_FROM)
        snprintf(label, sizeof label, "%s\t%s\t%s", info->key, ht_utf8_length(range) < 34 ? range : "…",
                 when[info->live].word);
    else if (room.columns >= WHEN_FROM)
        snprintf(label, sizeof label, "%s\t%s", info->key, when[info->live].word);
    write_value(m, p, value, sizeof value);
    ht_role role = differs ? HT_ROLE_MARK : info->live == HT_RESET ? HT_ROLE_DIM : HT_ROLE_TEXT;
    ht_row *row = ht_form_add(form, HT_ROW_TABLE, role, label, "%s%s", differs ? "* " : "", value);
    row->id = (int)p;
    row->selected = p == m->settings.chosen;
}

void ht_panel_settings(const ht_model *m, ht_room room, ht_form *form)
{
    ht_settings_row rows[HT_SETTINGS_ROWS];
    int count = ht_settings_rows(m, rows);
    const char *word = m->prompt == HT_PROMPT_SEARCH ? m->typed : m->settings.filter;
    ht_text_copy(form->title, sizeof form->title, "Settings");
    if (word[0]) snprintf(form->title, sizeof form->title, "Settings with \"%.30s\"", word);
    ht_text_copy(form->hint, sizeof form->hint, word[0] ? "Esc: all" : "/ finds, Esc back");
    ht_text_copy(form->keys, sizeof form->keys, ": ↓ ]");
    int end = room.columns - MARGIN - VALUE;
    form->stop[0] = room.columns >= RANGE_FROM ? end - WHEN : end;
    form->stop[1] = end;
    for (int i = 0; i < count; i++)
        if (rows[i].heading)
            ht_panel_add_heading(form, rows[i].heading);
        else
            add_setting(m, room, rows[i].param, form);
    if (count == 0) ht_form_add(form, HT_ROW_TEXT, HT_ROLE_DIM, "no setting has this word", "%s", "");
    form->first = ht_settings_first(m, room.rows);
}

/* ---- the chosen one ---------------------------------------------------------------------------- */

static void add_control(const ht_model *m, ht_param p, ht_form *form)
{
    const ht_param_info *info = ht_param_at(p);
    char value[100];
    bool number = info->type == HT_TYPE_INT || info->type == HT_TYPE_REAL,
         choice = info->type == HT_TYPE_CHOICE || info->type == HT_TYPE_BOOL;
    write_value(m, p, value, sizeof value);
    ht_row *row =
        ht_form_add(form,
                    info->live == HT_RESET ? HT_ROW_VALUE
                    : number               ? HT_ROW_SLIDER
                    : choice               ? HT_ROW_CHOICE
                                           : HT_ROW_VALUE,
                    HT_ROLE_TEXT, ht_model_symbol(p), "%s%s%s", value, *info->unit ? " " : "", info->unit);
    row->id = (int)p;
    row->position = number ? ht_param_position(p, ht_params_get(&m->asked, p)) : 0;
    row->applied = number ? ht_param_position(p, ht_settings_applied(m, p)) : 0;
    ht_model_bound(info->low, row->low, sizeof row->low);
    ht_model_bound(info->high, row->high, sizeof row->high);
}

static void add_facts(const ht_model *m, ht_room room, ht_param p, ht_form *form)
{
    char text[HT_PARAM_VALUE], line[HT_PARAM_VALUE + 40];
    const ht_param_info *info = ht_param_at(p);
    ht_params defaults;
    ht_params_init(&defaults);
    snprintf(line, sizeof line, "Takes effect %s%s%s%s.", when[info->live].sentence,
             info->live == HT_RESET ? " " : "", info->live == HT_RESET ? info->key : "",
             info->live == HT_RESET ? "=…" : "");
    ht_panel_add_text(form, room, HT_ROLE_DIM, line);
    ht_settings_range(p, text, sizeof text);
    snprintf(line, sizeof line, "Range: %s.", text);
    if (text[0]) ht_panel_add_text(form, room, HT_ROLE_DIM, line);
    ht_params_format(&m->settings.preset, p, text, sizeof text);
    ht_form_add(form, HT_ROW_VALUE, ht_settings_differs(m, p) ? HT_ROLE_MARK : HT_ROLE_TEXT, "the preset has",
                "%.100s", text);
    ht_params_format(&defaults, p, text, sizeof text);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "default", "%.100s", text);
}

void ht_panel_setting(const ht_model *m, ht_room room, ht_form *form)
{
    static const ht_panel_key keys[] = {
        {"↑ ↓", "choose", true},
        {"← →", "change; Shift: far", true},
        {"Enter", "type a value, or the next", true},
        {"d", "as the preset has", true},
        {"u U", "undo, redo", true},
        {"/", "find; letters but d u U q F, too", true},
        {"Esc", "back", true},
    };
    ht_settings_row rows[HT_SETTINGS_ROWS];
    ht_param p = m->settings.chosen;
    ht_text_copy(form->title, sizeof form->title,
                 ht_settings_rows(m, rows) > 0 ? ht_param_at(p)->key : "Setting");
    if (ht_settings_rows(m, rows) == 0) return;
    add_control(m, p, form);
    ht_panel_add_text(form, room, HT_ROLE_TEXT, ht_param_at(p)->help);
    add_facts(m, room, p, form);
    ht_panel_add_keys(m, form, room, keys, (int)(sizeof keys / sizeof keys[0]));
}
