/* panel_kappa.c - the pruning ratio κ over the steps: every look, their running median and quartiles. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "chart/spread.h"
#include "view/ghost.h"
#include "view/layers/layers.h"
#include "view/panels/panels.h"

enum { COLUMNS_MOST = 1024, WIDE_FROM = 44, LOOKS_LEAST = 4 }; /* of quartiles */

static const double QUARTILE = 0.25;

/* Of the picked layer, where norms tell what falls on it; else over all. */
static ht_trace trace_of(const ht_model *m)
{
    bool own = m->heat_layer != HT_ALL_LAYERS && ht_layers_count(m) > 1 && m->report.glimpse.kappa.units > 0;
    return own ? HT_TRACE_LAYER : HT_TRACE_KAPPA;
}

static const ht_curve *curve_of(const ht_model *m)
{
    return &m->trace[trace_of(m)];
}

/* Every look, as a dot, which is large while they are few; where a column has many, the smallest and the
 * largest. */
static void add_looks(const ht_model *m, ht_chart *chart, int columns)
{
    enum { FEW = 24 };
    const ht_curve *curve = curve_of(m);
    ht_bucket look[FEW + 1];
    int count =
        curve->count > FEW ? 0 : ht_curve_columns(curve, chart->x.low, chart->x.high, FEW + 1, 0, look);
    if (count == 0) {
        ht_spread_add_extremes(chart, curve, HT_ROLE_KAPPA, columns);
        return;
    }
    ht_series *dots = ht_chart_add(chart, HT_MARK_POINTS, HT_ROLE_KAPPA, "", count);
    if (dots) ht_text_copy(dots->said, sizeof dots->said, "a look");
    for (int i = 0; dots && i < count; i++) dots->x[i] = look[i].last, dots->high[i] = look[i].final;
}

/* The running medians of earlier runs: over all layers, or where theirs are of the same one. */
static void add_ghosts(const ht_model *m, ht_chart *chart, int columns)
{
    ht_trace trace = trace_of(m);
    ht_spread spread[COLUMNS_MOST] = {0};
    int most = columns / 2 < 1 ? 1 : columns / 2 < COLUMNS_MOST ? columns / 2 : COLUMNS_MOST;
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_curve *curve = &m->ghost[i]->trace[trace];
        if (trace == HT_TRACE_LAYER && m->ghost[i]->report.glimpse.layer != m->heat_layer) continue;
        int count = ht_spread_of(curve, chart->x.low, chart->x.high, most, QUARTILE, spread);
        ht_series *s = ht_ghost_add(m, chart, i, columns, count);
        for (int k = 0; s && k < count; k++) s->x[k] = spread[k].step, s->high[k] = spread[k].middle;
    }
}

/* "0.36 now, median 0.39 (0.31 to 0.55)": of the steps that are shown. The legend has the median, too. */
static void add_note(const ht_model *m, int columns, ht_chart *chart, ht_series *line)
{
    static const double shares[] = {QUARTILE, 0.5, 1 - QUARTILE};
    const ht_curve *curve = curve_of(m);
    double quantile[3];
    ht_bucket shown;
    if (!ht_spread_quantiles(curve, chart->x.low, chart->x.high, 3, shares, quantile)) return;
    if (ht_curve_columns(curve, chart->x.low, chart->x.high, 1, 0, &shown) != 1) return;
    ht_axis_fit(&chart->y, shown.low, shown.high); /* dots beyond the axis would be no news of a share */
    const char *when = isnan(m->window_end) ? "now" : "last";
    if (shown.count < LOOKS_LEAST) {
        snprintf(chart->note, sizeof chart->note, "%.2f %s; few looks yet", shown.final, when);
        return;
    }
    if (line)
        snprintf(line->value, sizeof line->value, "%.2f", line->middle_of == 1 ? shown.final : quantile[1]);
    if (ht_chart_columns(chart, columns) < WIDE_FROM)
        snprintf(chart->note, sizeof chart->note, "%.2f %s (%.2f to %.2f)", shown.final, when, quantile[0],
                 quantile[2]);
    else
        snprintf(chart->note, sizeof chart->note, "%.2f %s, median %.2f (%.2f to %.2f)", shown.final, when,
                 quantile[1], quantile[0], quantile[2]);
}

void ht_panel_kappa(const ht_model *m, int columns, ht_chart *chart)
{
    char what[40];
    int layer = trace_of(m) == HT_TRACE_LAYER ? m->heat_layer : HT_ALL_LAYERS;
    snprintf(what, sizeof what, "κ: removable %s", ht_layers_units(m, layer));
    ht_layers_title(m, what, layer, columns, chart);
    ht_text_copy(chart->empty, sizeof chart->empty,
                 m->watched ? ht_model_measuring(m) : "the first look is on its way");
    chart->unit = ht_layers_of_units(m, layer);
    ht_panel_step_axis(m, chart);
    ht_series *line = ht_spread_add(chart, curve_of(m), HT_ROLE_KAPPA, "median", columns, QUARTILE);
    if (line && line->count == 0) line->name[0] = '\0';
    if (line && line->middle_of == 1) ht_text_copy(line->name, sizeof line->name, "a look");
    add_looks(m, chart, columns);
    add_ghosts(m, chart, columns);
    add_note(m, columns, chart, line);
    ht_chart_fit(chart);
    /* A share of the neurons never leaves 0..1. */
    chart->y.low = fmax(chart->y.low, 0);
    chart->y.high = fmin(chart->y.high, 1);
    chart->y.fixed = true;
    if (!(chart->y.low < chart->y.high)) chart->y.low = 0, chart->y.high = 1;
}
