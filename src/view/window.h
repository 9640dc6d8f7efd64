/* window.h - which steps the charts over steps show: the whole run or a span of it, its end following the
 * latest step or standing somewhere in the past. */
#ifndef HT_VIEW_WINDOW_H
#define HT_VIEW_WINDOW_H

#include "view/model.h"

/* The first and the last step shown, low < high. */
void ht_window_steps(const ht_model *model, double *low, double *high);

/* Shows a span `factor` times as long (< 1: closer), keeping the step `about` where it is. A window that
 * reaches the latest step follows it. */
void ht_window_zoom(ht_model *model, double factor, double about);

/* Moves by a fraction of the span, < 0 into the past. */
void ht_window_scroll(ht_model *model, double spans);

void ht_window_whole(ht_model *model);  /* the whole run, following */
void ht_window_latest(ht_model *model); /* the same span at the end, following */

/* What stands under the axis: "step", "last 500 steps", … */
void ht_window_label(const ht_model *model, char *to, size_t size);

#endif
