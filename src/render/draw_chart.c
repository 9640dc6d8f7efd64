#include "render/draw.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "render/chart_layout.h"
#include "render/draw_frame.h"
#include "render/draw_labels.h"
#include "render/draw_series.h"
#include "render/ink_map.h"
#include "render/wrap.h"

/* ---- legend ------------------------------------------------------------------------------------ */

static void draw_sample(ht_surface *s, const ht_series *series, double x, double y)
{
    double xs[] = {x + 0.25, x + HT_LEGEND_SAMPLE - 0.25}, middle[] = {y + 0.55, y + 0.55};
    double low[] = {y + 0.8, y + 0.8}, high[] = {y + 0.2, y + 0.2}, ends[] = {x, x + HT_LEGEND_SAMPLE};
    switch (series->kind) {
    case HT_MARK_LINE:
    case HT_MARK_RANGE:
        s->ops->polyline(s, series->role, series->dotted, 2, xs, middle);
        break;
    case HT_MARK_BAND:
        s->ops->band(s, series->role, 2, ends, low, high);
        break;
    case HT_MARK_BARS:
        s->ops->bar(s, series->role, x + 0.5, y + 0.25, 1, 0.5);
        break;
    case HT_MARK_POINTS:
        s->ops->point(s, series->role, x + 1, y + 0.5);
        break;
    case HT_MARK_WHISKERS:
        s->ops->stroke(s, series->role, x + 1, y + 0.2, y + 0.8);
        break;
    }
}

/* Measured as bold: a theme may say so. */
static double name_width(ht_surface *s, const ht_series *series)
{
    return s->ops->measure(s, HT_BOLD, series->name);
}

static double entry_width(ht_surface *s, const ht_series *series)
{
    double width = HT_LEGEND_SAMPLE + 1 + name_width(s, series);
    return series->value[0] ? width + 1 + s->ops->measure(s, HT_BOLD, series->value) : width;
}

static void draw_entry(ht_surface *s, const ht_series *series, unsigned bold, double x, double y)
{
    double name = name_width(s, series), value = s->ops->measure(s, HT_BOLD, series->value);
    draw_sample(s, series, x, y);
    x += HT_LEGEND_SAMPLE + 1;
    s->ops->text(s, x, y, name, HT_ALIGN_LEFT, series->role, bold, series->name);
    if (series->value[0])
        s->ops->text(s, x + name + 1, y, value, HT_ALIGN_LEFT, series->role, HT_BOLD, series->value);
}

/* One line of entries from *next on, right-aligned at `right`; those that do not fit right of `left` stay for
 * the next line. `over_frame` clears the border under it. */
static void draw_legend_line(ht_surface *s, const ht_chart *chart, int *next, double left, double right,
                             double y, bool over_frame)
{
    double total = 0;
    int from = *next, to = from;
    for (; to < chart->series_count; to++) {
        if (chart->series[to].name[0] == '\0') continue;
        double w = entry_width(s, &chart->series[to]) + (total > 0 ? HT_LEGEND_GAP : 0);
        if (total + w > right - left) break;
        total += w;
    }
    *next = to;
    if (total <= 0) return;
    double x = right - total;
    if (over_frame) {
        int from_cell = (int)floor(x) - 1, to_cell = (int)ceil(right) + 1;
        s->ops->erase(s, (ht_rect){from_cell, (int)y, to_cell - from_cell, 1});
    }
    for (int i = from; i < to; i++) {
        if (chart->series[i].name[0] == '\0') continue;
        draw_entry(s, &chart->series[i], chart->large ? HT_BOLD : 0, x, y);
        x += entry_width(s, &chart->series[i]) + HT_LEGEND_GAP;
    }
}

