/* panel_pruning.c - accuracy and relative error against the fraction of neurons removed. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
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

static const char *error_symbol(const ht_report *r)
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
    snprintf(error->name, sizeof error->name, "error %s", error_symbol(r));
    for (int i = 0; i < r->curve_count; i++) {
        error->x[i] = r->curve[i].ratio;
        error->high[i] = r->curve[i].error;
    }
}

static void explain_samples(const ht_report *r, ht_chart *chart)
{
    char used[24], all[24];
    ht_format_grouped(used, sizeof used, r->samples);
    ht_format_grouped(all, sizeof all, r->samples_of);
    if (r->samples < r->samples_of)
        snprintf(chart->note, sizeof chart->note, "on %s of %s test samples while training; all when paused",
                 used, all);
}

void ht_panel_pruning(const ht_model *m, int columns, ht_chart *chart)
{
    (void)columns;
    const ht_report *r = &m->report;
    char label[40];
    snprintf(chart->title, sizeof chart->title, "Pruning (%s)",
             ht_param_choice(HT_P_PRUNE_METHOD, (int)r->method));
    ht_text_copy(chart->empty, sizeof chart->empty, "the first look is on its way");
    chart->x = (ht_axis){.low = 0, .high = 1, .fixed = true, .label = "fraction removed"};
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
    if (r->curve_count == 0) return;
    add_curves(r, chart);
    snprintf(label, sizeof label, "κ=%.3f", r->pruned.ratio);
    ht_chart_mark(chart, true, r->pruned.ratio, HT_ROLE_MARK, label);
    snprintf(label, sizeof label, "%s=%.3g", error_symbol(r), r->error);
    ht_chart_mark(chart, false, r->error, HT_ROLE_MARK, label);
    explain_samples(r, chart);
    snprintf(chart->hint, sizeof chart->hint, "κ %.3f", r->pruned.ratio);
    if (m->view != HT_VIEW_PRUNING) return;
    chart->cursor_on = true;
    chart->cursor_x = ht_panel_cursor(m);
}

static void add_cursor_rows(const ht_model *m, ht_form *form)
{
    const ht_report *r = &m->report;
    const ht_prune_point *p = ht_panel_point_at(r, ht_panel_cursor(m));
    char removed[24], kept[24];
    if (!p) return;
    ht_format_grouped(removed, sizeof removed, p->removed);
    ht_format_grouped(kept, sizeof kept, r->width - p->removed);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, "At the cursor", "%s", "");
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "fraction removed", "%.4f", p->ratio);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "neurons removed", "%s", removed);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "neurons kept", "%s", kept);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_PRUNED, "test accuracy", "%.4f", p->accuracy);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_PRUNED, "change", "%+.4f", p->accuracy - r->full.accuracy);
    if (isfinite(p->loss)) ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEST, "test loss", "%.4g", p->loss);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_ERROR,
                r->metric == HT_FRO ? "relative error ε" : "relative error ε²", "%.4g", p->error);
}

static void add_kappa_rows(const ht_model *m, ht_form *form)
{
    const ht_report *r = &m->report;
    char removed[24], width[24], samples[24];
    const char *symbol = r->metric == HT_FRO ? "ε" : "ε²";
    ht_format_grouped(removed, sizeof removed, r->removed);
    ht_format_grouped(width, sizeof width, r->width);
    ht_format_grouped(samples, sizeof samples, r->samples);
    char label[40];
    snprintf(label, sizeof label, "κ at %s = %.3g", symbol, r->error);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, "Pruning ratio", "%s", "");
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_MARK, label, "%.4f", r->pruned.ratio);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "accuracy before", "%.4f", r->full.accuracy);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_PRUNED, "accuracy at κ", "%.4f", r->pruned.accuracy);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_DIM, "test samples", "%s", samples);
    ht_row *words = ht_form_add(form, HT_ROW_TEXT, HT_ROLE_TEXT, "", "%s", "");
    snprintf(words->label, sizeof words->label,
             "The smallest %s of %s neurons hold %.3g %% of the squared norm; without them test accuracy is "
             "%.3f (%+.3f).",
             removed, width,
             100 * (r->metric == HT_FRO ? r->pruned.error * r->pruned.error : r->pruned.error),
             r->pruned.accuracy, r->pruned.accuracy - r->full.accuracy);
}

void ht_panel_pruning_readout(const ht_model *m, int columns, ht_form *form)
{
    (void)columns;
    ht_text_copy(form->title, sizeof form->title, "Read-out");
    if (m->report.curve_count == 0) {
        ht_form_add(form, HT_ROW_TEXT, HT_ROLE_DIM, "the first look is on its way", "%s", "");
        return;
    }
    add_cursor_rows(m, form);
    add_kappa_rows(m, form);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TITLE, "Keys", "%s", "");
    ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, "← →", "move the cursor (Shift: far)");
    ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, "e", "PNG of this panel");
    ht_form_add(form, HT_ROW_KEY, HT_ROLE_TEXT, "Esc", "dashboard");
}
