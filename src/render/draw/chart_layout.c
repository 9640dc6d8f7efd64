#include "render/draw/chart_layout.h"

#include <math.h>

#include "base/text.h"
#include "render/draw/draw_frame.h"

enum {
    AXES_MIN_WIDTH = 20,
    AXES_MIN_HEIGHT = 5,
    LABEL_MAX = 9,        /* columns of a y tick label */
    LEGEND_ROW_FROM = 7,  /* inner rows from which the legend may take one */
    LEGEND_SHARE = 7,     /* inner rows for each one more that the legend may take */
    LEGEND_ROWS_FROM = 8, /* ... two */
    NOTE_FROM = 6,
    Y_TICKS_MAX = 9,
    X_TICKS_MAX = 12,
    VALUE_LEAST = 6, /* columns kept for a value, so that a longer one does not move the plot */
};

static int length(const char *text)
{
    return (int)ht_utf8_length(text);
}

/* ---- coordinates ------------------------------------------------------------------------------- */

/* Half a dot is left free at each side: the ends of the axis are the centres of the outermost braille dots.
 */
static const double MARGIN_X = 0.25, MARGIN_Y = 0.125, FAR = 50;

static double bounded(double position)
{
    return position < -FAR ? -FAR : position > FAR ? FAR : position;
}

static double position_of(const ht_axis *axis, double value)
{
    if (axis->scale == HT_SCALE_LOG && value <= 0) return -FAR;
    return bounded(ht_axis_position(axis, value));
}

double ht_plot_x(const ht_chart_layout *layout, double value)
{
    return layout->plot.x + MARGIN_X + position_of(&layout->x, value) * (layout->plot.w - 2 * MARGIN_X);
}

double ht_plot_y(const ht_chart_layout *layout, double value)
{
    double position = position_of(&layout->y, value);
    return layout->plot.y + layout->plot.h - MARGIN_Y - position * (layout->plot.h - 2 * MARGIN_Y);
}

/* ---- parts ------------------------------------------------------------------------------------- */

/* A panel that has not set its axis yet still gets one that can be drawn. */
static ht_axis drawable(ht_axis axis)
{
    bool valid = isfinite(axis.low) && isfinite(axis.high) && axis.low < axis.high;
    if (valid && (axis.scale == HT_SCALE_LINEAR || axis.low > 0)) return axis;
    double low = axis.low, high = axis.high;
    axis.low = axis.high = 0;
    axis.fixed = false;
    ht_axis_fit(&axis, low, high);
    return axis;
}

static bool has_data(const ht_chart *chart)
{
    for (int i = 0; i < chart->series_count; i++)
        for (int k = 0; k < chart->series[i].count; k++)
            if (isfinite(chart->series[i].high[k])) return true;
    return false;
}

int ht_legend_sample(const ht_series *series)
{
    return series->kind == HT_MARK_HEAT ? HT_LEGEND_HEAT : HT_LEGEND_SAMPLE;
}

/* Columns of one entry: sample, name, value. 0 for a series without a name. */
static int legend_width(const ht_series *series)
{
    if (series->name[0] == '\0') return 0;
    int value = length(series->value);
    if (value > 0 && value < VALUE_LEAST) value = VALUE_LEAST;
    return ht_legend_sample(series) + 1 + length(series->name) + (value > 0 ? 1 + value : 0);
}

/* Rows that the legend takes when it is broken into lines of `width`; `first` is the room in the title line.
 */
static int legend_rows(const ht_chart *chart, int first, int width)
{
    int rows = 0, used = 0, room = first;
    for (int i = 0; i < chart->series_count; i++) {
        int w = legend_width(&chart->series[i]);
        if (w == 0) continue;
        int need = used > 0 ? used + HT_LEGEND_GAP + w : w;
        if (need > room) {
            rows++;
            room = width;
            need = w;
        }
        used = need;
    }
    return rows;
}

static int legend_total(const ht_chart *chart)
{
    int total = 0;
    for (int i = 0; i < chart->series_count; i++) {
        int w = legend_width(&chart->series[i]);
        if (w > 0) total += w + (total > 0 ? HT_LEGEND_GAP : 0);
    }
    return total;
}

/* The legend goes into the title line if it fits, else into rows of its own: it never covers data. Returns
 * its rows. */
static int place_legend(ht_chart_layout *l, ht_rect area, const ht_chart *chart)
{
    int total = legend_total(chart), room = area.w - 6;
    if (chart->title[0]) room -= length(chart->title) + 3;
    if (chart->hint[0]) room -= length(chart->hint) + 3;
    int y_label = chart->y.label[0] ? length(chart->y.label) + 5 : 0;
    l->y_label_in_title = y_label > 0 && room >= y_label;
    if (l->y_label_in_title && total + y_label > room && l->inner.h < LEGEND_ROW_FROM)
        l->y_label_in_title = false;
    if (l->y_label_in_title) room -= y_label;
    int width = l->inner.w - 2, most = l->inner.h < LEGEND_ROWS_FROM ? 1 : 2;
    if (l->inner.h > most * LEGEND_SHARE) most = l->inner.h / LEGEND_SHARE;
    if (l->inner.h < LEGEND_ROW_FROM) most = 0;
    int below = legend_rows(chart, 0, width), shared = legend_rows(chart, room, width);
    if (chart->large && most > 0) return below < most ? below : most;
    l->legend_in_title = shared < below || most == 0; /* begun there if that saves a row */
    int rows = l->legend_in_title ? shared : below;
    return rows < most ? rows : most;
}

