#include "chart/curve.h"

#include <math.h>
#include <string.h>

void ht_curve_clear(ht_curve *curve)
{
    curve->count = 0;
    curve->stride = 0;
    curve->samples = 0;
}

void ht_curve_cut(ht_curve *curve, double step)
{
    while (curve->count && curve->bucket[curve->count - 1].first > step) curve->count--;
    if (curve->count) curve->bucket[curve->count - 1].last = fmin(curve->bucket[curve->count - 1].last, step);
}

/* fmin and fmax ignore a NaN beside a number, which is what an empty bucket needs. */
static void merge(ht_bucket *into, const ht_bucket *next)
{
    uint32_t count = into->count + next->count;
    into->last = next->last;
    into->low = fmin(into->low, next->low);
    into->high = fmax(into->high, next->high);
    if (!isnan(next->final)) into->final = next->final;
    if (into->count == 0)
        into->mean = next->mean;
    else if (next->count > 0)
        into->mean += (next->mean - into->mean) * next->count / count;
    into->count = count;
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

static void add_to_whole(ht_curve *curve, const ht_bucket *next)
{
    ht_bucket *last = curve->count ? &curve->bucket[curve->count - 1] : NULL;
    if (last && next->first - last->first < curve->stride) {
        merge(last, next);
        return;
    }
    if (curve->count == HT_CURVE_BUCKETS) halve(curve);
    curve->bucket[curve->count++] = *next;
}

static void add_to_rings(ht_curve *curve, const ht_bucket *next)
{
    for (int k = 0; k < HT_CURVE_RINGS; k++) {
        uint64_t number = curve->samples >> 3 * k;
        ht_bucket *b = &curve->ring[k][number % HT_CURVE_RING];
        if (number << 3 * k == curve->samples)
            *b = *next;
        else
            merge(b, next);
    }
    curve->samples++;
}

static double finite_or_nan(double value)
{
    return isfinite(value) ? value : (double)NAN;
}

void ht_curve_add(ht_curve *curve, double step, double low, double high, double final)
{
    ht_bucket next = {.first = step,
                      .last = step,
                      .low = finite_or_nan(low),
                      .high = finite_or_nan(high),
                      .final = finite_or_nan(final),
                      .mean = finite_or_nan(final),
                      .count = isfinite(final),
                      .bad = !isfinite(low) || !isfinite(high) || !isfinite(final)};
    add_to_whole(curve, &next);
    add_to_rings(curve, &next);
}

/* ---- reading ----------------------------------------------------------------------------------- */

/* Buckets in order: number i is base[(first + i) % length]. */
typedef struct source {
    const ht_bucket *base;
    uint64_t first, count, length;
} source;

static const ht_bucket *at(const source *s, uint64_t i)
{
    return &s->base[(s->first + i) % s->length];
}

static source ring_of(const ht_curve *curve, int k)
{
    uint64_t made = ((curve->samples - 1) >> 3 * k) + 1, kept = made < HT_CURVE_RING ? made : HT_CURVE_RING;
    return (source){curve->ring[k], (made - kept) % HT_CURVE_RING, kept, HT_CURVE_RING};
}

static double span_of(const source *s)
{
    return (at(s, s->count - 1)->last - at(s, 0)->first) / (double)s->count;
}

/* The finest buckets that reach back to `from`. */
static source finest(const ht_curve *curve, double from)
{
    source whole = {curve->bucket, 0, (uint64_t)curve->count, HT_CURVE_BUCKETS};
    for (int k = 0; k < HT_CURVE_RINGS && curve->stride > 0; k++) {
        source ring = ring_of(curve, k);
        bool covers = at(&ring, 0)->first <= fmax(from, curve->bucket[0].first);
        if (covers && span_of(&ring) < span_of(&whole)) return ring;
    }
    return whole;
}

/* An exponential average that knows how much weight it has seen. */
typedef struct average {
    double span, sum, weight, last;
} average;

static double smoothed(average *a, const ht_bucket *b)
{
    if (isnan(b->mean)) return b->mean;
    double steps = a->weight > 0 ? b->last - a->last : 1, keep = exp(-fmax(steps, 1) / a->span);
    a->sum = keep * a->sum + (1 - keep) * b->mean;
    a->weight = keep * a->weight + (1 - keep);
    a->last = b->last;
    return a->sum / a->weight;
}

int ht_curve_columns(const ht_curve *curve, double from, double to, int columns, double smooth,
                     ht_bucket *out)
{
    int used = 0, column = -1;
    double width = to > from ? (to - from) / columns : 1;
    average past = {.span = smooth};
    if (curve->count == 0) return 0;
    source s = finest(curve, from);
    for (uint64_t i = 0; i < s.count; i++) {
        ht_bucket b = *at(&s, i);
        if (b.first > to) break;
        if (smooth > 0) b.mean = smoothed(&past, &b);
        if (b.last < from) continue;
        double position = (b.last - from) / width, mean = b.mean;
        int c = position < columns ? (int)position : columns - 1;
        if (used > 0 && c == column) {
            merge(&out[used - 1], &b);
            if (smooth > 0 && !isnan(mean)) out[used - 1].mean = mean; /* the latest average, not its mean */
        } else if (used < columns) {
            out[used++] = b;
            column = c;
        }
    }
    return used;
}

int ht_curve_values(const ht_curve *curve, double from, double to, double step[HT_CURVE_BUCKETS],
                    double value[HT_CURVE_BUCKETS])
{
    int count = 0;
    if (curve->count == 0) return 0;
    source s = finest(curve, from);
    for (uint64_t i = 0; i < s.count && count < HT_CURVE_BUCKETS; i++) {
        const ht_bucket *b = at(&s, i);
        if (b->last < from || isnan(b->final)) continue;
        if (b->first > to) break;
        step[count] = b->last;
        value[count++] = b->final;
    }
    return count;
}

double ht_curve_last(const ht_curve *curve)
{
    for (int i = curve->count; i-- > 0;)
        if (!isnan(curve->bucket[i].final)) return curve->bucket[i].final;
    return NAN;
}
