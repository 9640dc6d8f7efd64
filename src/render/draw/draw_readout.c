#include "render/draw/draw_readout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "render/draw/draw_frame.h"
#include "render/draw/draw_wrap.h"

enum { GAP = 2 }; /* columns between values that stand side by side */

/* ---- the box ----------------------------------------------------------------------------------- */

/* Side by side, broken where they must be. */
static void flow(ht_surface *s, const ht_chart *chart, int width, ht_readout *r)
{
    char all[HT_CHART_READOUT * sizeof chart->readout[0]] = "";
    const char *rest = all;
    size_t used = 0;
    for (int i = 0; i < chart->readout_count && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? " · " : "",
                                 chart->readout[i] + strspn(chart->readout[i], " "));
    while (r->count < HT_CHART_READOUT && ht_draw_wrap_next(s, &rest, width, r->line[r->count])) r->count++;
}

/* A line each, or as many as fit side by side where the plot is not high enough. Those that are too long are
 * broken: values are not cut. */
static void fill_lines(ht_surface *s, const ht_chart *chart, ht_rect plot, ht_readout *r)
{
    int width = plot.w - 4;
    for (int i = 0; i < chart->readout_count && width > 0; i++) {
        const char *rest = chart->readout[i];
        if (s->ops->measure(s, 0, rest) <= width && r->count < HT_CHART_READOUT) {
            snprintf(r->line[r->count++], sizeof r->line[0], "%s", rest);
            continue;
        }
        while (r->count < HT_CHART_READOUT && ht_draw_wrap_next(s, &rest, width, r->line[r->count]))
            r->count++;
    }
    if (r->count + 2 <= plot.h || width <= 0) return;
    r->count = 0;
    flow(s, chart, plot.w - 2, r);
}

static int widest_line(ht_surface *s, const ht_readout *r)
{
    double widest = 0;
    for (int i = 0; i < r->count; i++) widest = fmax(widest, s->ops->measure(s, 0, r->line[i]));
    return (int)ceil(widest);
}

static void box_size(ht_surface *s, ht_rect plot, const ht_readout *r, int *w, int *h)
{
    *w = widest_line(s, r) + 4, *h = r->count + 2;
    if (*w > plot.w) *w = plot.w;
    if (*h > plot.h) *h = plot.h;
}

ht_rect ht_readout_box(ht_surface *s, const ht_chart_layout *l, const ht_readout *r, const ht_ink_map *ink,
                       int column)
{
    ht_rect plot = l->plot, best = {0};
    int left = column - 1 - plot.x, right = plot.x + plot.w - column - 2; /* free columns at either side */
    int w, h, least = 0;
    box_size(s, plot, r, &w, &h);
    if (!r->on || r->count < 1 || w < 8 || h < 3) return best;
    for (int i = 0; i < 4; i++) { /* the side with more room and the top come first */
        bool at_left = (left > right) == (i < 2);
        int x = at_left ? column - 1 - w : column + 2, last = plot.x + plot.w - w;
        if (i >= 2 && (x < plot.x || x > last)) continue;
        x = x < plot.x ? plot.x : x > last ? last : x;
        ht_rect box = {x, i % 2 ? plot.y + plot.h - h : plot.y, w, h};
        int cost = ht_ink_count(ink, box);
        if (best.w == 0 || cost < least) best = box, least = cost;
    }
    return best;
}

void ht_readout_draw_box(ht_surface *s, const ht_readout *r, ht_rect box)
{
    /* The blanks beside the text go before any of its characters does. */
    int margin = widest_line(s, r) + 4 <= box.w ? 2 : 1;
    s->ops->erase(s, box);
    s->ops->frame(s, HT_ROLE_CURSOR, box);
    for (int i = 0; i < box.h - 2 && i < r->count; i++)
        s->ops->text(s, box.x + margin, box.y + 1 + i, box.w - 2 * margin, HT_ALIGN_LEFT, HT_ROLE_TEXT, 0,
                     r->line[i]);
}

/* ---- rows outside the plot --------------------------------------------------------------------- */

/* Those of the legend, then the bottom border. */
static void find_rows(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, ht_rect area,
                      double title_end, ht_readout *r)
{
    int hint = chart->hint[0] ? (int)ceil(s->ops->measure(s, 0, chart->hint)) + 2 : 0;
    int from = (int)ceil(title_end) + 2, to = area.x + area.w - 3 - hint;
    if (l->legend_in_title && to > from) r->row[r->rows++] = (ht_rect){from, area.y, to - from, 1};
    for (int i = 0; i < l->legend.h && r->rows < HT_READOUT_ROWS - 1; i++)
        r->row[r->rows++] = (ht_rect){l->legend.x, l->legend.y + i, l->legend.w, 1};
    if (ht_frame_fits(area)) r->row[r->rows++] = (ht_rect){area.x + 3, area.y + area.h - 1, area.w - 6, 1};
}

/* Line `i` of the read-out stands in row *row from column *x on; false: nowhere. */
static bool next_place(ht_surface *s, const ht_readout *r, const ht_chart *chart, int i, int *row, double *x)
{
    double width = ceil(s->ops->measure(s, 0, chart->brief[i].text));
    while (*row<r->rows && * x + width> r->row[*row].x + r->row[*row].w)
        if (++*row < r->rows) *x = r->row[*row].x;
    return *row < r->rows;
}

static bool rows_hold_all(ht_surface *s, const ht_chart *chart, ht_readout *r)
{
    int row = 0;
    double x = r->rows ? r->row[0].x : 0;
    for (int i = 0; i < chart->readout_count; i++) {
        if (chart->brief[i].text[0] == '\0') continue;
        if (!next_place(s, r, chart, i, &row, &x)) return false;
        x += ceil(s->ops->measure(s, 0, chart->brief[i].text)) + GAP;
    }
    r->foot = row == r->rows - 1;
    return true;
}

void ht_readout_draw_rows(ht_surface *s, const ht_readout *r, const ht_chart *chart)
{
    int row = 0;
    double x = r->rows ? r->row[0].x : 0;
    for (int i = 0; i < r->rows - !r->foot; i++) {
        ht_rect at = r->row[i];
        s->ops->erase(s, (ht_rect){at.x - 1, at.y, at.w + 2, 1});
    }
    for (int i = 0; r->rows > 0 && i < chart->readout_count; i++) {
        const ht_brief *brief = &chart->brief[i];
        if (brief->text[0] == '\0' || !next_place(s, r, chart, i, &row, &x)) continue;
        double width = ceil(s->ops->measure(s, 0, brief->text));
        s->ops->text(s, x, r->row[row].y, width, HT_ALIGN_LEFT, brief->role, 0, brief->text);
        x += width + GAP;
    }
}

/* ---- which ------------------------------------------------------------------------------------- */

void ht_readout_plan(ht_readout *r, ht_surface *s, const ht_chart_layout *l, const ht_chart *chart,
                     ht_rect area, double title_end)
{
    static const double MUCH = 0.4; /* of the plot */
    int w, h;
    double position = ht_axis_position(&l->x, chart->cursor_x);
    memset(r, 0, sizeof *r);
    r->on = chart->cursor_on && position >= -1e-9 && position <= 1 + 1e-9;
    if (!r->on || chart->readout_count == 0) return;
    fill_lines(s, chart, l->plot, r);
    box_size(s, l->plot, r, &w, &h);
    if (w * h <= MUCH * l->plot.w * l->plot.h) return;
    find_rows(s, l, chart, area, title_end, r);
    if (rows_hold_all(s, chart, r))
        r->count = 0;
    else
        r->rows = 0, r->foot = false;
}