/* Ticks with a label: how many, the distance between two in rows (0 unless all are equal: 1-2-5 on a log
 * axis), and whether they stand whole rows apart. */
typedef struct tick_rows {
    int labelled;
    double distance;
    bool whole;
} tick_rows;

static tick_rows rows_of_ticks(const ht_chart_layout *l)
{
    tick_rows r = {.whole = true};
    double first = 0, before = 0;
    for (int i = 0; i < l->y_count; i++) {
        if (!l->y_ticks[i].major) continue;
        double at = ht_plot_y(l, l->y_ticks[i].value);
        if (r.labelled == 0) first = at;
        if (r.labelled == 1) r.distance = before - at;
        bool equal = r.labelled < 2 || fabs(before - at - r.distance) < 1e-6 * r.distance;
        double rows = floor(first) - floor(before);
        if (r.labelled > 1)
            r.whole = r.whole && (floor(first) - floor(at)) * (r.labelled - 1) == rows * r.labelled;
        if (!equal) r.distance = 0, r.whole = false;
        r.labelled++;
        if (!equal) return r;
        before = at;
    }
    return r;
}

/* Shows a little more above the axis' end: its length grows by this factor. */
static ht_axis stretched(ht_axis axis, double factor)
{
    if (axis.scale == HT_SCALE_LOG)
        axis.high = axis.low * pow(axis.high / axis.low, factor);
    else
        axis.high = axis.low + factor * (axis.high - axis.low);
    return axis;
}

/* Ticks at this distance of rows from each other on an axis that is so much longer; false if there are none
 * that stand whole rows apart. */
static bool stretch_to(ht_chart_layout *l, const ht_axis *axis, tick_rows want, double factor)
{
    if (!(factor >= 1)) factor = 1;
    l->y = stretched(*axis, factor);
    if (!isfinite(l->y.high)) return false;
    for (int n = want.labelled; n <= want.labelled + 2; n++) {
        l->y_count = ht_axis_ticks(&l->y, n, l->y_ticks);
        tick_rows is = rows_of_ticks(l);
        if (is.whole && fabs(is.distance * factor - want.distance) < 1e-3 * want.distance) return true;
    }
    return false;
}

/* The least growth of the axis that puts the ticks which so many rows would have whole rows apart; it is then
 * the layout's. Infinite if there is none. A distance may exceed whole rows by what does not add up to one.
 */
static double even_ticks(ht_chart_layout *l, const ht_axis *axis, int wanted, int *labelled)
{
    l->y = *axis;
    l->y_count = ht_axis_ticks(&l->y, wanted, l->y_ticks);
    tick_rows want = rows_of_ticks(l);
    double whole = floor(want.distance + 1e-9), spare = 0.85 / fmax(want.labelled - 1, 1);
    *labelled = want.labelled;
    if (want.labelled < 2 || whole < 1) return (double)INFINITY;
    double least = fmax(1, want.distance / (whole + spare)), safe = want.distance / whole;
    if (stretch_to(l, axis, want, least)) return least;
    return stretch_to(l, axis, want, safe) ? safe : (double)INFINITY;
}

/* The rows above the end of an axis that is fixed have no meaning: no share is 1.2. */
static void drop_ticks_above(ht_chart_layout *l, const ht_axis *axis)
{
    while (axis->fixed && l->y_count > 0 &&
           ht_axis_position(axis, l->y_ticks[l->y_count - 1].value) > 1 + 1e-9)
        l->y_count--;
}

static void place_y_ticks(ht_chart_layout *l)
{
    static const double MOST = 2, FEW = 0.1; /* growth; what a label less than four weighs against it */
    const ht_axis axis = l->y;
    int wanted = l->plot.h / 2 + 1, most = wanted < Y_TICKS_MAX ? wanted : Y_TICKS_MAX, best = 0, labelled;
    double least = (double)INFINITY;
    for (int n = most; n >= 2; n--) {
        double growth = even_ticks(l, &axis, n, &labelled);
        double cost = growth + (labelled < 4 ? (4 - labelled) * FEW : 0);
        if (growth <= MOST && cost < least - 1e-9) least = cost, best = n;
    }
    l->y = axis;
    l->y_count = ht_axis_ticks(&l->y, most, l->y_ticks);
    if (l->y.scale == HT_SCALE_LOG && rows_of_ticks(l).labelled < 3) {
        /* Two decades with a label each say little: then 1-2-5, even if it is dense. */
        l->y_count = ht_axis_ticks(&l->y, l->plot.h * 3 / 4 + 1, l->y_ticks);
        if (rows_of_ticks(l).distance == 0) return;
    }
    if (best > 0) even_ticks(l, &axis, best, &labelled);
    drop_ticks_above(l, &axis);
}

