#include "render/draw/draw_series.h"

#include <math.h>

#include "render/draw/draw_frame.h"

enum { PATH_POINTS = 256, SPARSE = 4 }; /* columns from one look to the next that leave room for a dot */

/* A run of connected points that is being drawn. */
typedef struct path {
    ht_surface *s;
    const ht_chart_layout *layout;
    const ht_series *series;
    ht_ink_map *ink;
    int count;
    double x[PATH_POINTS], y[PATH_POINTS];
} path;

static void path_end(path *p)
{
    if (p->count > 0) p->s->ops->polyline(p->s, p->series->role, p->series->dash, p->count, p->x, p->y);
    p->count = 0;
}

static void path_to(path *p, double x, double y)
{
    if (p->count == PATH_POINTS) { /* hand over and go on from the last point */
        path_end(p);
        p->x[0] = p->x[PATH_POINTS - 1];
        p->y[0] = p->y[PATH_POINTS - 1];
        p->count = 1;
    }
    int i = p->count++;
    p->x[i] = x;
    p->y[i] = y;
    ht_ink_line(p->ink, i ? p->x[i - 1] : x, i ? p->y[i - 1] : y, x, y);
}

/* ---- edges ------------------------------------------------------------------------------------- */

/* Marks of one kind do not repeat within a column. */
typedef struct edges {
    int bad, above, below; /* columns marked last */
} edges;

static void mark_edge(path *p, int *last, int column, bool top, ht_role role, const char *glyph)
{
    ht_rect plot = p->layout->plot;
    int row = top ? plot.y : plot.y + plot.h - 1;
    if (column < plot.x || column >= plot.x + plot.w || column == *last) return;
    *last = column;
    p->s->ops->text(p->s, column, row, 1, HT_ALIGN_CENTER, role, HT_BOLD, glyph);
    ht_ink_add(p->ink, column, row);
}

static void check_edges(path *p, edges *e, double x, double value)
{
    double at = ht_plot_x(p->layout, x), position = ht_axis_position(&p->layout->y, value);
    if (!isfinite(at)) return;
    int column = (int)floor(at);
    if (!isfinite(value)) {
        mark_edge(p, &e->bad, column, true, HT_ROLE_BAD, "×");
    } else if (position > 1 + 1e-9) {
        mark_edge(p, &e->above, column, true, p->series->role, "▲");
    } else if (!(position >= -1e-9)) { /* NaN too: what a log axis cannot show lies below it */
        mark_edge(p, &e->below, column, false, p->series->role, "▼");
    }
}

/* ---- kinds ------------------------------------------------------------------------------------- */

static void draw_points(path *p)
{
    const ht_series *s = p->series;
    for (int i = 0; i < s->count; i++) {
        if (!isfinite(s->x[i]) || !isfinite(s->high[i])) continue;
        double x = ht_plot_x(p->layout, s->x[i]), y = ht_plot_y(p->layout, s->high[i]);
        p->s->ops->point(p->s, s->role, x, y);
        ht_ink_line(p->ink, x, y, x, y);
    }
}

static void draw_line(path *p)
{
    const ht_series *s = p->series;
    for (int i = 0; i < s->count && s->count > 1; i++) {
        if (!isfinite(s->x[i]) || !isfinite(s->high[i])) {
            path_end(p);
            continue;
        }
        double x = ht_plot_x(p->layout, s->x[i]);
        if (s->steps && p->count > 0) path_to(p, x, p->y[p->count - 1]);
        path_to(p, x, ht_plot_y(p->layout, s->high[i]));
    }
    path_end(p);
    /* No line yet: a dot of its own could be overlooked. Looks far apart: only there is it known. */
    double span = s->count > 1 ? ht_plot_x(p->layout, s->x[s->count - 1]) - ht_plot_x(p->layout, s->x[0]) : 0;
    if (s->count == 1 || (s->steps && span > SPARSE * s->count)) draw_points(p);
}

/* Dots that are no more than that; those beyond the axis are marked at its edge. */
static void draw_extremes(path *p)
{
    const ht_series *s = p->series;
    for (int i = 0; i < s->count; i++) {
        double ends[] = {s->low[i], s->high[i]};
        for (int k = 0; k < 2; k++) {
            double position = ht_axis_position(&p->layout->y, ends[k]);
            if (!isfinite(s->x[i]) || !(position >= -1e-9 && position <= 1 + 1e-9)) continue;
            path_to(p, ht_plot_x(p->layout, s->x[i]), ht_plot_y(p->layout, ends[k]));
            path_end(p);
        }
    }
}

