#include "chart/spread.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_MOST = 21, WINDOW_LEAST = 5, WINDOW_SHARE = 20, COLUMNS_MOST = 1024 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between the two nearest ranks, of sorted values. */
static double quantile_of(const double *sorted, int count, double share)
{
    double at = share * (count - 1);
    int below = (int)at, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/* How many values a median is of at least: so small a part of all that what they tend to is still seen. */
static int window_of(int count, int columns)
{
    int part = count / WINDOW_SHARE;
    if (count <= columns && part < WINDOW_LEAST) return 1;
    return part < WINDOW_LEAST ? WINDOW_LEAST : part < WINDOW_MOST ? part : WINDOW_MOST;
}

/* Widens from..to (of `count` values) at both ends by turns until it holds enough. */
static void widen(int count, int enough, int *from, int *to)
{
    while (*to - *from < enough && (*from > 0 || *to < count)) {
        if (*from > 0) --*from;
        if (*to < count && *to - *from < enough) ++*to;
    }
}

int ht_spread_of(const ht_curve *curve, double from, double to, int columns, double share, ht_spread *out)
{
    double step[HT_CURVE_BUCKETS], value[HT_CURVE_BUCKETS], window[HT_CURVE_BUCKETS];
    int count = ht_curve_values(curve, from, to, step, value), used = 0, enough = window_of(count, columns);
    double width = to > from ? (to - from) / columns : 1;
    for (int begin = 0, end; begin < count && used < columns; begin = end) {
        double column = floor((step[begin] - from) / width);
        for (end = begin + 1; enough > 1 && end < count && floor((step[end] - from) / width) <= column;)
            end++;
        int first = begin, last = end;
        widen(count, enough, &first, &last);
        memcpy(window, value + first, (size_t)(last - first) * sizeof *window);
        qsort(window, (size_t)(last - first), sizeof *window, by_value);
        out[used++] = (ht_spread){step[end - 1], quantile_of(window, last - first, share),
                                  quantile_of(window, last - first, 0.5),
                                  quantile_of(window, last - first, 1 - share), last - first};
    }
    return used;
}

bool ht_spread_quantiles(const ht_curve *curve, double from, double to, int count, const double *share,
                         double *quantile)
{
    double step[HT_CURVE_BUCKETS], value[HT_CURVE_BUCKETS];
    int values = ht_curve_values(curve, from, to, step, value);
    if (values == 0) return false;
    qsort(value, (size_t)values, sizeof *value, by_value);
    for (int i = 0; i < count; i++) quantile[i] = quantile_of(value, values, share[i]);
    return true;
}

void ht_spread_limit(ht_series *s, const ht_chart *chart, const ht_curve *curve)
{
    const double DECADE = 10, DEEPEST = 1e-5, HIGHEST = 100;
    double step[HT_CURVE_BUCKETS], value[HT_CURVE_BUCKETS];
    if (!s || chart->y.scale != HT_SCALE_LOG) return;
    int values = ht_curve_values(curve, chart->x.low, chart->x.high, step, value), count = 0;
    for (int i = 0; i < values; i++)
        if (value[i] > 0) value[count++] = value[i];
    if (count == 0) return;
    qsort(value, (size_t)count, sizeof *value, by_value);
    double middle = quantile_of(value, count, 0.5), large = quantile_of(value, count, 0.9),
           deepest = fmax(quantile_of(value, count, 0.01), DEEPEST * large),
           highest = fmin(quantile_of(value, count, 0.99), HIGHEST * large);
    s->least = fmin(deepest, middle / DECADE);
    s->most = fmax(highest, middle * DECADE);
    if (s->kind == HT_MARK_LINE) s->most *= DECADE;
}

/* A line needs a column of the screen for each of its points, not half of one. */
static int places(int columns)
{
    int places = columns / 2 < COLUMNS_MOST ? columns / 2 : COLUMNS_MOST;
    return places < 1 ? 1 : places;
}

static void fill_band(ht_series *band, const ht_spread *spread)
{
    for (int i = 0; band && i < band->count; i++) {
        band->x[i] = spread[i].step;
        band->low[i] = spread[i].low;
        band->high[i] = spread[i].high;
    }
}

/* "10–90 %" */
static void name_band(ht_series *band, double share)
{
    if (band) snprintf(band->said, sizeof band->said, "%.0f–%.0f %%", 100 * share, 100 - 100 * share);
}

/* Returns how many columns of the spread there are. */
static int add_band(ht_chart *chart, const ht_curve *curve, ht_role role, int columns, double share,
                    ht_spread spread[COLUMNS_MOST])
{
    int count = ht_spread_of(curve, chart->x.low, chart->x.high, places(columns), share, spread);
    if (count > 0 && spread[0].values == 1) return count; /* one value has no spread */
    ht_series *band = ht_chart_add(chart, HT_MARK_BAND, role, "", count);
    fill_band(band, spread);
    ht_spread_limit(band, chart, curve);
    name_band(band, share);
    return count;
}

void ht_spread_add_band(ht_chart *chart, const ht_curve *curve, ht_role role, int columns, double share)
{
    ht_spread spread[COLUMNS_MOST] = {0};
    add_band(chart, curve, role, columns, share, spread);
}

ht_series *ht_spread_add(ht_chart *chart, const ht_curve *curve, ht_role role, const char *name, int columns,
                         double share)
{
    ht_spread spread[COLUMNS_MOST] = {0};
    int count = add_band(chart, curve, role, columns, share, spread);
    ht_series *line = ht_chart_add(chart, HT_MARK_LINE, role, name, count);
    for (int i = 0; line && i < count; i++) {
        line->x[i] = spread[i].step;
        line->high[i] = spread[i].middle;
        if (i == 0 || spread[i].values < line->middle_of) line->middle_of = spread[i].values;
    }
    ht_spread_limit(line, chart, curve);
    return line;
}

void ht_spread_add_extremes(ht_chart *chart, const ht_curve *curve, ht_role role, int columns)
{
    ht_bucket bucket[COLUMNS_MOST] = {0};
    int count = ht_curve_columns(curve, chart->x.low, chart->x.high, places(columns), 0, bucket);
    ht_series *dots = ht_chart_add(chart, HT_MARK_EXTREMES, role, "", count);
    for (int i = 0; dots && i < count; i++) {
        dots->x[i] = bucket[i].last;
        dots->low[i] = bucket[i].low;
        dots->high[i] = bucket[i].high;
    }
    ht_spread_limit(dots, chart, curve);
}
