/* curve.h - the whole history of one quantity in bounded memory: buckets of steps, each with its smallest and
 * largest value, so that a spike is never lost to decimation. The whole run is kept coarsely (when its
 * buckets run out, neighbours merge), recent spans in finer and finer rings. Owned by the UI thread. */
#ifndef HT_CHART_CURVE_H
#define HT_CHART_CURVE_H

#include <stdbool.h>
#include <stdint.h>

enum { HT_CURVE_BUCKETS = 2048, HT_CURVE_RINGS = 4, HT_CURVE_RING = 1024 };

typedef struct ht_bucket {
    double first, last;            /* steps it spans */
    double low, high, final, mean; /* of the finite values; NaN when there is none */
    uint32_t count;                /* finite values in the mean */
    bool bad;                      /* a NaN or Inf fell in here */
} ht_bucket;

typedef struct ht_curve {
    int count;
    double stride; /* least steps a bucket of the whole run spans; 0: each sample has its own */
    uint64_t samples;
    ht_bucket bucket[HT_CURVE_BUCKETS];
    ht_bucket ring[HT_CURVE_RINGS][HT_CURVE_RING]; /* the latest; a bucket of ring k merges 8^k samples */
} ht_curve;

/* Forgets everything. A zeroed curve is empty. */
void ht_curve_clear(ht_curve *curve);

/* Forgets what happened after `step`. A bucket across it keeps its extremes. */
void ht_curve_cut(ht_curve *curve, double step);

/* Adds what happened at `step` (rising): extremes and the last value. A non-finite one is remembered as bad.
 */
void ht_curve_add(ht_curve *curve, double step, double low, double high, double final);

/* The curve between two steps in at most `columns` buckets, merged by column; writes to `out` (columns) and
 * returns how many. `smooth` > 0: the means become exponential averages over about so many steps, divided by
 * the weight seen so far, so that they are unbiased from the first step on. */
int ht_curve_columns(const ht_curve *curve, double from, double to, int columns, double smooth,
                     ht_bucket *out);

/* The values between two steps, at most HT_CURVE_BUCKETS of them, evenly spread where there were more (each
 * bucket's last): quantiles of these are quantiles of all, extremes are not. Returns how many. */
int ht_curve_values(const ht_curve *curve, double from, double to, double step[HT_CURVE_BUCKETS],
                    double value[HT_CURVE_BUCKETS]);

/* The last finite value, NaN if there is none. */
double ht_curve_last(const ht_curve *curve);

#endif