static void draw_legend(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, ht_rect area,
                        double title_end)
{
    int next = 0;
    double right = area.x + area.w - 3;
    if (chart->hint[0]) right -= ceil(s->ops->measure(s, 0, chart->hint)) + 2;
    if (l->legend_in_title) draw_legend_line(s, chart, &next, title_end + 1, right, area.y, true);
    for (int row = 0; row < l->legend.h; row++)
        draw_legend_line(s, chart, &next, l->legend.x, l->legend.x + l->legend.w, l->legend.y + row, false);
}

/* ---- axes -------------------------------------------------------------------------------------- */

/* A picture draws axes at the very edge of the plot and their labels a little closer to them; a terminal
 * rounds both to the cells beside the plot. */
static const double HAIR = 0.01, CLOSER = 0.45;

static void draw_y_axis(ht_surface *s, const ht_chart_layout *l)
{
    double x = l->plot.x - HAIR;
    int free_row = l->plot.y + l->plot.h; /* labels go upwards from here */
    s->ops->rule(s, HT_ROLE_AXIS, false, x, l->plot.y, x, l->plot.y + l->plot.h + HAIR);
    for (int i = 0; i < l->y_count; i++) {
        const ht_tick *tick = &l->y_ticks[i];
        double y = ht_plot_y(l, tick->value);
        int row = (int)floor(y), left = l->inner.x;
        s->ops->tick(s, tick->major ? HT_ROLE_AXIS : HT_ROLE_GRID, true, x, y);
        if (!tick->major || row >= free_row) continue;
        s->ops->text(s, left + CLOSER, y - 0.5, l->plot.x - 2 - left, HT_ALIGN_RIGHT, HT_ROLE_AXIS, 0,
                     tick->label);
        free_row = row;
    }
}

static void draw_x_axis(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, ht_rect area)
{
    double y = l->plot.y + l->plot.h + HAIR, row = l->plot.y + l->plot.h + 1 - CLOSER, free_from = l->inner.x,
           limit = l->inner.x + l->inner.w;
    s->ops->rule(s, HT_ROLE_AXIS, false, l->plot.x - HAIR, y, l->plot.x + l->plot.w - HAIR, y);
    /* In the border: beside the tick labels it would take the room of one or two of them. */
    ht_frame_foot(s, area, HT_ALIGN_RIGHT, HT_ROLE_DIM, chart->x.label);
    for (int i = 0; i < l->x_count; i++) {
        const ht_tick *tick = &l->x_ticks[i];
        double x = ht_plot_x(l, tick->value), width = ceil(s->ops->measure(s, 0, tick->label));
        s->ops->tick(s, tick->major ? HT_ROLE_AXIS : HT_ROLE_GRID, false, x, y);
        double left =
            fmin(x - width / 2, l->inner.x + l->inner.w - width); /* the last one may lean inwards */
        if (!tick->major || !l->x_labels || left < free_from || left + width > limit) continue;
        s->ops->text(s, left, row, width, HT_ALIGN_CENTER, HT_ROLE_AXIS, 0, tick->label);
        free_from = left + width + 1;
    }
}

static void draw_grid(ht_surface *s, const ht_chart_layout *l)
{
    double right = l->plot.x + l->plot.w, bottom = l->plot.y + l->plot.h;
    for (int i = 0; i < l->y_count; i++) {
        double y = ht_plot_y(l, l->y_ticks[i].value);
        if (l->y_ticks[i].major) s->ops->rule(s, HT_ROLE_GRID, false, l->plot.x, y, right, y);
    }
    for (int i = 0; i < l->x_count; i++) {
        double x = ht_plot_x(l, l->x_ticks[i].value);
        if (l->x_ticks[i].major) s->ops->rule(s, HT_ROLE_GRID, false, x, l->plot.y, x, bottom);
    }
}

/* ---- the chart --------------------------------------------------------------------------------- */