/* Rows of equal height that fill the plot from its top; those without room are left out. */
static void place_rows(ht_chart_layout *l, const ht_chart *chart)
{
    int shown = chart->row_count < l->plot.h ? chart->row_count : l->plot.h;
    if (shown < 1) shown = 1;
    double each = l->plot.h / shown > 1 ? l->plot.h / shown : 1;
    l->y = (ht_axis){.low = 0.5 - (l->plot.h - MARGIN_Y) / each, .high = 0.5 - MARGIN_Y / each};
    for (l->y_count = 0; l->y_count < shown; l->y_count++)
        l->y_ticks[l->y_count] = (ht_tick){.value = -l->y_count, .major = true};
}

/* Columns left of rows: name, a blank, value, a blank. */
static int row_gutter(const ht_chart_layout *l, const ht_chart *chart)
{
    int name = 0, value = 0, most = l->inner.w * 3 / 5;
    for (int i = 0; i < chart->row_count; i++) {
        name = (int)fmax(name, length(chart->rows[i].name));
        value = (int)fmax(value, length(chart->rows[i].value));
    }
    return name + value + 2 < most ? name + value + 2 : most;
}

/* Columns left of the y axis: the widest label and a blank. */
static int gutter(const ht_chart_layout *l, int least)
{
    int widest = 1, most = l->inner.w / 3;
    for (int i = 0; i < l->y_count; i++) {
        int w = length(l->y_ticks[i].label);
        if (w > widest) widest = w;
    }
    if (most > LABEL_MAX) most = LABEL_MAX;
    widest = (widest < most ? widest : most) + 1;
    return widest < least ? least : widest;
}

static bool labels_overlap(const ht_chart_layout *l)
{
    double before = -1e9;
    for (int i = 0; i < l->x_count; i++) {
        if (!l->x_ticks[i].major) continue;
        double half = length(l->x_ticks[i].label) / 2.0, x = ht_plot_x(l, l->x_ticks[i].value);
        if (x - half < before + 1.5) return true;
        before = x + half;
    }
    return false;
}

/* As many x ticks as have room for their labels side by side. */
static void place_x_ticks(ht_chart_layout *l)
{
    int wanted = l->plot.w / 6;
    if (wanted > X_TICKS_MAX) wanted = X_TICKS_MAX;
    if (wanted < 1) wanted = 1;
    do l->x_count = ht_axis_ticks(&l->x, wanted, l->x_ticks);
    while (labels_overlap(l) && --wanted > 0);
}

/* The note stands in the bottom border, left of the x axis' label, if both fit; else in a row of its own.
 * Returns the rows that it takes. */
static int place_note(ht_chart_layout *l, ht_rect area, const ht_chart *chart, int last_row, int rows)
{
    int beside = chart->x.label[0] ? length(chart->x.label) + 3 : 0;
    if (chart->note[0] == '\0') return 0;
    l->note_in_foot = length(chart->note) + 2 + beside <= area.w - 4;
    if (l->note_in_foot || rows < NOTE_FROM) return 0;
    l->note_row = last_row;
    return 1;
}

void ht_chart_layout_make(ht_chart_layout *l, ht_rect area, const ht_chart *chart)
{
    *l = (ht_chart_layout){.note_row = -1, .x = drawable(chart->x), .y = drawable(chart->y)};
    l->inner = ht_frame_fits(area) ? ht_rect_inside(area) : area;
    l->plot = (ht_rect){l->inner.x, l->inner.y, 0, 0};
    l->empty = chart->empty[0] != '\0' && !has_data(chart);
    l->axes = area.w >= AXES_MIN_WIDTH && area.h >= AXES_MIN_HEIGHT;
    if (!l->axes) return;
    int top = l->inner.y, rows = l->inner.h, legend = place_legend(l, area, chart);
    l->legend = (ht_rect){l->inner.x + 1, top, l->inner.w - 2, legend};
    top += legend;
    rows -= legend;
    rows -= place_note(l, area, chart, top + rows - 1, rows);
    l->x_labels = rows >= 4;
    l->plot.y = top;
    l->plot.h = rows - 1 - l->x_labels;
    if (chart->row_count > l->plot.h && l->note_row >= 0) l->note_row = -1, l->plot.h++; /* rows come first */
    if (chart->row_count > 0)
        place_rows(l, chart);
    else
        place_y_ticks(l);
    int left =
        (chart->row_count > 0 ? row_gutter(l, chart) : gutter(l, chart->gutter)) + 1; /* and the axis */
    l->plot.x = l->inner.x + left;
    l->plot.w = l->inner.w - left - 1;
    place_x_ticks(l);
}
