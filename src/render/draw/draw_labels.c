#include "render/draw/draw_labels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "render/draw/draw_frame.h"

/* The mark's place across the plot, or NaN if it is not in it. */
static double place_of(const ht_chart_layout *l, const ht_line_mark *mark)
{
    double position = ht_axis_position(mark->vertical ? &l->x : &l->y, mark->at);
    if (!(position >= -1e-9 && position <= 1 + 1e-9)) return (double)NAN;
    return mark->vertical ? ht_plot_x(l, mark->at) : ht_plot_y(l, mark->at);
}

static const double LABEL_TICK =
    0.9; /* rows: a label is a tick at the foot, a change a line of full height */

void ht_draw_marks(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart)
{
    ht_rect plot = l->plot, clip = ht_clip_to(s, plot);
    for (int i = 0; i < chart->mark_count; i++) {
        const ht_line_mark *mark = &chart->marks[i];
        double at = place_of(l, mark), right = plot.x + plot.w - 0.01, bottom = plot.y + plot.h - 0.01;
        if (isnan(at)) continue;
        if (mark->number)
            s->ops->rule(s, mark->role, false, at, bottom - LABEL_TICK, at, bottom);
        else if (mark->vertical)
            s->ops->rule(s, mark->role, true, at, plot.y, at, bottom);
        else
            s->ops->rule(s, mark->role, true, plot.x, at, right, at);
    }
    s->clip = clip;
}

/* ---- labels ------------------------------------------------------------------------------------ */

/* Words already placed; a new one keeps a blank's distance. */
typedef struct placed {
    int count;
    ht_rect rects[HT_CHART_MARKS + HT_CHART_SERIES + 1]; /* marks, lines, the cursor's box */
} placed;

typedef struct candidate {
    ht_rect r;
    int cost; /* cells of data it would cover; -1: no place found yet */
} candidate;

static void try_place(candidate *best, const placed *taken, const ht_ink_map *ink, ht_rect plot, ht_rect r)
{
    if (r.x < plot.x || r.y < plot.y || r.x + r.w > plot.x + plot.w || r.y + r.h > plot.y + plot.h) return;
    for (int i = 0; i < taken->count; i++) {
        ht_rect t = taken->rects[i], wide = {t.x - 1, t.y, t.w + 2, t.h};
        if (ht_rect_cut(wide, r).w > 0) return;
    }
    int cost = ht_ink_count(ink, (ht_rect){r.x - 1, r.y, r.w + 2, r.h});
    if (best->cost < 0 || cost < best->cost) *best = (candidate){r, cost};
}

static candidate find_place(const placed *taken, const ht_ink_map *ink, ht_rect plot,
                            const ht_line_mark *mark, double at, int width)
{
    candidate best = {.cost = -1};
    int cell = (int)floor(at);
    if (mark->vertical) { /* beside the line, as high as possible, else at its foot */
        int rows[] = {0, 1, 2, plot.h - 1, plot.h - 2, 3};
        for (int i = 0; i < 6; i++) {
            try_place(&best, taken, ink, plot, (ht_rect){cell + 1, plot.y + rows[i], width, 1});
            try_place(&best, taken, ink, plot, (ht_rect){cell - width, plot.y + rows[i], width, 1});
        }
        return best;
    }
    for (int step = 0; step < 3; step++) { /* above or below the line: at its right end, else further left */
        int x = plot.x + 1 + (plot.w - 1 - width) * (2 - step) / 2;
        try_place(&best, taken, ink, plot, (ht_rect){x, cell - 1, width, 1});
        try_place(&best, taken, ink, plot, (ht_rect){x, cell + 1, width, 1});
    }
    return best;
}

/* Would words in the last row stand on the tick of a label? */
static bool covers_tick(const ht_chart_layout *l, const ht_chart *chart, ht_rect r)
{
    for (int i = 0; i < chart->mark_count; i++) {
        double at = chart->marks[i].number ? place_of(l, &chart->marks[i]) : (double)NAN;
        if (at >= r.x && at < r.x + r.w && r.y == l->plot.y + l->plot.h - 1) return true;
    }
    return false;
}

/* Beside its tick: the first of these places that covers nothing; for the number alone, if need be, one that
 * covers the least. */
static candidate place_user_label(const ht_chart_layout *l, const ht_chart *chart, const placed *taken,
                                  const ht_ink_map *ink, double at, int width, bool anywhere)
{
    enum { ROWS = 2 };
    candidate best = {.cost = -1};
    int cell = (int)floor(at);
    for (int i = 0; i < 2 * ROWS && best.cost != 0; i++) {
        ht_rect r = {i % 2 ? cell - width : cell + 1, l->plot.y + l->plot.h - 1 - i / 2, width, 1};
        if (!covers_tick(l, chart, r)) try_place(&best, taken, ink, l->plot, r);
    }
    if (best.cost > 0 && !anywhere) best.cost = -1;
    return best;
}

