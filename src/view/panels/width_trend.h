/* width_trend.h - what the runs of a width sweep say: the line of κ over log10 n, by num/trend.h. Pure. */
#ifndef HT_VIEW_PANELS_WIDTH_TREND_H
#define HT_VIEW_PANELS_WIDTH_TREND_H

#include "link/width_sweep.h"
#include "num/trend.h"

/* The line through the runs with noise; its groups are the first widths. */
ht_trend ht_width_trend(const ht_width_sweep_state *state);

/* The slope of the line through the predicted medians of the same widths; NaN where one is not predicted. */
double ht_width_predicted_slope(const ht_width_sweep_state *state, const ht_trend *trend);

/* How many more runs would tell the predicted slope from 0, spread over the widths as those that are there:
 * by the predicted quartiles, since the scatter of few runs is hardly known. By the line's own slope and
 * error where nothing is predicted, or where these should have told it. Infinite where no number does. */
double ht_width_runs_missing(const ht_width_sweep_state *state, const ht_trend *trend);

#endif
