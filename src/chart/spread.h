/* spread.h - what a chart shows of a curve that jumps: its running median, the band that holds most of it,
 * and single dots for the extremes of each column. Of few values, as of a run that logs seldom, a line
 * through each: their median would be that of the whole run. */
#ifndef HT_CHART_SPREAD_H
#define HT_CHART_SPREAD_H

#include "chart/chart.h"
#include "chart/curve.h"

typedef struct ht_spread {
    double step, low, middle, high; /* the quantiles `share`, a half, 1 - `share` around a step */
    int values;                     /* that they are of; 1: the value at that step */
} ht_spread;

/* Running quantiles between two steps in at most `columns` places: over the values of each column, or, where
 * it has fewer, over its nearest 21, but no more than a twentieth of all (and 5 at least). Fewer than 100
 * values that have a place each are not summed up: each is told as it is. Returns how many. */
int ht_spread_of(const ht_curve *curve, double from, double to, int columns, double share, ht_spread *out);

/* Quantiles (0 … 1) of all values between two steps; false if there are none. */
bool ht_spread_quantiles(const ht_curve *curve, double from, double to, int count, const double *share,
                         double *quantile);

/* A logarithmic axis shows of a curve what lies between the 1 % and the 99 % quantile of its positive values
 * between the ends of the x axis, and no more than five decades below the 90 % quantile (a loss that small is
 * as good as none) and two above it, but at least a decade at either side of the median; of a line also a
 * decade above that: it may begin high. Sets the series' limits accordingly. */
void ht_spread_limit(ht_series *series, const ht_chart *chart, const ht_curve *curve);

/* Adds the band, and the median line over it, along the chart's x axis; a line through each value, and no
 * band, where these are few (line->middle_of 1). Returns the line (NULL like ht_chart_add). */
ht_series *ht_spread_add(ht_chart *chart, const ht_curve *curve, ht_role role, const char *name, int columns,
                         double share);
void ht_spread_add_band(ht_chart *chart, const ht_curve *curve, ht_role role, int columns, double share);

/* Adds the smallest and the largest value of each column. */
void ht_spread_add_extremes(ht_chart *chart, const ht_curve *curve, ht_role role, int columns);

#endif