/* A letter or digit on the line, so that curves are told apart without colours; each has its own place. */
static void draw_tag(path *p)
{
    const ht_series *s = p->series;
    char text[2] = {s->tag, '\0'};
    bool digit = s->tag >= '1' && s->tag <= '9';
    int i = (int)((digit ? 0.85 - 0.12 * (s->tag - '1') : 0.92 - 0.14 * (s->tag - 'A')) * (s->count - 1));
    for (int k = 1; k < s->count && s->tag_x > s->x[0]; k++)
        if (s->x[k - 1] < s->tag_x && s->tag_x <= s->x[k]) i = k;
    if (s->tag == 0 || s->count == 0 || i < 0 || i >= s->count || !isfinite(s->x[i]) || !isfinite(s->high[i]))
        return;
    double x = ht_plot_x(p->layout, s->x[i]), y = ht_plot_y(p->layout, s->high[i]);
    p->s->ops->text(p->s, floor(x), floor(y), 1, HT_ALIGN_CENTER, s->role, HT_BOLD, text);
    ht_ink_add(p->ink, (int)floor(x), (int)floor(y));
}

static bool bucket_at(const path *p, int i, double *x, double *low, double *high)
{
    const ht_series *s = p->series;
    if (!isfinite(s->x[i]) || !isfinite(s->low[i]) || !isfinite(s->high[i])) return false;
    *x = ht_plot_x(p->layout, s->x[i]);
    *low = ht_plot_y(p->layout, s->low[i]);
    *high = ht_plot_y(p->layout, s->high[i]);
    return true;
}

/* Half of the distance between the two ends of a bucket in the drawn line. */
static double bucket_half(const path *p)
{
    const ht_series *s = p->series;
    double span = ht_plot_x(p->layout, s->x[s->count - 1]) - ht_plot_x(p->layout, s->x[0]);
    return isfinite(span) ? fabs(span) / (s->count - 1) / 4 : 0;
}

/* Buckets close together: the line runs through both ends of each bucket, as the curve itself did. */
static void draw_dense_range(path *p)
{
    double x, low, high, half = bucket_half(p);
    for (int i = 0; i < p->series->count; i++) {
        if (!bucket_at(p, i, &x, &low, &high)) {
            path_end(p);
            continue;
        }
        path_to(p, low != high ? x - half : x, low);
        if (low != high) path_to(p, x + half, high);
    }
    path_end(p);
}

/* Buckets far apart: whiskers on a line through their middles. */
static void draw_sparse_range(path *p)
{
    double x, low, high;
    for (int i = 0; i < p->series->count; i++) {
        if (!bucket_at(p, i, &x, &low, &high)) {
            path_end(p);
            continue;
        }
        path_to(p, x, (low + high) / 2);
        p->s->ops->stroke(p->s, p->series->role, x, low, high);
        ht_ink_line(p->ink, x, low, x, high);
    }
    path_end(p);
}

static void draw_range(path *p)
{
    const ht_series *s = p->series;
    if (s->count < 2) {
        draw_sparse_range(p);
        return;
    }
    double span = fabs(ht_plot_x(p->layout, s->x[s->count - 1]) - ht_plot_x(p->layout, s->x[0]));
    if (span > 2.5 * s->count)
        draw_sparse_range(p);
    else
        draw_dense_range(p);
}

static void draw_whiskers(path *p)
{
    double x, low, high;
    for (int i = 0; i < p->series->count; i++) {
        if (!bucket_at(p, i, &x, &low, &high)) continue;
        p->s->ops->stroke(p->s, p->series->role, x, low, high);
        ht_ink_line(p->ink, x, low, x, high);
    }
}

static void band_end(path *p, double *low)
{
    if (p->count > 0) p->s->ops->band(p->s, p->series->role, p->count, p->x, low, p->y);
    p->count = 0;
}

static void draw_band(path *p)
{
    double low[PATH_POINTS], x, bottom, top;
    for (int i = 0; i < p->series->count; i++) {
        if (!bucket_at(p, i, &x, &bottom, &top)) {
            band_end(p, low);
            continue;
        }
        if (p->count == PATH_POINTS) {
            double last = low[PATH_POINTS - 1], last_x = p->x[PATH_POINTS - 1],
                   last_y = p->y[PATH_POINTS - 1];
            band_end(p, low);
            low[0] = last;
            p->x[0] = last_x;
            p->y[0] = last_y;
            p->count = 1;
        }
        low[p->count] = bottom;
        p->x[p->count] = x;
        p->y[p->count++] = top;
    }
    band_end(p, low);
}

/* Bars fill whole columns: across, they use the edges of the plot, not the centres of its dots. */
static double bar_x(const path *p, double value)
{
    double position = ht_axis_position(&p->layout->x, value);
    if (isnan(position)) return p->layout->plot.x;
    return p->layout->plot.x + fmin(fmax(position, 0), 1) * p->layout->plot.w;
}

