/* panel_pruning.c - accuracy and relative error against the fraction of neurons removed. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/ghost.h"
#include "view/panel.h"

const ht_prune_point *ht_panel_point_at(const ht_report *r, double ratio)
{
    if (r->curve_count == 0) return NULL;
    int i = 0;
    while (i + 1 < r->curve_count && r->curve[i + 1].ratio <= ratio + 1e-9) i++;
    return &r->curve[i];
}

double ht_panel_cursor(const ht_model *m)
{
    return m->prune_cursor >= 0 ? m->prune_cursor : m->report.pruned.ratio;
}

const char *ht_panel_error_symbol(const ht_report *r)
{
    return r->metric == HT_FRO ? "ε" : "ε²";
}

static void add_curves(const ht_report *r, ht_chart *chart)
{
    ht_series *accuracy = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_PRUNED, "test accuracy", r->curve_count);
    for (int i = 0; accuracy && i < r->curve_count; i++) {
        accuracy->x[i] = r->curve[i].ratio;
        accuracy->high[i] = r->curve[i].accuracy;
    }
    ht_series *error = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_ERROR, "", r->curve_count);
    if (!error) return;
    error->dotted = true;
    snprintf(error->name, sizeof error->name, "error %s", ht_panel_error_symbol(r));
    for (int i = 0; i < r->curve_count; i++) {
        error->x[i] = r->curve[i].ratio;
        error->high[i] = r->curve[i].error;
    }
}

/* Earlier runs: accuracy, and dotted the error. */
static void add_ghosts(const ht_model *m, int columns, ht_chart *chart)
{
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_report *r = &m->ghost[i]->report;
        ht_series *accuracy = ht_ghost_add(m, chart, i, columns, r->curve_count);
        ht_series *error = ht_chart_add(chart, HT_MARK_LINE, ht_ghost_role(i), "", r->curve_count);
        if (error) error->dotted = true;
        for (int k = 0; accuracy && error && k < r->curve_count; k++) {
            accuracy->x[k] = error->x[k] = r->curve[k].ratio;
            accuracy->high[k] = r->curve[k].accuracy;
            error->high[k] = r->curve[k].error;
        }
        if (accuracy) snprintf(accuracy->value, sizeof accuracy->value, "κ %.3f", r->pruned.ratio);
    }
}

static void explain_samples(const ht_report *r, ht_chart *chart)
{
    char used[24];
    ht_format_grouped(used, sizeof used, r->samples);
    /* While training; all of them once it is paused. */
    if (r->samples < r->samples_of) snprintf(chart->note, sizeof chart->note, "%s test samples", used);
}

void ht_panel_pruning(const ht_model *m, int columns, ht_chart *chart)
{
    const ht_report *r = &m->report;
    char label[40];
    snprintf(chart->title, sizeof chart->title, "Pruning (%s)",
             ht_param_choice(HT_P_PRUNE_METHOD, (int)r->method));
    ht_text_copy(chart->empty, sizeof chart->empty, "the first look is on its way");
    chart->x = (ht_axis){.low = 0, .high = 1, .fixed = true, .label = "fraction removed"};
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
    if (r->curve_count == 0) return;
    add_ghosts(m, columns, chart);
    add_curves(r, chart);
    snprintf(label, sizeof label, "κ=%.3f", r->pruned.ratio);
    ht_chart_mark(chart, true, r->pruned.ratio, HT_ROLE_MARK, label);
    snprintf(label, sizeof label, "%s=%.3g", ht_panel_error_symbol(r), r->error);
    ht_chart_mark(chart, false, r->error, HT_ROLE_MARK, label);
    explain_samples(r, chart);
    if (m->view != HT_VIEW_PRUNING) return;
    chart->cursor_on = true;
    chart->cursor_x = ht_panel_cursor(m);
}

enum { WIDE = 26 }; /* columns from which labels need no short form */

static void add_cursor_rows(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_report *r = &m->report;
    const ht_prune_point *p = ht_panel_point_at(r, ht_panel_cursor(m));
    char removed[24], kept[24], label[40];
    if (!p) return;
    ht_format_grouped(removed, sizeof removed, p->removed);
    ht_format_grouped(kept, sizeof kept, r->width - p->removed);
    snprintf(label, sizeof label, "error %s", ht_panel_error_symbol(r));
    ht_panel_add_heading(form, m->prune_cursor < 0 ? "At the cursor (on κ)" : "At the cursor");
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, room.columns < WIDE ? "fraction" : "fraction removed",
                "%.4f", p->ratio);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "neurons removed", "%s", removed);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "neurons kept", "%s", kept);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_PRUNED, "test accuracy", "%.4f", p->accuracy);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_PRUNED, "change", "%+.4f", p->accuracy - r->full.accuracy);
    if (isfinite(p->loss)) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEST, "test loss", "%.4g", p->loss);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_ERROR, label, "%.4f", p->error);
}

/* κ in words: the numbers of the moment stand in the rows above. */
static void add_kappa_words(const ht_report *r, ht_room room, ht_form *form)
{
    char removed[24], width[24], words[240];
    double square = r->metric == HT_FRO ? r->pruned.error * r->pruned.error : r->pruned.error;
    ht_format_grouped(removed, sizeof removed, r->removed);
    ht_format_grouped(width, sizeof width, r->width);
    snprintf(words, sizeof words,
             "The smallest %s of %s neurons hold %.3g %% of the squared norm. Without them test accuracy is "
             "%.3f (%+.3f).",
             removed, width, 100 * square, r->pruned.accuracy, r->pruned.accuracy - r->full.accuracy);
    ht_panel_add_text(form, room, HT_ROLE_TEXT, words);
}

static void add_kappa_rows(const ht_model *m, ht_room room, ht_form *form)
{
    const ht_report *r = &m->report;
    char samples[24], label[40];
    ht_format_grouped(samples, sizeof samples, r->samples);
    snprintf(label, sizeof label, "κ at %s = %.3g", ht_panel_error_symbol(r), r->error);
    ht_panel_add_heading(form, "Pruning ratio");
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_MARK, label, "%.4f", r->pruned.ratio);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEST, "accuracy before", "%.4f", r->full.accuracy);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_PRUNED, "accuracy at κ", "%.4f", r->pruned.accuracy);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "test samples", "%s", samples);
    add_kappa_words(r, room, form);
}

/* Only where they fit: the key bar and the help know them too. */
static void add_keys(ht_room room, ht_form *form)
{
    static const char *const keys[][2] = {
        {"← →", "move the cursor"}, {"< >", "move it far"}, {"e", "PNG of this panel"}, {"Esc", "dashboard"}};
    int count = (int)(sizeof keys / sizeof keys[0]);
    if (form->count + 1 + count > room.rows) return;
    ht_panel_add_heading(form, "Keys");
    for (int i = 0; i < count; i++) ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, keys[i][0], "%s", keys[i][1]);
}

void ht_panel_pruning_readout(const ht_model *m, ht_room room, ht_form *form)
{
    ht_text_copy(form->title, sizeof form->title, "Read-out");
    if (m->report.curve_count == 0) {
        ht_form_add(form, HT_ROW_TEXT, HT_ROLE_DIM, "the first look is on its way", "%s", "");
        return;
    }
    add_cursor_rows(m, room, form);
    add_kappa_rows(m, room, form);
    if (m->control >= 0) add_keys(room, form); /* not in a picture */
}
