/* tail_median.c - median: the k largest magnitudes fall by 2^(1/α) from a rank to twice that rank. */
#include <math.h>

#include "tail/tail_estimate.h"
#include "tail/tail_work.h"

ht_code ht_median_estimate(ht_tail_work *work, ht_estimate *estimates, ht_error *err)
{
    ht_estimate *e = &estimates[HT_MEDIAN];
    size_t j = work->k / 2;
    (void)err;
    if (j < 1 || 2 * j > work->top->kept) return HT_OK;
    double gamma = (work->top->log[j - 1] - work->top->log[2 * j - 1]) / log(2);
    if (!(gamma > 0)) return HT_OK;
    e->value = 1 / gamma;
    e->k = work->k;
    e->n_tail = work->k;
    ht_estimate_inverse(e, gamma, gamma / (log(2) * sqrt((double)j * 2)));
    e->quality = work->tail == HT_QUALITY_GOOD ? HT_QUALITY_GOOD : work->tail;
    return HT_OK;
}
