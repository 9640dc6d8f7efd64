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
    bool has_low = kind == HT_MARK_RANGE || kind == HT_MARK_BAND || kind == HT_MARK_WHISKERS;
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

void ht_chart_mark(ht_chart *chart, bool vertical, double at, ht_role role, const char *label)
{
    if (chart->mark_count >= HT_CHART_MARKS || !isfinite(at)) return;
    ht_line_mark *mark = &chart->marks[chart->mark_count++];
    *mark = (ht_line_mark){.vertical = vertical, .at = at, .role = role};
    ht_text_copy(mark->label, sizeof mark->label, label ? label : "");
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

void ht_chart_fit(ht_chart *chart)
{
    extent x = {(double)INFINITY, -(double)INFINITY}, y = x;
    for (int i = 0; i < chart->series_count; i++) {
        const ht_series *s = &chart->series[i];
        bool bars = s->kind == HT_MARK_BARS;
        extent own = {(double)INFINITY, -(double)INFINITY};
        see(&x, &chart->x, s->x, s->count > 0 ? s->count + bars : 0);
        see(&own, &chart->y, s->high, s->count);
        see(&own, &chart->y, s->low, s->count);
        /* A bar begins at zero, or at half of the lowest bar where there is no zero. */
        if (bars && own.low <= own.high)
            own.low = chart->y.scale == HT_SCALE_LOG ? own.low / 2 : fmin(own.low, 0);
        y.low = fmin(y.low, own.low);
        y.high = fmax(y.high, own.high);
    }
    ht_axis_fit(&chart->x, x.low, x.high);
    ht_axis_fit(&chart->y, y.low, y.high);
}
