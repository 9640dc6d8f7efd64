/* panel_heat.c - the histogram of |w| over the steps: a heat map. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "view/layers/layers.h"
#include "view/panels/panels.h"

/* The columns that are shown: those that begin before the end, and those of a frozen view. */
static int shown_columns(const ht_model *m, const ht_chart *chart, int *first)
{
    const ht_heat *heat = &m->heat;
    double end = m->frozen ? fmin(chart->x.high, m->frozen_step) : chart->x.high;
    int from = 0, to = heat->count;
    while (to > 0 && heat->column[to - 1].first > end) to--;
    while (from + 1 < to && heat->column[from + 1].first <= chart->x.low) from++;
    *first = from;
    return to - from;
}

/* The rows that hold all but the thousandth of the smallest weights, of any look shown. */
static void shown_rows(const ht_heat *heat, int first, int count, int *low, int *high)
{
    *low = HT_HEAT_ROWS, *high = 0;
    for (int i = first; i < first + count; i++) {
        const float *share = heat->column[i].share;
        double below = 0, seen = 0;
        int from = 0, to = HT_HEAT_ROWS;
        for (int k = 0; k < HT_HEAT_ROWS; k++) seen += (double)share[k];
        below = 1 - seen; /* zeros, and what is smaller than the grid */
        while (from < to && below + (double)share[from] < 1e-3) below += (double)share[from++];
        while (to > from && share[to - 1] <= 0.0f) to--;
        if (from == to) continue;
        *low = from < *low ? from : *low;
        *high = to > *high ? to : *high;
    }
}

static double edge(int row)
{
    return ht_histogram_edge(row < HT_HEAT_ROWS ? ht_histogram_coarse(row) : HT_HISTOGRAM_BINS);
}

/* A column is what was seen last until the next look; the last one goes on to now. */
static void fill(const ht_model *m, ht_series *s, int first, int low)
{
    for (int i = 0; i < s->count; i++) {
        const ht_heat_column *c = &m->heat.column[first + i];
        s->x[i] = c->first;
        for (int k = 0; k < s->rows; k++) s->high[i * s->rows + k] = (double)c->share[low + k];
    }
    double now = m->frozen ? m->frozen_step : (double)m->step;
    bool latest = first + s->count == m->heat.count;
    s->x[s->count] = latest ? fmax(now, m->heat.column[first + s->count - 1].last)
                            : m->heat.column[first + s->count].first;
    for (int k = 0; k <= s->rows; k++) s->y[k] = edge(low + k);
}

/* "one to 12 %": what the ends of the colours stand for. */
static void name_colours(ht_series *s, double weights)
{
    char few[24], many[24];
    double least, most;
    ht_chart_heat_range(s, &least, &most);
    if (isnan(most)) return;
    bool one = least * weights < 1.5;
    ht_format_short(few, sizeof few, 100 * least, 1);
    ht_format_short(many, sizeof many, 100 * most, 2);
    snprintf(s->name, sizeof s->name, "%s to %s %%", one ? "one" : few, many);
}

void ht_panel_heat(const ht_model *m, int columns, ht_chart *chart)
{
    int first, low, high;
    ht_layers_title(m, "|w| over steps", m->heat.count ? m->heat_layer : ht_layers_shown(m), columns, chart);
    ht_text_copy(chart->empty, sizeof chart->empty,
                 m->watched ? ht_model_measuring(m) : "the first look is on its way");
    chart->unit = "of the weights";
    ht_panel_step_axis(m, chart);
    chart->y = (ht_axis){.scale = HT_SCALE_LOG, .low = 1e-3, .high = 1, .fixed = true, .label = "|w|"};
    int count = shown_columns(m, chart, &first);
    shown_rows(&m->heat, first, count, &low, &high);
    if (count == 0 || low >= high) return;
    ht_series *s = ht_chart_add_heat(chart, "", count, high - low);
    if (!s) return;
    fill(m, s, first, low);
    name_colours(s, (double)m->report.glimpse.histogram.total);
    chart->y.low = s->y[0];
    chart->y.high = s->y[s->rows];
}
