#include "chart/chart.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* A chain of arrays that series are cut from. Kept from frame to frame: a lab draws the same charts again. */
typedef struct ht_chart_block {
    struct ht_chart_block *next;
    size_t used, capacity; /* doubles */
    double *data;
} ht_chart_block;

enum { BLOCK_LEAST = 4096 };

void ht_chart_clear(ht_chart *chart)
{
    ht_chart_block *memory = chart->memory;
    for (ht_chart_block *block = memory; block; block = block->next) block->used = 0;
    *chart = (ht_chart){.memory = memory};
}

int ht_chart_columns(const ht_chart *chart, int subcells)
{
    return chart->room.columns > 0 ? chart->room.columns : subcells / 2;
}

double ht_chart_measure(const ht_chart *chart, const char *title)
{
    return chart->room.measure ? chart->room.measure(chart->room.surface, title)
                               : (double)ht_utf8_length(title);
}

void ht_chart_free(ht_chart *chart)
{
    for (ht_chart_block *block = chart->memory; block;) {
        ht_chart_block *next = block->next;
        ht_free(block->data);
        ht_free(block);
        block = next;
    }
    *chart = (ht_chart){0};
}

static ht_chart_block *add_block(ht_chart *chart, size_t need)
{
    ht_error ignored;
    size_t capacity = need > BLOCK_LEAST ? need : BLOCK_LEAST;
    ht_chart_block *block = ht_alloc(1, sizeof *block, "a chart", &ignored);
    if (!block) return NULL;
    block->data = ht_alloc(capacity, sizeof(double), "a chart", &ignored);
    if (!block->data) {
        ht_free(block);
        return NULL;
    }
    block->capacity = capacity;
    block->next = chart->memory;
    chart->memory = block;
    return block;
}

static double *take(ht_chart *chart, size_t need)
{
    ht_chart_block *block = chart->memory;
    while (block && block->capacity - block->used < need) block = block->next;
    if (!block) block = add_block(chart, need);
    if (!block) return NULL;
    double *data = block->data + block->used;
    block->used += need;
    memset(data, 0, need * sizeof *data);
    return data;
}

ht_series *ht_chart_add(ht_chart *chart, ht_mark_kind kind, ht_role role, const char *name, int count)
{
    if (count < 0 || chart->series_count >= HT_CHART_SERIES) return NULL;
    size_t n = (size_t)count;
    bool has_low =
        kind == HT_MARK_RANGE || kind == HT_MARK_BAND || kind == HT_MARK_WHISKERS || kind == HT_MARK_EXTREMES;
    double *data = take(chart, 3 * n + 1);
    if (!data) return NULL;
    ht_series *series = &chart->series[chart->series_count++];
    *series = (ht_series){.kind = kind, .role = role, .count = count};
    series->x = data; /* n + 1: the edges of bars */
    series->high = data + n + 1;
    series->low = has_low ? data + 2 * n + 1 : NULL;
    ht_text_copy(series->name, sizeof series->name, name ? name : "");
    return series;
}

ht_series *ht_chart_add_heat(ht_chart *chart, const char *name, int columns, int rows)
{
    if (columns < 0 || rows < 0 || chart->series_count >= HT_CHART_SERIES) return NULL;
    size_t n = (size_t)columns, k = (size_t)rows;
    double *data = take(chart, n + 1 + k + 1 + n * k);
    if (!data) return NULL;
    ht_series *series = &chart->series[chart->series_count++];
    *series = (ht_series){.kind = HT_MARK_HEAT, .role = HT_ROLE_AXIS, .count = columns, .rows = rows};
    series->x = data;
    series->y = data + n + 1;
    series->high = data + n + 1 + k + 1;
    ht_text_copy(series->name, sizeof series->name, name);
    return series;
}

void ht_chart_heat_range(const ht_series *heat, double *least, double *most)
{
    *least = *most = (double)NAN;
    for (int i = 0; i < heat->count * heat->rows; i++) {
        double v = heat->high[i];
        if (!(v > 0) || !isfinite(v)) continue;
        *least = fmin(*least, v); /* which pass over NaN */
        *most = fmax(*most, v);
    }
}

double ht_chart_add_row(ht_chart *chart, ht_role role, const char *name, const char *value)
{
    if (chart->row_count >= HT_CHART_ROWS) return (double)NAN;
    ht_chart_row *row = &chart->rows[chart->row_count];
    row->role = role;
    ht_text_copy(row->name, sizeof row->name, name);
    ht_text_copy(row->value, sizeof row->value, value);
    return -(double)chart->row_count++;
}

