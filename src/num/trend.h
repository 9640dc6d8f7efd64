/* trend.h - a straight line through the medians of groups, with errors that hold however the values of a
 * group scatter. Pure.
 *
 * Least squares over the medians, each group counting the same, so that where most values are does not matter
 * to what is estimated. The error of a median comes from its order statistics (Bonett and Price, Psychol.
 * Methods 7, 2002): no group needs the scatter of another, and outliers do not widen it. An interval of 95 %
 * is ± the 97.5 % quantile of Student's t over the groups' summed degrees of freedom (Satterthwaite). */
#ifndef HT_NUM_TREND_H
#define HT_NUM_TREND_H

#include <stddef.h>

/* Groups with fewer values are left out, and fewer groups have no line. */
enum { HT_TREND_VALUES = 5, HT_TREND_GROUPS = 3, HT_TREND_MOST = 32 };

typedef struct ht_trend_group {
    double x;
    double unit;          /* values are multiples of it: a median is known no better than that */
    const double *values; /* (count): what is not finite is left out */
    size_t count;
} ht_trend_group;

typedef struct ht_trend {
    int groups;         /* in the line, the first ones; 0: no line yet */
    size_t values;      /* in them */
    double low, high;   /* their x, least and greatest */
    double slope, half; /* of x: slope ± half */
    double x[HT_TREND_MOST], median[HT_TREND_MOST], error[HT_TREND_MOST]; /* (groups) */
    double student;                                                       /* that quantile */
} ht_trend;

/* Groups by rising x, HT_TREND_MOST at most; HT_TREND_VALUES or more values each, or the line ends before it.
 * Of the lines through the first 3, 4 … groups the longest whose slope is known nearly as well as any: a last
 * group with five values does not spoil what the others know. */
ht_trend ht_trend_of(const ht_trend_group *groups, int count);

/* The line at x: *value ± *half. */
void ht_trend_at(const ht_trend *trend, double x, double *value, double *half);

/* How many more values, spread as those that are there, would tell a slope of this size from 0: 0 where these
 * do. Infinite for a slope of 0, NaN without a line. */
double ht_trend_more(const ht_trend *trend, double slope);

#endif
