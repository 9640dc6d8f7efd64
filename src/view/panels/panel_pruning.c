/* panel_pruning.c - accuracy against what was removed: on the dashboard the method of the settings, in the
 * pruning view every method that is shown, under a cursor. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/ghost.h"
#include "view/panels/panels.h"
#include "chart/prune_chart.h"
#include "view/pruning.h"

/* An earlier run's method of the settings: accuracy, and dotted the error. */
static void add_ghost(const ht_model *m, int i, int columns, ht_prune_axis axis, ht_chart *chart)
{
    const ht_report *r = &m->ghost[i]->report;
    const ht_prune_look *look = &r->look[r->method];
    if (look->count == 0) return; /* pinned before the first look */
    ht_series *accuracy = ht_ghost_add(m, chart, i, columns, look->count);
    ht_series *error = axis != HT_BY_UNITS
                           ? NULL
                           : ht_chart_add(chart, HT_MARK_LINE, ht_ghost_role(m->ghost[i]), "", look->count);
    if (error) error->dash = HT_DOTTED;
    if (error) snprintf(error->said, sizeof error->said, "%c error", m->ghost[i]->letter);
    for (int k = 0; k < look->count; k++) {
        double x = ht_prune_x(&look->points[k], axis);
        if (accuracy) accuracy->x[k] = x, accuracy->high[k] = look->points[k].accuracy;
        if (error) error->x[k] = x, error->high[k] = look->points[k].error;
    }
    if (accuracy) ht_prune_say_kappa(&look->at, axis, accuracy->value, sizeof accuracy->value);
}

static void add_methods(const ht_report *r, unsigned shown, ht_prune_axis axis, int columns, ht_chart *chart)
{
    enum { WIDE_FROM = 120 }; /* columns from which the legend has room for each κ */
    ht_prune_lines lines = {.metric = r->metric, .error = r->error, .split = "test", .axis = axis};
    for (int m = 0; m < HT_PRUNE_METHODS; m++) {
        const ht_prune_look *look = &r->look[m];
        if (!(shown >> m & 1) || look->count == 0) continue;
        lines.line[lines.count++] =
            (ht_prune_line){(ht_prune_method)m, look->count, look->points, &look->at, NULL, look->unit};
    }
    lines.terse = lines.count > 2 && ht_chart_columns(chart, columns) < WIDE_FROM;
    ht_prune_chart(&lines, chart);
}

/* Which weights the curve is of, and how many samples it was evaluated on: all of them once it is paused. */
static void say_samples(const ht_model *m, const ht_prune_look *look, ht_chart *chart)
{
    char used[24], all[24], next[24];
    ht_format_grouped(used, sizeof used, look->samples);
    ht_format_grouped(all, sizeof all, m->report.samples_of);
    if (look->count == 0) return;
    if (look->samples < m->report.samples_of)
        snprintf(chart->note, sizeof chart->note, "first %s of %s test samples", used, all);
    size_t length = strlen(chart->note);
    ht_format_grouped(next, sizeof next, m->report.samples_next);
    if (look->samples < m->report.samples_next && length < sizeof chart->note)
        snprintf(chart->note + length, sizeof chart->note - length, ", %s on the way", next);
    ht_panel_say_when(m, look->step, look->seconds, chart);
}

/* What is asked for and not there yet comes before what the samples are. */
static void say_pending(const ht_report *r, unsigned shown, ht_chart *chart)
{
    unsigned pending = r->pending & shown;
    for (int m = 0; m < HT_PRUNE_METHODS && r->samples_next > 0; m++) /* there, if on fewer samples */
        if (r->look[m].count > 0 && r->look[m].step == r->step) pending &= ~(1u << m);
    size_t used = 0;
    for (int m = 0; m < HT_PRUNE_METHODS && used < sizeof chart->note; m++)
        if (pending >> m & 1)
            used += (size_t)snprintf(chart->note + used, sizeof chart->note - used, "%s%s", used ? ", " : "",
                                     ht_prune_at((ht_prune_method)m)->name);
    if (used && used < sizeof chart->note)
        snprintf(chart->note + used, sizeof chart->note - used, " %s on the way",
                 (pending & (pending - 1)) ? "are" : "is");
}

/* Up to where at most one point of accuracy is lost, and the cursor. */
static void add_cursor(const ht_model *m, ht_prune_axis axis, ht_chart *chart)
{
    const ht_prune_look *look = ht_pruning_lead(m);
    const ht_prune_point *p = ht_pruning_at(look, look->reading.one_point, HT_BY_UNITS);
    char label[40];
    if (p) {
        double x = axis != HT_BY_UNITS ? ht_prune_x(p, axis) : look->reading.one_point;
        snprintf(label, sizeof label, "-1 point %.3f", x);
        ht_chart_mark(chart, true, ht_prune_x(p, axis), HT_ROLE_DIM, label);
    }
    chart->cursor_on = true;
    chart->cursor_x = ht_pruning_cursor(m);
}

void ht_panel_pruning(const ht_model *m, int columns, ht_chart *chart)
{
    const ht_report *r = &m->report;
    bool view = m->view == HT_VIEW_PRUNING;
    ht_prune_axis axis = view ? ht_pruning_axis(m) : HT_BY_UNITS;
    unsigned shown = view ? ht_pruning_shown(m) : 1u << r->method;
    chart->unit = "";
    chart->x = (ht_axis){.low = 0, .high = 1, .fixed = true};
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
    ht_text_copy(chart->title, sizeof chart->title, "Pruning");
    ht_text_copy(chart->empty, sizeof chart->empty, ht_model_measuring(m));
    if (view) chart->gutter = 6;
    if (r->count == 0 || r->look[r->method].count == 0) return;
    for (int i = 0; i < m->ghost_count; i++) add_ghost(m, i, columns, axis, chart);
    add_methods(r, shown, axis, columns, chart);
    if (view) add_cursor(m, axis, chart);
    say_samples(m, view ? ht_pruning_lead(m) : &r->look[r->method], chart);
    if (view) say_pending(r, shown, chart);
}
