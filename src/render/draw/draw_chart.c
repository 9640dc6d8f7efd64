#include "render/draw/draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "render/draw/chart_layout.h"
#include "render/draw/draw_frame.h"
#include "render/draw/draw_labels.h"
#include "render/draw/draw_legend.h"
#include "render/draw/draw_series.h"
#include "render/draw/ink_map.h"
#include "render/draw/draw_wrap.h"

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

/* Names and values of rows, in place of the labels of ticks; in the border how many have no room. */
static void draw_rows(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, ht_rect area)
{
    double x = l->plot.x - HAIR;
    int left = l->inner.x, width = l->plot.x - 2 - left;
    s->ops->rule(s, HT_ROLE_AXIS, false, x, l->plot.y, x, l->plot.y + l->plot.h + HAIR);
    for (int i = 0; i < l->y_count && i < chart->row_count; i++) {
        const ht_chart_row *row = &chart->rows[i];
        double y = ht_plot_y(l, l->y_ticks[i].value), value = ceil(s->ops->measure(s, 0, row->value));
        s->ops->tick(s, HT_ROLE_AXIS, true, x, y);
        s->ops->text(s, left + CLOSER, y - 0.5, width - value - 1, HT_ALIGN_LEFT, row->role, 0, row->name);
        s->ops->text(s, left + CLOSER, y - 0.5, width, HT_ALIGN_RIGHT, row->role, 0, row->value);
    }
    char more[40];
    snprintf(more, sizeof more, "%d more: no room here", chart->row_count - l->y_count);
    if (chart->row_count > l->y_count) ht_frame_foot(s, area, HT_ALIGN_LEFT, HT_ROLE_WARNING, more);
}

