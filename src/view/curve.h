/* curve.h - the whole history of one quantity in bounded memory: buckets of steps, each with its smallest and
 * largest value, so that a spike is never lost to decimation. When the buckets run out, neighbours merge.
 * Owned by the UI thread. */
#ifndef HT_VIEW_CURVE_H
#define HT_VIEW_CURVE_H

#include <stdbool.h>

enum { HT_CURVE_BUCKETS = 4096 };

typedef struct ht_bucket {
    double first, last;      /* steps it spans */
    double low, high, final; /* of the finite values; NaN when there is none */
    bool bad;                /* a NaN or Inf fell in here */
} ht_bucket;

typedef struct ht_curve {
    int count;
    double stride; /* least steps a bucket spans */
    ht_bucket bucket[HT_CURVE_BUCKETS];
} ht_curve;

/* Forgets everything. A zeroed curve is empty. */
void ht_curve_clear(ht_curve *curve);

/* Forgets what happened after `step`. A bucket across it keeps its extremes. */
void ht_curve_cut(ht_curve *curve, double step);

/* Adds what happened at `step` (rising): extremes and the last value. A non-finite one is remembered as bad.
 */
void ht_curve_add(ht_curve *curve, double step, double low, double high, double final);

/* The curve between two steps in at most `columns` buckets, merged by column; writes to `out` (columns) and
 * returns how many. */
int ht_curve_columns(const ht_curve *curve, double from, double to, int columns, ht_bucket *out);

/* The last finite value, NaN if there is none. */
double ht_curve_last(const ht_curve *curve);

#endif
