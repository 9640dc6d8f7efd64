#include "render/draw/draw_readout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "render/draw/draw_frame.h"
#include "render/draw/draw_wrap.h"

enum {
    GAP = 2, /* columns between values that stand side by side */
    LEAST_WIDTH = 8,
    LEAST_HEIGHT = 3 /* of a box */
};

/* ---- the box ----------------------------------------------------------------------------------- */

/* What is said of values that have no room; "" of none. */
static void tell_more(int count, char text[16])
{
    text[0] = '\0';
    if (count > 0) snprintf(text, 16, "+%d more", count);
}

/* The first `kept` side by side, broken where they must be, and how many more there are. */
static void flow(ht_surface *s, const ht_chart *chart, int kept, int width, ht_readout *r)
{
    char all[HT_CHART_READOUT * sizeof chart->readout[0] + 32] = "", more[16];
    const char *rest = all;
    size_t used = 0;
    tell_more(chart->readout_count - kept, more);
    for (int i = 0; i < kept && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? " · " : "",
                                 chart->readout[i] + strspn(chart->readout[i], " "));
    if (more[0] && used < sizeof all)
        snprintf(all + used, sizeof all - used, "%s%s", kept ? " · " : "", more);
    r->count = 0;
    while (r->count < HT_CHART_READOUT && ht_draw_wrap_next(s, &rest, width, r->line[r->count])) r->count++;
}

/* A line each, or as many as fit side by side where the plot is not high enough; returns how many values
 * these are. Those that are too long are broken: values are not cut. */
static int fill_lines(ht_surface *s, const ht_chart *chart, ht_rect plot, ht_readout *r)
{
    int width = plot.w - 4, kept = chart->readout_count;
    for (int i = 0; i < kept && width > 0; i++) {
        const char *rest = chart->readout[i];
        if (s->ops->measure(s, 0, rest) <= width && r->count < HT_CHART_READOUT) {
            snprintf(r->line[r->count++], sizeof r->line[0], "%s", rest);
            continue;
        }
        while (r->count < HT_CHART_READOUT && ht_draw_wrap_next(s, &rest, width, r->line[r->count]))
            r->count++;
    }
    if (width < LEAST_WIDTH - 4 || plot.h < LEAST_HEIGHT) return 0;
    if (r->count + 2 <= plot.h) return kept;
    for (flow(s, chart, kept, plot.w - 2, r); kept > 0 && r->count + 2 > plot.h;)
        flow(s, chart, --kept, plot.w - 2, r);
    return kept;
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
    if (!r->on || r->count < 1 || w < LEAST_WIDTH || h < LEAST_HEIGHT) return best;
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

/* A text stands in row *row from column *x on; false: nowhere. */
static bool next_place(ht_surface *s, const ht_readout *r, const char *text, int *row, double *x)
{
    double width = ceil(s->ops->measure(s, 0, text));
    while (*row<r->rows && * x + width> r->row[*row].x + r->row[*row].w)
        if (++*row < r->rows) *x = r->row[*row].x;
    return *row < r->rows;
}

/* The first `kept` that have a short form, and how many more have one; *row: the last that is taken. Draws
 * them, or tells whether they fit. */
static bool set_rows(ht_surface *s, const ht_chart *chart, const ht_readout *r, bool draw, int *row)
{
    char more[16];
    double x = r->rows ? r->row[0].x : 0;
    int left = 0;
    *row = 0;
    for (int i = 0; i < chart->readout_count; i++) left += i >= r->kept && chart->brief[i].text[0] != '\0';
    tell_more(left, more);
    for (int i = 0; i <= r->kept; i++) {
        const ht_brief *brief = &chart->brief[i];
        const char *text = i < r->kept ? brief->text : more;
        if (text[0] == '\0') continue;
        if (!next_place(s, r, text, row, &x)) return false;
        double width = ceil(s->ops->measure(s, 0, text));
        if (draw)
            s->ops->text(s, x, r->row[*row].y, width, HT_ALIGN_LEFT, i < r->kept ? brief->role : HT_ROLE_DIM,
                         0, text);
        x += width + GAP;
    }
    return true;
}

/* As many as there is room for; returns how many. */
static int fill_rows(ht_surface *s, const ht_chart *chart, ht_readout *r)
{
    int row = 0;
    for (r->kept = chart->readout_count; r->kept > 0 && !set_rows(s, chart, r, false, &row);) r->kept--;
    r->foot = row == r->rows - 1;
    return r->kept;
}

void ht_readout_draw_rows(ht_surface *s, const ht_readout *r, const ht_chart *chart)
{
    int last;
    for (int i = 0; i < r->rows - !r->foot; i++) {
        ht_rect at = r->row[i];
        s->ops->erase(s, (ht_rect){at.x - 1, at.y, at.w + 2, 1});
    }
    if (r->rows > 0) set_rows(s, chart, r, true, &last);
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
    int in_box = fill_lines(s, chart, l->plot, r);
    box_size(s, l->plot, r, &w, &h);
    if (in_box == chart->readout_count && w * h <= MUCH * l->plot.w * l->plot.h) return;
    find_rows(s, l, chart, area, title_end, r);
    int in_rows = fill_rows(s, chart, r);
    if (in_rows == chart->readout_count || in_rows > in_box || in_box == 0)
        r->count = 0;
    else
        r->rows = 0, r->foot = false;
}
