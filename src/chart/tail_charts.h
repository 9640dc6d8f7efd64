/* tail_charts.h - the charts of a tail: of weights, of norms, the Hill plot, the spectrum. Pure: from an
 * ht_tail_picture to models.
 *
 * A chart may come in with series of earlier tails, which then lie behind; ht_tail_chart_widen makes its axes
 * hold one of them. */
#ifndef HT_CHART_TAIL_CHARTS_H
#define HT_CHART_TAIL_CHARTS_H

#include "heavytail/tail.h"
#include "chart/chart.h"

/* `injected`: the α of the noise, drawn for comparison; NaN without. Each chart's note says what to look for.
 */
void ht_tail_chart_weights(const ht_tail_picture *picture, double injected, ht_chart *chart);
void ht_tail_chart_norms(const ht_tail_picture *picture, double injected, ht_chart *chart);
void ht_tail_chart_hill(const ht_tail_picture *picture, double injected, ht_chart *chart);
void ht_tail_chart_spectrum(const ht_tail_picture *picture, ht_chart *chart);

/* What such a chart draws of a distribution, or of a Hill plot, as points of `series` (their number:
 * ..._points). */
int ht_tail_hill_points(const ht_tail_picture *picture);
void ht_tail_hill_fill(const ht_tail_picture *picture, ht_series *series);
void ht_tail_ccdf_fill(const ht_tail_ccdf *ccdf, ht_series *series);
void ht_tail_chart_widen(ht_chart *chart, const ht_tail_ccdf *ccdf);

#endif
