#include "render/draw/draw_legend.h"

#include <math.h>

/* From little to much; as high as half a row: the map itself may begin below it. */
static void draw_scale(ht_surface *s, double x, double y)
{
    for (int i = 0; i < HT_LEGEND_HEAT; i++)
        s->ops->pixel(s, ht_role_heat((double)i / (HT_LEGEND_HEAT - 1)), floor(x) + i, floor(y) + 0.25);
}

static void draw_sample(ht_surface *s, const ht_series *series, double x, double y)
{
    double xs[] = {x + 0.25, x + HT_LEGEND_SAMPLE - 0.25}, middle[] = {y + 0.55, y + 0.55};
    double low[] = {y + 0.8, y + 0.8}, high[] = {y + 0.2, y + 0.2}, ends[] = {x, x + HT_LEGEND_SAMPLE};
    switch (series->kind) {
    case HT_MARK_LINE:
    case HT_MARK_RANGE:
        s->ops->polyline(s, series->role, series->dash, 2, xs, middle);
        break;
    case HT_MARK_BAND:
        s->ops->band(s, series->role, 2, ends, low, high);
        break;
    case HT_MARK_BARS:
        s->ops->bar(s, series->role, x + 0.5, y + 0.25, 1, 0.5);
        break;
    case HT_MARK_HEAT:
        draw_scale(s, x, y);
        break;
    case HT_MARK_EXTREMES:
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
    double width = ht_legend_sample(series) + 1 + name_width(s, series);
    return series->value[0] ? width + 1 + s->ops->measure(s, HT_BOLD, series->value) : width;
}

static void draw_entry(ht_surface *s, const ht_series *series, unsigned bold, double x, double y)
{
    double name = name_width(s, series), value = s->ops->measure(s, HT_BOLD, series->value);
    draw_sample(s, series, x, y);
    x += ht_legend_sample(series) + 1;
    s->ops->text(s, x, y, name, HT_ALIGN_LEFT, series->role, bold, series->name);
    if (series->value[0])
        s->ops->text(s, x + name + 1, y, value, HT_ALIGN_LEFT, series->role, HT_BOLD, series->value);
}

/* The first entry that has no room beside those from `from` on; *total is what these take. */
static int line_end(ht_surface *s, const ht_chart *chart, int from, double room, double *total)
{
    *total = 0;
    for (; from < chart->series_count; from++) {
        if (chart->series[from].name[0] == '\0') continue;
        double w = entry_width(s, &chart->series[from]) + (*total > 0 ? HT_LEGEND_GAP : 0);
        if (*total + w > room) break;
        *total += w;
    }
    return from;
}

/* One line of entries from *next on, right-aligned at `right`; those that do not fit right of `left` stay for
 * the next line. `over_frame` clears the border under it. */
static void draw_line(ht_surface *s, const ht_chart *chart, int *next, double left, double right, double y,
                      bool over_frame, ht_legend_probe *probe)
{
    double total;
    int from = *next, to = line_end(s, chart, from, right - left, &total);
    *next = to;
    if (total <= 0) return;
    double x = right - total;
    if (over_frame) {
        int from_cell = (int)floor(x) - 1, to_cell = (int)ceil(right) + 1;
        s->ops->erase(s, (ht_rect){from_cell, (int)y, to_cell - from_cell, 1});
    }
    for (int i = from; i < to; i++) {
        if (chart->series[i].name[0] == '\0') continue;
        double width = entry_width(s, &chart->series[i]);
        draw_entry(s, &chart->series[i], chart->large ? HT_BOLD : 0, x, y);
        if (probe && probe->row == (int)y && probe->column + 0.5 >= x && probe->column + 0.5 < x + width)
            probe->series = i;
        x += width + HT_LEGEND_GAP;
    }
}

/* Where there is no room for all entries the first ones are left out: what is drawn later lies on top, and
 * matters more. */
static int first_entry(ht_surface *s, const ht_chart *chart, double title_room, ht_rect legend)
{
    double total;
    for (int first = 0; first < chart->series_count; first++) {
        int next = title_room > 0 ? line_end(s, chart, first, title_room, &total) : first;
        for (int row = 0; row < legend.h; row++) next = line_end(s, chart, next, legend.w, &total);
        if (next == chart->series_count) return first;
    }
    return chart->series_count;
}

int ht_legend_draw(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, ht_rect area,
                   double title_end, ht_legend_probe *probe)
{
    double right = area.x + area.w - 3, left = l->legend.x;
    if (chart->hint[0]) right -= ceil(s->ops->measure(s, 0, chart->hint)) + 2;
    int first = first_entry(s, chart, l->legend_in_title ? right - (title_end + 1) : 0, l->legend),
        next = first;
    if (l->legend_in_title) draw_line(s, chart, &next, title_end + 1, right, area.y, true, probe);
    for (int row = 0; row < l->legend.h; row++)
        draw_line(s, chart, &next, left, left + l->legend.w, l->legend.y + row, false, probe);
    return first;
}