/* From back to front: areas, marks, curves, points; words last. */
static void draw_plot(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart)
{
    static const ht_mark_kind order[] = {HT_MARK_BAND, HT_MARK_BARS,  HT_MARK_WHISKERS,
                                         HT_MARK_LINE, HT_MARK_RANGE, HT_MARK_POINTS};
    ht_ink_map ink = {.area = l->plot};
    draw_grid(s, l);
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        if (order[k] == HT_MARK_LINE) ht_draw_marks(s, l, chart);
        for (int i = 0; i < chart->series_count; i++) {
            bool line = chart->series[i].kind == HT_MARK_LINE || chart->series[i].kind == HT_MARK_RANGE;
            bool now = order[k] == HT_MARK_LINE ? line : !line && chart->series[i].kind == order[k];
            if (now)
                ht_draw_series(s, l, &chart->series[i], &ink); /* lines and ranges keep the panel's order */
        }
    }
    ht_draw_labels(s, l, chart, &ink);
}

static void draw_empty(ht_surface *s, ht_rect inner, const char *words)
{
    char line[HT_WRAP_LINE];
    int width = inner.w - 2 > 1 ? inner.w - 2 : inner.w, rows = ht_wrap_count(words, width);
    int y = inner.y + (inner.h > rows ? (inner.h - rows) / 2 : 0);
    for (; y < inner.y + inner.h && ht_wrap_next(&words, width, line); y++)
        s->ops->text(s, inner.x + (inner.w - width) / 2.0, y, width, HT_ALIGN_CENTER, HT_ROLE_DIM, 0, line);
}

/* Too small for axes: the latest values, one a line. */
static void draw_values(ht_surface *s, ht_rect inner, const ht_chart *chart)
{
    int row = 0;
    for (int i = 0; i < chart->series_count && row < inner.h; i++) {
        char text[80];
        const ht_series *series = &chart->series[i];
        if (series->name[0] == '\0') continue;
        snprintf(text, sizeof text, "%s %s", series->name, series->value);
        s->ops->text(s, inner.x, inner.y + row++, inner.w, HT_ALIGN_LEFT, series->role, 0, text);
    }
}

/* Frame, title, the y axis' label behind it. Returns the column after them. */
static double draw_title_line(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, ht_rect area,
                              int focus)
{
    char label[64];
    if (!ht_frame_fits(area)) return area.x;
    double end = ht_frame_draw(s, area, chart->title, chart->hint, focus);
    if (!l->y_label_in_title || l->empty) return end;
    snprintf(label, sizeof label, " ↑ %s ", chart->y.label);
    s->ops->text(s, end + 1, area.y, area.x + area.w - 4 - end, HT_ALIGN_LEFT, HT_ROLE_DIM, 0, label);
    return end + 1 + s->ops->measure(s, 0, label);
}

void ht_draw_chart(ht_surface *s, ht_rect area, const ht_chart *chart, int focus)
{
    ht_chart_layout l;
    if (area.w <= 0 || area.h <= 0) return;
    ht_chart_layout_make(&l, area, chart);
    ht_rect clip = ht_clip_to(s, area);
    double title_end = draw_title_line(s, &l, chart, area, focus);
    if (l.empty) {
        draw_empty(s, l.inner, chart->empty);
    } else if (!l.axes) {
        draw_values(s, l.inner, chart);
    } else {
        draw_legend(s, &l, chart, area, title_end);
        draw_y_axis(s, &l);
        draw_x_axis(s, &l, chart, area);
        draw_plot(s, &l, chart);
    }
    ht_role note = chart->warn ? HT_ROLE_WARNING : HT_ROLE_DIM;
    if (l.note_in_foot) ht_frame_foot(s, area, HT_ALIGN_LEFT, note, chart->note);
    if (l.note_row >= 0)
        s->ops->text(s, l.inner.x + 1, l.note_row, l.inner.w - 2, HT_ALIGN_LEFT, note, 0, chart->note);
    s->clip = clip;
}

ht_rect ht_draw_plot_area(ht_rect area, const ht_chart *chart)
{
    ht_chart_layout layout;
    ht_chart_layout_make(&layout, area, chart);
    return layout.plot;
}
