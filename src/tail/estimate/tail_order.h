/* tail_order.h - estimators from the k largest magnitudes: hill, pickands, dehaan, dekkers; the Hill plot and
 * its plateau; and whether the tail is a power law at all. */
#ifndef HT_TAIL_TAIL_ORDER_H
#define HT_TAIL_TAIL_ORDER_H

#include "heavytail/tail.h"
#include "tail/tail_work.h"

/* Keeps what `k` needs (0: what a search for a plateau needs: a tenth of the values, at most 100 001).
 * HT_FAIL when memory is short. Free with ht_top_free. */
ht_code ht_top_take(ht_top *top, const ht_tail_sample *sample, size_t k, ht_error *err);
void ht_top_free(ht_top *top);

/* α̂(k) at k from 2 up, spaced evenly in the logarithm, and its plateau: the largest k whose estimate agrees
 * with those of all smaller k within their errors (after Drees and Kaufmann, Stoch. Proc. Appl. 75, 1998). */
typedef struct ht_hill_plot {
    int count;
    double k[HT_PICTURE_POINTS], alpha[HT_PICTURE_POINTS];
    size_t low, high; /* plateau: α̂ stays within a tenth of α̂(high) from low to high; 0, 0 without */
} ht_hill_plot;

void ht_hill_plot_make(ht_hill_plot *plot, const ht_top *top);

#endif