static void draw_bars(path *p, edges *e)
{
    const ht_series *s = p->series;
    ht_rect plot = p->layout->plot;
    for (int i = 0; i < s->count; i++) {
        double left = bar_x(p, s->x[i]), right = bar_x(p, s->x[i + 1]);
        if (!isfinite(s->x[i]) || !isfinite(s->x[i + 1]) || !(left < right)) continue;
        double middle = (left + right) / 2, position = ht_axis_position(&p->layout->y, s->high[i]);
        if (!isfinite(s->high[i])) mark_edge(p, &e->bad, (int)floor(middle), true, HT_ROLE_BAD, "×");
        if (!isfinite(s->high[i]) || !(position > 0)) continue;
        double bottom = plot.y + plot.h, top = ht_plot_y(p->layout, fmin(s->high[i], p->layout->y.high)),
               h = bottom - top; /* up to where the axis has its tick */
        p->s->ops->bar(p->s, s->role, left, bottom - h, right - left, h);
        for (int x = (int)floor(left); x < right; x++) ht_ink_line(p->ink, x, bottom - h, x, bottom - 0.1);
        if (position > 1 + 1e-9) mark_edge(p, &e->above, (int)floor(middle), true, s->role, "▲");
    }
}

/* ---- heat maps --------------------------------------------------------------------------------- */

/* The last of `count` + 1 rising edges at or below a value; -1 before the first, `count` from the last on. */
static int cell_at(const double *edge, int count, double value)
{
    int low = -1, high = count + 1;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (edge[middle] <= value)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The largest value of what lies between two x and two y: one weight far out is the point of the picture. */
static double largest_in(const ht_series *s, double x0, double x1, double y0, double y1)
{
    double most = 0;
    int left = cell_at(s->x, s->count, x0), right = cell_at(s->x, s->count, x1);
    int low = cell_at(s->y, s->rows, y0), high = cell_at(s->y, s->rows, y1);
    for (int i = left < 0 ? 0 : left; i <= right && i < s->count; i++)
        for (int k = low < 0 ? 0 : low; k <= high && k < s->rows; k++)
            most = fmax(most, s->high[i * s->rows + k]);
    return most;
}

static void draw_heat(path *p)
{
    const ht_series *s = p->series;
    ht_rect plot = p->layout->plot;
    double least, most, full = 1 - 1e-9;
    ht_chart_heat_range(s, &least, &most);
    if (isnan(most)) return;
    double decades = fmax(log(most / least), 1e-9);
    for (int column = 0; column < plot.w; column++)
        for (int half = 0; half < 2 * plot.h; half++) {
            double x0 = ht_axis_value(&p->layout->x, (double)column / plot.w),
                   x1 = ht_axis_value(&p->layout->x, (column + full) / plot.w),
                   y0 = ht_axis_value(&p->layout->y, half / (2.0 * plot.h)),
                   y1 = ht_axis_value(&p->layout->y, (half + full) / (2.0 * plot.h));
            double value = largest_in(s, x0, x1, y0, y1);
            if (!(value > 0)) continue;
            p->s->ops->pixel(p->s, ht_role_heat(log(value / least) / decades), plot.x + column,
                             plot.y + plot.h - (half + 1) / 2.0);
        }
}

void ht_draw_series(ht_surface *s, const ht_chart_layout *layout, const ht_series *series, ht_ink_map *ink)
{
    path p = {.s = s, .layout = layout, .series = series, .ink = ink};
    edges e = {-1, -1, -1};
    ht_rect clip = ht_clip_to(s, layout->plot);
    switch (series->kind) {
    case HT_MARK_LINE:
        draw_line(&p);
        draw_tag(&p);
        break;
    case HT_MARK_RANGE:
        draw_range(&p);
        break;
    case HT_MARK_BAND:
        draw_band(&p);
        break;
    case HT_MARK_BARS:
        draw_bars(&p, &e);
        break;
    case HT_MARK_POINTS:
        draw_points(&p);
        break;
    case HT_MARK_WHISKERS:
        draw_whiskers(&p);
        break;
    case HT_MARK_EXTREMES:
        draw_extremes(&p);
        break;
    case HT_MARK_HEAT:
        draw_heat(&p);
        break;
    }
    s->clip = clip;
}

void ht_draw_edges(ht_surface *s, const ht_chart_layout *layout, const ht_series *series, ht_ink_map *ink)
{
    path p = {.s = s, .layout = layout, .series = series, .ink = ink};
    edges e = {-1, -1, -1};
    ht_rect clip = ht_clip_to(s, layout->plot);
    bool edged = series->kind != HT_MARK_BARS && series->kind != HT_MARK_BAND && series->kind != HT_MARK_HEAT;
    for (int i = 0; edged && i < series->count; i++) {
        check_edges(&p, &e, series->x[i], series->high[i]);
        if (series->low) check_edges(&p, &e, series->x[i], series->low[i]);
    }
    s->clip = clip;
}