static void draw_x_axis(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, ht_rect area,
                        bool labelled)
{
    double y = l->plot.y + l->plot.h + HAIR, row = l->plot.y + l->plot.h + 1 - CLOSER, free_from = l->inner.x,
           limit = l->inner.x + l->inner.w;
    s->ops->rule(s, HT_ROLE_AXIS, false, l->plot.x - HAIR, y, l->plot.x + l->plot.w - HAIR, y);
    /* In the border: beside the tick labels it would take the room of one or two of them. */
    if (labelled) ht_frame_foot(s, area, HT_ALIGN_RIGHT, HT_ROLE_DIM, chart->x.label);
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

/* From back to front: areas, single dots, curves, guides (thin and with gaps, a curve shows through them),
 * points; words last. Curves and guides keep the panel's order. */
typedef enum stage { AREAS, BARS, WHISKERS, DOTS, CURVES, GUIDES, POINTS, STAGES } stage;

static stage stage_of(const ht_series *series)
{
    static const stage stages[] = {
        [HT_MARK_LINE] = CURVES,   [HT_MARK_RANGE] = CURVES,  [HT_MARK_BAND] = AREAS,
        [HT_MARK_BARS] = BARS,     [HT_MARK_POINTS] = POINTS, [HT_MARK_WHISKERS] = WHISKERS,
        [HT_MARK_EXTREMES] = DOTS, [HT_MARK_HEAT] = AREAS,
    };
    return series->kind == HT_MARK_LINE && series->dash == HT_DOTTED ? GUIDES : stages[series->kind];
}

/* Guides have their names in the plot (draw_labels.c). */
static bool is_drawn(const ht_chart *chart, int i, int unnamed)
{
    const ht_series *series = &chart->series[i];
    bool line = series->kind == HT_MARK_LINE && series->dash != HT_DOTTED && series->name[0];
    return !(chart->named_only && line && i < unnamed);
}

static void draw_plot(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, int unnamed,
                      const ht_readout *readout)
{
    ht_ink_map ink = {.area = l->plot};
    draw_grid(s, l);
    for (int now = 0; now < STAGES; now++) {
        for (int i = 0; i < chart->series_count; i++)
            if ((int)stage_of(&chart->series[i]) == now && is_drawn(chart, i, unnamed))
                ht_draw_series(s, l, &chart->series[i], &ink);
        if (now == CURVES) ht_draw_marks(s, l, chart);
    }
    for (int i = 0; i < chart->series_count; i++)
        if (chart->row_count == 0 && is_drawn(chart, i, unnamed)) /* what has no row is counted */
            ht_draw_edges(s, l, &chart->series[i], &ink);
    ht_draw_labels(s, l, chart, unnamed, &ink, readout);
}

static void draw_empty(ht_surface *s, ht_rect inner, const char *words)
{
    char line[HT_WRAP_LINE];
    int width = inner.w - 2 > 1 ? inner.w - 2 : inner.w, rows = ht_draw_wrap_count(s, words, width);
    int y = inner.y + (inner.h > rows ? (inner.h - rows) / 2 : 0);
    for (; y < inner.y + inner.h && ht_draw_wrap_next(s, &words, width, line); y++)
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

/* With axes: legend, axes, curves, and what is read at the cursor. Returns whether the bottom border is free.
 */
static bool draw_whole(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, ht_rect area,
                       double title_end)
{
    ht_readout readout;
    int unnamed = ht_legend_draw(s, l, chart, area, title_end, NULL);
    ht_readout_plan(&readout, s, l, chart, area, title_end);
    if (chart->row_count > 0)
        draw_rows(s, l, chart, area);
    else
        draw_y_axis(s, l);
    draw_x_axis(s, l, chart, area, !readout.foot);
    draw_plot(s, l, chart, unnamed, &readout);
    ht_readout_draw_rows(s, &readout, chart);
    return !readout.foot;
}

/* Where the last part of a note begins; NULL: it has one. */
static char *last_part(char *note)
{
    static const char *const between[] = {"; ", " · ", ", "};
    char *last = NULL;
    for (size_t i = 0; i < sizeof between / sizeof between[0]; i++)
        for (char *at = note; (at = strstr(at, between[i])); at++)
            if (!last || at > last) last = at;
    return last;
}

/* A note that is too long for its row loses parts from its end on, not letters. */
static void draw_note(ht_surface *s, const ht_chart_layout *l, ht_role role, const char *note)
{
    char rest[sizeof((ht_chart *)0)->note], text[sizeof rest + 8];
    double room = l->inner.w - 2;
    snprintf(rest, sizeof rest, "%s", note);
    snprintf(text, sizeof text, "%s", note);
    for (char *end; s->ops->measure(s, 0, text) > room && (end = last_part(rest));) {
        *end = '\0';
        snprintf(text, sizeof text, "%s …", rest);
    }
    s->ops->text(s, l->inner.x + 1, l->note_row, room, HT_ALIGN_LEFT, role, 0, text);
}

void ht_draw_chart(ht_surface *s, ht_rect area, const ht_chart *chart, int focus)
{
    ht_chart_layout l;
    bool foot = true;
    if (area.w <= 0 || area.h <= 0) return;
    ht_chart_layout_make(&l, area, chart);
    ht_rect clip = ht_clip_to(s, area);
    double title_end = draw_title_line(s, &l, chart, area, focus);
    if (l.empty)
        draw_empty(s, l.inner, chart->empty);
    else if (!l.axes)
        draw_values(s, l.inner, chart);
    else
        foot = draw_whole(s, &l, chart, area, title_end);
    ht_role note = chart->warn ? HT_ROLE_WARNING : HT_ROLE_DIM;
    bool all = chart->row_count <= l.y_count;
    if (l.note_in_foot && foot && all) ht_frame_foot(s, area, HT_ALIGN_LEFT, note, chart->note);
    if (l.note_row >= 0) draw_note(s, &l, note, chart->note);
    s->clip = clip;
}

/* Drawn again where nothing shows. */
int ht_draw_legend_hit(ht_surface *s, ht_rect area, const ht_chart *chart, int column, int row)
{
    ht_chart_layout l;
    ht_legend_probe probe = {column, row, -1};
    if (area.w <= 0 || area.h <= 0) return -1;
    ht_chart_layout_make(&l, area, chart);
    if (!l.axes || l.empty) return -1;
    ht_rect clip = ht_clip_to(s, (ht_rect){0});
    ht_legend_draw(s, &l, chart, area, draw_title_line(s, &l, chart, area, 0), &probe);
    s->clip = clip;
    return probe.series;
}

ht_rect ht_draw_plot_area(ht_rect area, const ht_chart *chart)
{
    ht_chart_layout layout;
    ht_chart_layout_make(&layout, area, chart);
    return layout.plot;
}
