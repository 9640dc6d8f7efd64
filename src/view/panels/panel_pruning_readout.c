/* panel_pruning_readout.c - the numbers beside the pruning chart: what is shown, what the cursor stands on,
 * and the marks in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/panels/panels.h"
#include "chart/prune_chart.h"
#include "view/pruning.h"

enum {
    NARROW = 28, /* columns from which an accuracy has its change beside it */
    WIDE = 32,   /* columns from which labels need no short form */
    TALL = 30,   /* rows from which all methods are listed, the hidden ones too */
    TALLER = 44  /* rows from which each has a second row */
};

/* ---- methods ---- */

/* On such an axis: up to where at most one point of accuracy is lost. */
static double one_point_of(const ht_prune_look *look, ht_prune_axis axis)
{
    if (axis == HT_BY_UNITS) return look->reading.one_point;
    const ht_prune_point *p = ht_pruning_at(look, look->reading.one_point, HT_BY_UNITS);
    return p ? ht_prune_x(p, axis) : (double)NAN;
}

/* "0.9750": the accuracy at the cursor. */
static void add_method(const ht_model *m, ht_room room, ht_prune_method method, ht_form *form)
{
    const ht_prune_look *look = &m->report.look[method];
    ht_prune_axis axis = ht_pruning_axis(m);
    bool shown = ht_pruning_shown(m) >> method & 1, several = axis != HT_BY_UNITS;
    const ht_prune_point *p = shown ? ht_pruning_under(m, look) : NULL;
    char label[40];
    snprintf(label, sizeof label, "%c %s", ht_prune_tag(method), ht_prune_at(method)->name);
    ht_row *row = ht_form_add(form, HT_ROW_VALUE, shown ? ht_prune_role(method) : HT_ROLE_DIM, label, "%s",
                              m->report.refused >> method & 1 ? "not for attention"
                              : shown                         ? "on its way"
                                                              : "-");
    row->id = (int)method;
    row->selected = m->control >= 0 && shown && method == m->prune_lead && several;
    if (!p) return;
    if (room.columns < WIDE)
        snprintf(row->value, sizeof row->value, "%.3f", p->accuracy);
    else
        snprintf(row->value, sizeof row->value, "%.4f (%+.4f)", p->accuracy,
                 p->accuracy - look->points[0].accuracy);
    if (room.rows < TALLER || !several) return;
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "", "κ at %.3f  %s %.3f  -1 point %.3f",
                ht_prune_x(&look->at, axis), ht_model_error_symbol(&m->report), p->error,
                one_point_of(look, axis))
        ->id = (int)method;
}

/* The legend that can be clicked. */
static void add_methods(const ht_model *m, ht_room room, ht_form *form)
{
    unsigned listed = room.rows >= TALL ? (1u << HT_PRUNE_METHODS) - 1 : ht_pruning_shown(m);
    char text[48];
    snprintf(text, sizeof text, "%s there (1-%d)", room.columns < WIDE ? "Accuracy" : "Test accuracy",
             HT_PRUNE_METHODS);
    if (listed != ht_pruning_shown(m) || ht_pruning_axis(m))
        ht_panel_add_heading(form, text);
    else
        listed = 0;
    for (int i = 0; i < HT_PRUNE_METHODS; i++)
        if (listed >> i & 1) add_method(m, room, (ht_prune_method)i, form);
}

/* ---- the cursor ---- */

/* "0.67 MB" */
static void add_bytes(ht_form *form, const char *label, double bytes)
{
    bool large = bytes >= 1e6;
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, label, "%.2f %s", bytes / (large ? 1e6 : 1e3),
                large ? "MB" : "kB");
}

/* "neurons kept": in a narrow form only "kept". */
static void add_count(ht_room room, const char *units, const char *what, int64_t count, ht_form *form)
{
    char label[48], text[32];
    const char *unit = room.columns < WIDE ? "" : units;
    snprintf(label, sizeof label, "%s%s%s", unit, *unit ? " " : "", what);
    ht_format_grouped(text, sizeof text, count);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, label, "%s", text);
}

static void add_accuracy(ht_room room, ht_prune_method method, const ht_prune_point *p, double before,
                         ht_form *form)
{
    const char *label = room.columns < WIDE ? "accuracy" : "test accuracy";
    ht_row *row = ht_form_add(form, HT_ROW_VALUE, ht_prune_role(method), label, "%.4f", p->accuracy);
    if (room.columns >= NARROW)
        snprintf(row->value, sizeof row->value, "%.4f (%+.4f)", p->accuracy, p->accuracy - before);
}

static void add_size(const ht_model *m, ht_room room, const ht_prune_point *p, ht_form *form)
{
    char text[32];
    double whole = (double)m->report.parameters;
    bool narrow = room.columns < WIDE;
    ht_format_grouped(text, sizeof text, llround(p->weights * whole));
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, narrow ? "weights" : "weights left", "%s", text);
    if (room.rows >= TALL) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "of all", "%.4f", p->weights);
    add_bytes(form, narrow ? "memory" : "memory left", 4 * whole * p->bytes);
}

static void add_speed(const ht_report *r, ht_prune_method method, ht_form *form)
{
    char label[40];
    if (!isfinite(r->speed_up) || r->speed_up <= 0 || r->speed_method != method) return;
    snprintf(label, sizeof label, "speed at %.3f", r->speed_ratio);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, label, "× %.1f", r->speed_up);
}