/* Number and words where there is room, else the number. */
static void draw_user_label(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, int i,
                            const ht_ink_map *ink, placed *taken)
{
    const ht_line_mark *mark = &chart->marks[i];
    char text[sizeof mark->label + 16];
    double at = mark->number ? place_of(l, mark) : (double)NAN;
    if (isnan(at)) return;
    for (int part = 0; part < 2; part++) {
        snprintf(text, sizeof text, part ? "%d" : "%d %s", mark->number, mark->label);
        int width = (int)ceil(s->ops->measure(s, 0, text));
        candidate best = place_user_label(l, chart, taken, ink, at, width, part == 1);
        if (best.cost < 0) continue;
        taken->rects[taken->count++] = best.r;
        s->ops->text(s, best.r.x, best.r.y, best.r.w,
                     best.r.x < (int)floor(at) ? HT_ALIGN_RIGHT : HT_ALIGN_LEFT, mark->role, 0, text);
        return;
    }
}

static void draw_label(ht_surface *s, const ht_chart_layout *l, const ht_line_mark *mark, placed *taken,
                       const ht_ink_map *ink)
{
    double at = place_of(l, mark);
    if (isnan(at) || mark->label[0] == '\0' || mark->number) return;
    int width = (int)ceil(s->ops->measure(s, HT_BOLD, mark->label));
    candidate best = find_place(taken, ink, l->plot, mark, at, width);
    if (best.cost < 0) return;
    taken->rects[taken->count++] = best.r;
    bool left_of_line = mark->vertical && best.r.x < (int)floor(at);
    bool at_right_end = !mark->vertical && best.r.x + best.r.w == l->plot.x + l->plot.w;
    s->ops->text(s, best.r.x, best.r.y, best.r.w,
                 left_of_line || at_right_end ? HT_ALIGN_RIGHT : HT_ALIGN_LEFT, mark->role, 0, mark->label);
}

/* Beside the end of a guide that has no place in the legend; other lines would be too many. */
static void draw_line_label(ht_surface *s, const ht_chart_layout *l, const ht_series *line, placed *taken,
                            const ht_ink_map *ink)
{
    char words[80];
    int last = line->count - 1;
    if (line->kind != HT_MARK_LINE || line->dash != HT_DOTTED || line->name[0] == '\0' || last < 0) return;
    ht_line_mark mark = {.at = line->high[last], .role = line->role};
    snprintf(words, sizeof words, "%s%s%s", line->name, line->value[0] ? " " : "", line->value);
    ht_text_copy(mark.label, sizeof mark.label, words);
    draw_label(s, l, &mark, taken, ink);
}

/* ---- cursor ------------------------------------------------------------------------------------ */

static void draw_own_cursor(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart)
{
    double position = ht_axis_position(&l->x, chart->own_x), x = ht_plot_x(l, chart->own_x);
    if (chart->own_on && position >= -1e-9 && position <= 1 + 1e-9)
        s->ops->rule(s, HT_ROLE_CURSOR, false, x, l->plot.y, x, l->plot.y + l->plot.h - 0.01);
}

void ht_draw_labels(ht_surface *s, const ht_chart_layout *l, const ht_chart *chart, int unnamed,
                    const ht_ink_map *ink, const ht_readout *readout)
{
    placed taken = {0};
    ht_rect plot = l->plot, clip = ht_clip_to(s, plot);
    double x = ht_plot_x(l, chart->cursor_x);
    draw_own_cursor(s, l, chart);
    if (readout->on) s->ops->rule(s, HT_ROLE_CURSOR, false, x, plot.y, x, plot.y + plot.h - 0.01);
    ht_rect box = ht_readout_box(s, l, readout, ink, (int)floor(x));
    if (box.w > 0) taken.rects[taken.count++] = box;
    for (int i = chart->mark_count - 1; i >= 0; i--) draw_user_label(s, l, chart, i, ink, &taken);
    for (int i = 0; i < unnamed && i < chart->series_count; i++)
        draw_line_label(s, l, &chart->series[i], &taken, ink);
    for (int i = chart->mark_count - 1; i >= 0; i--) /* the latest first: it is the one people look for */
        draw_label(s, l, &chart->marks[i], &taken, ink);
    if (box.w > 0) ht_readout_draw_box(s, readout, box);
    s->clip = clip;
}