void ht_chart_mark(ht_chart *chart, bool vertical, double at, ht_role role, const char *label)
{
    if (chart->mark_count >= HT_CHART_MARKS || !isfinite(at)) return;
    ht_line_mark *mark = &chart->marks[chart->mark_count++];
    *mark = (ht_line_mark){.vertical = vertical, .at = at, .role = role};
    ht_text_copy(mark->label, sizeof mark->label, label ? label : "");
}

double ht_chart_place(const ht_chart *chart, double x)
{
    double best = x, least = (double)INFINITY;
    for (int i = 0; i < chart->place_count; i++) {
        double distance = fabs(ht_axis_position(&chart->x, chart->place[i]) - ht_axis_position(&chart->x, x));
        if (distance < least) least = distance, best = chart->place[i];
    }
    return best;
}

void ht_chart_label(ht_chart *chart, double at, int number, const char *text)
{
    int before = chart->mark_count;
    ht_chart_mark(chart, true, at, HT_ROLE_TEXT, text);
    if (chart->mark_count > before) chart->marks[before].number = number;
}

typedef struct extent {
    double low, high; /* low > high while nothing was seen */
} extent;

/* Only what the axis can show counts: one Inf, or a zero on a log axis, must not break it. */
static void see(extent *e, const ht_axis *axis, const double *values, int count)
{
    for (int i = 0; values && i < count; i++) {
        double v = values[i];
        if (!isfinite(v) || (axis->scale == HT_SCALE_LOG && v <= 0)) continue;
        e->low = fmin(e->low, v);
        e->high = fmax(e->high, v);
    }
}

static const extent NOTHING = {(double)INFINITY, -(double)INFINITY};

static bool is_limited(const ht_series *s)
{
    return s->least < s->most;
}

/* What lies beyond a series' limits stretches the axis up to them. */
static extent within_limits(extent own, const ht_series *s)
{
    if (!is_limited(s) || own.low > own.high) return own;
    return (extent){fmin(fmax(own.low, s->least), s->most), fmax(fmin(own.high, s->most), s->least)};
}

/* What a series needs of the y axis. */
static extent height_of(const ht_series *s, const ht_axis *axis)
{
    extent own = NOTHING;
    if (s->kind == HT_MARK_HEAT) {
        see(&own, axis, s->y, s->count > 0 ? s->rows + 1 : 0);
        return own;
    }
    see(&own, axis, s->high, s->count);
    see(&own, axis, s->low, s->count);
    /* A bar begins at zero, or at half of the lowest bar where there is no zero. */
    if (s->kind == HT_MARK_BARS && own.low <= own.high)
        own.low = axis->scale == HT_SCALE_LOG ? own.low / 2 : fmin(own.low, 0);
    return within_limits(own, s);
}

/* Beyond these a dot would squeeze all the rest into a few rows. */
static extent far_limits(const extent *middle, const ht_axis *axis)
{
    if (axis->scale == HT_SCALE_LOG) {
        double factor = fmax(middle->high / middle->low, 10);
        return (extent){middle->low / factor, middle->high * factor};
    }
    double length = fmax(middle->high - middle->low, 0.1 * fmax(fabs(middle->low), fabs(middle->high)));
    return (extent){middle->low - length, middle->high + length};
}

/* Single dots widen the extent of the rest as far as they lie within its limits. */
static void see_extremes(extent *y, const ht_series *s, const ht_axis *axis, const extent *limits)
{
    for (int i = 0; i < s->count; i++) {
        double ends[] = {s->low[i], s->high[i]};
        for (int k = 0; k < 2; k++)
            if (ends[k] >= limits->low && ends[k] <= limits->high) see(y, axis, &ends[k], 1);
    }
}

void ht_chart_fit(ht_chart *chart)
{
    extent x = NOTHING, y = NOTHING;
    for (int i = 0; i < chart->series_count; i++) {
        const ht_series *s = &chart->series[i];
        bool edges = s->kind == HT_MARK_BARS || s->kind == HT_MARK_HEAT;
        see(&x, &chart->x, s->x, s->count > 0 ? s->count + edges : 0);
        if (s->kind == HT_MARK_EXTREMES && !is_limited(s)) continue;
        extent own = height_of(s, &chart->y);
        y.low = fmin(y.low, own.low);
        y.high = fmax(y.high, own.high);
    }
    extent all = {-(double)INFINITY, (double)INFINITY},
           limits = y.low > y.high ? all : far_limits(&y, &chart->y);
    for (int i = 0; i < chart->series_count; i++)
        if (chart->series[i].kind == HT_MARK_EXTREMES && !is_limited(&chart->series[i]))
            see_extremes(&y, &chart->series[i], &chart->y, &limits);
    ht_axis_fit(&chart->x, x.low, x.high);
    ht_axis_fit(&chart->y, y.low, y.high);
}