/* Of the method's units, and where the axis is another, on that. */
static void add_fractions(const ht_model *m, ht_room room, const char *unit, const ht_prune_point *p,
                          ht_form *form)
{
    ht_prune_axis axis = ht_pruning_axis(m);
    bool several = axis != HT_BY_UNITS, narrow = room.columns < WIDE;
    char label[48];
    snprintf(label, sizeof label, "%s%s%s", several ? "of " : "fraction", several ? unit : "",
             narrow ? "" : " removed");
    if (!several || strcmp(unit, ht_prune_axis_word(axis)) != 0)
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, label, "%.4f", p->ratio);
    snprintf(label, sizeof label, "of all %s%s", ht_prune_axis_word(axis), narrow ? "" : " removed");
    if (several) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, label, "%.4f", ht_prune_x(p, axis));
}

static void add_cursor(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_report *r = &m->report;
    ht_prune_method method = m->prune_lead;
    const ht_prune_look *look = ht_pruning_lead(m);
    const ht_prune_point *p = ht_pruning_under(m, look);
    char text[96];
    snprintf(text, sizeof text, "%s at %s", ht_prune_at(method)->name,
             m->prune_cursor < 0 ? "κ (the cursor)" : "the cursor");
    ht_panel_add_heading(form, text);
    if (!p) {
        ht_form_add(form, HT_ROW_TEXT, HT_ROLE_DIM, "on its way: it is looked at now", "%s", "");
        return;
    }
    add_fractions(m, room, ht_pruning_unit(look, method), p, form);
    add_count(room, ht_pruning_unit(look, method), "removed", p->removed, form);
    add_count(room, ht_pruning_unit(look, method), "kept", look->units - p->removed, form);
    add_accuracy(room, method, p, look->points[0].accuracy, form);
    if (isfinite(p->loss)) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEST, "test loss", "%.4g", p->loss);
    snprintf(text, sizeof text, "error %s", ht_model_error_symbol(r));
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_ERROR, text, "%.4f", p->error);
    add_size(m, room, p, form);
    add_speed(r, method, form);
}

/* ---- marks ---- */

static void add_marks(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_report *r = &m->report;
    const ht_prune_look *look = ht_pruning_lead(m);
    char text[400];
    if (look->count == 0) return;
    ht_panel_add_heading(form, "The whole curve");
    ht_prune_axis axis = ht_pruning_axis(m);
    if (axis != HT_BY_UNITS) /* which κ is of */
        snprintf(text, sizeof text, "κ of %s", ht_pruning_unit(look, m->prune_lead));
    else
        snprintf(text, sizeof text, "κ at %s = %.3g", ht_model_error_symbol(r), r->error);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_KAPPA, text, "%.4f", look->at.ratio);
    if (axis != HT_BY_UNITS) {
        snprintf(text, sizeof text, "%sof all %s", room.columns < WIDE ? "" : "so ",
                 ht_prune_axis_word(axis));
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_KAPPA, text, "%.4f", ht_prune_x(&look->at, axis));
    }
    if (ht_pruning_off_curve(m, m->prune_lead)) {
        snprintf(text, sizeof text, "κ: each layer at %s = %.3g, so off the curve of equal shares.",
                 ht_model_error_symbol(r), r->error);
        ht_panel_add_text(form, room, HT_ROLE_DIM, text);
    }
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT,
                room.columns < WIDE ? "-1 point at" : "≤ 1 point lost up to", "%.4f",
                one_point_of(look, axis));
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, room.columns < WIDE ? "area" : "area under the curve",
                "%.4f", look->reading.area);
    ht_format_grouped(text, sizeof text, look->samples);
    if (room.columns >= WIDE) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "test samples", "%s", text);
    if (m->prune_lead == HT_PRUNE_NODE) ht_panel_add_layers(m, room, 0, form);
    ht_pruning_words(r, m->prune_lead, ht_pruning_off_curve(m, m->prune_lead), text, sizeof text);
    ht_panel_add_text(form, room, HT_ROLE_TEXT, text);
}

static void add_keys(const ht_model *m, ht_room room, ht_form *form)
{
    char numbers[8];
    snprintf(numbers, sizeof numbers, "1-%d", HT_PRUNE_METHODS);
    const ht_panel_key keys[] = {
        {numbers, "methods over each other", true}, {"← → < >", "move the cursor", true},
        {"x", "remove it from the network", true},  {"X", "and keep it at zero", true},
        {"u M", "undo; mask away", true},           {"Enter", "all samples, and speed", true},
    };
    ht_panel_add_keys(m, form, room, keys, (int)(sizeof keys / sizeof keys[0]));
}

void ht_panel_pruning_readout(const ht_model *m, ht_room room, ht_form *form)
{
    ht_text_copy(form->title, sizeof form->title, "Read-out");
    if (m->report.count == 0) {
        ht_form_add(form, HT_ROW_TEXT, HT_ROLE_DIM, "measuring", "%s", "");
        return;
    }
    add_methods(m, room, form);
    add_cursor(m, room, form);
    add_marks(m, room, form);
    add_keys(m, room, form);
}
