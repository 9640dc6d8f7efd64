/* panel_kappa.c - the pruning ratio κ over the steps: every look, their running median and quartiles. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "chart/spread.h"
#include "view/ghost.h"
#include "view/panels/panels.h"

enum { COLUMNS_MOST = 1024, WIDE_FROM = 2 * 44, LOOKS_LEAST = 4 }; /* of quartiles */

static const double QUARTILE = 0.25;

/* Every look, as a dot, which is large while they are few; where a column has many, the smallest and the
 * largest. */
static void add_looks(const ht_model *m, ht_chart *chart, int columns)
{
    enum { FEW = 24 };
    const ht_curve *curve = &m->trace[HT_TRACE_KAPPA];
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

/* The running medians of earlier runs. */
static void add_ghosts(const ht_model *m, ht_chart *chart, int columns)
{
    ht_spread spread[COLUMNS_MOST] = {0};
    int most = columns / 2 < 1 ? 1 : columns / 2 < COLUMNS_MOST ? columns / 2 : COLUMNS_MOST;
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_curve *curve = &m->ghost[i]->trace[HT_TRACE_KAPPA];
        int count = ht_spread_of(curve, chart->x.low, chart->x.high, most, QUARTILE, spread);
        ht_series *s = ht_ghost_add(m, chart, i, columns, count);
        for (int k = 0; s && k < count; k++) s->x[k] = spread[k].step, s->high[k] = spread[k].middle;
    }
}

/* "0.36 now, median 0.39 (0.31 to 0.55)": of the steps that are shown. The legend has the median, too. */
static void add_note(const ht_model *m, int columns, ht_chart *chart, ht_series *line)
{
    static const double shares[] = {QUARTILE, 0.5, 1 - QUARTILE};
    const ht_curve *curve = &m->trace[HT_TRACE_KAPPA];
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
    if (line) snprintf(line->value, sizeof line->value, "%.2f", quantile[1]);
    if (columns < WIDE_FROM)
        snprintf(chart->note, sizeof chart->note, "%.2f %s (%.2f to %.2f)", shown.final, when, quantile[0],
                 quantile[2]);
    else
        snprintf(chart->note, sizeof chart->note, "%.2f %s, median %.2f (%.2f to %.2f)", shown.final, when,
                 quantile[1], quantile[0], quantile[2]);
}

void ht_panel_kappa(const ht_model *m, int columns, ht_chart *chart)
{
    snprintf(chart->title, sizeof chart->title, "κ: removable %s", ht_model_of_units(m) + strlen("of the "));
    ht_text_copy(chart->empty, sizeof chart->empty, "the first look is on its way");
    chart->unit = ht_model_of_units(m);
    ht_panel_step_axis(m, chart);
    ht_series *line =
        ht_spread_add(chart, &m->trace[HT_TRACE_KAPPA], HT_ROLE_KAPPA, "median", columns, QUARTILE);
    if (line && line->count == 0) line->name[0] = '\0';
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
