#include "view/curve.h"

#include <math.h>
#include <string.h>

void ht_curve_clear(ht_curve *curve)
{
    curve->count = 0;
    curve->stride = 0;
}

void ht_curve_cut(ht_curve *curve, double step)
{
    while (curve->count && curve->bucket[curve->count - 1].first > step) curve->count--;
    if (curve->count) curve->bucket[curve->count - 1].last = fmin(curve->bucket[curve->count - 1].last, step);
}

/* fmin and fmax ignore a NaN beside a number, which is what an empty bucket needs. */
static void merge(ht_bucket *into, const ht_bucket *next)
{
    into->last = next->last;
    into->low = fmin(into->low, next->low);
    into->high = fmax(into->high, next->high);
    if (!isnan(next->final)) into->final = next->final;
    into->bad = into->bad || next->bad;
}

static void halve(ht_curve *curve)
{
    int kept = 0;
    for (int i = 0; i < curve->count; i += 2) {
        ht_bucket b = curve->bucket[i];
        if (i + 1 < curve->count) merge(&b, &curve->bucket[i + 1]);
        curve->bucket[kept++] = b;
    }
    double span = curve->bucket[kept - 1].last - curve->bucket[0].first;
    curve->count = kept;
    curve->stride = fmax(2 * curve->stride, span / (HT_CURVE_BUCKETS - 1));
}

void ht_curve_add(ht_curve *curve, double step, double low, double high, double final)
{
    bool bad = !isfinite(low) || !isfinite(high) || !isfinite(final);
    ht_bucket next = {step,
                      step,
                      isfinite(low) ? low : (double)NAN,
                      isfinite(high) ? high : (double)NAN,
                      isfinite(final) ? final : (double)NAN,
                      bad};
    ht_bucket *last = curve->count ? &curve->bucket[curve->count - 1] : NULL;
    if (last && step - last->first < curve->stride) {
        merge(last, &next);
        return;
    }
    if (curve->count == HT_CURVE_BUCKETS) halve(curve);
    curve->bucket[curve->count++] = next;
}

int ht_curve_columns(const ht_curve *curve, double from, double to, int columns, ht_bucket *out)
{
    int used = 0, column = -1;
    double width = to > from ? (to - from) / columns : 1;
    for (int i = 0; i < curve->count; i++) {
        const ht_bucket *b = &curve->bucket[i];
        if (b->last < from || b->first > to) continue;
        double at = (b->last - from) / width;
        int c = at < columns ? (int)at : columns - 1;
        if (used > 0 && c == column) {
            merge(&out[used - 1], b);
        } else if (used < columns) {
            out[used++] = *b;
            column = c;
        }
    }
    return used;
}

double ht_curve_last(const ht_curve *curve)
{
    for (int i = curve->count; i-- > 0;)
        if (!isnan(curve->bucket[i].final)) return curve->bucket[i].final;
    return NAN;
}
