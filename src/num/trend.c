#include "num/trend.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "num/select.h"
#include "num/summary.h"

enum { VALUES_MOST = 1024 }; /* of a group; the first ones */

/* ---- quantiles --------------------------------------------------------------------------------- */

/* The normal law's quantile for p in (0, 0.5], by bisection of erfc: exact to the last digits. */
static double normal_below(double p)
{
    double low = -40, high = 0;
    for (int i = 0; i < 80; i++) {
        double middle = (low + high) / 2;
        if (0.5 * erfc(-middle / M_SQRT2) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* Student's 97.5 % quantile by Cornish and Fisher's expansion, to 1 % from 2 degrees on. */
static double student(double degrees)
{
    double z = 1.959964, d = fmax(degrees, 2), z3 = z * z * z, z5 = z3 * z * z;
    return z + (z3 + z) / (4 * d) + (5 * z5 + 16 * z3 + 3 * z) / (96 * d * d) +
           (3 * z5 * z * z + 19 * z5 + 17 * z3 - 15 * z) / (384 * d * d * d);
}

/* ---- medians ----------------------------------------------------------------------------------- */

/* The standard error of the median of `sorted` (n ≥ HT_TREND_VALUES): the distance of two order statistics
 * over the distance that the binomial law says they have in standard errors. */
static double median_error(const double *sorted, size_t n, double unit)
{
    double count = (double)n, below = 0, term = pow(0.5, count), rank = round((count + 1) / 2 - sqrt(count));
    size_t c = rank < 1 ? 1 : (size_t)rank;
    for (size_t i = 0; i < c; i++) {
        below += term;
        term *= (count - (double)i) / ((double)i + 1);
    }
    double error = (sorted[n - c] - sorted[c - 1]) / (-2 * normal_below(below));
    return sqrt(error * error + unit * unit / 4); /* it may lie a whole unit off */
}

/* False: too few values. */
static bool take(ht_trend *all, const ht_trend_group *group, size_t *count)
{
    double sorted[VALUES_MOST];
    size_t n = 0;
    for (size_t i = 0; i < group->count && n < VALUES_MOST; i++)
        if (isfinite(group->values[i])) sorted[n++] = group->values[i];
    if (n < HT_TREND_VALUES || all->groups == HT_TREND_MOST) return false;
    qsort(sorted, n, sizeof *sorted, ht_by_double);
    int g = all->groups++;
    all->x[g] = group->x;
    all->median[g] = ht_quantile(sorted, n, 0.5);
    all->error[g] = median_error(sorted, n, group->unit);
    *count = n;
    return true;
}

/* ---- lines ------------------------------------------------------------------------------------- */

static double mean_of(const double *x, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) sum += x[i];
    return sum / count;
}

/* A weighted sum of the medians, Σ weight_g · median_g, where weight_g = level + tilt · (x_g − mean x). */
static double combine(const ht_trend *t, double level, double tilt, double *error)
{
    double middle = mean_of(t->x, t->groups), sum = 0, variance = 0;
    for (int g = 0; g < t->groups; g++) {
        double weight = level + tilt * (t->x[g] - middle);
        sum += weight * t->median[g];
        variance += weight * weight * t->error[g] * t->error[g];
    }
    *error = sqrt(variance);
    return sum;
}

static double spread_of(const ht_trend *t)
{
    double middle = mean_of(t->x, t->groups), sum = 0;
    for (int g = 0; g < t->groups; g++) sum += (t->x[g] - middle) * (t->x[g] - middle);
    return sum;
}

/* The line through the first `groups` of all. `count` (groups): their values. */
static ht_trend line_through(const ht_trend *all, const size_t *count, int groups)
{
    ht_trend t = *all;
    t.groups = groups;
    t.values = 0;
    double spread = spread_of(&t), middle = mean_of(t.x, groups), error, variance = 0, weight = 0;
    t.slope = combine(&t, 0, 1 / spread, &error);
    for (int g = 0; g < groups; g++) {
        double part = pow((t.x[g] - middle) / spread * t.error[g], 2);
        variance += part;
        weight += part * part / (double)(count[g] - 1);
        t.values += count[g];
    }
    t.student = student(weight > 0 ? variance * variance / weight : 2);
    t.half = t.student * error;
    t.low = t.x[0];
    t.high = t.x[groups - 1];
    return t;
}

ht_trend ht_trend_of(const ht_trend_group *groups, int count)
{
    size_t counts[HT_TREND_MOST];
    const double MATTERS = 1.25;
    ht_trend all = {0}, best = {0}, longest = {0};
    for (int g = 0; g < count; g++)
        if (!take(&all, &groups[g], &counts[all.groups])) break;
    for (int used = HT_TREND_GROUPS; used <= all.groups; used++) {
        ht_trend line = line_through(&all, counts, used);
        if (best.groups == 0 || line.half <= best.half) best = line;
        if (line.half <= MATTERS * best.half) longest = line;
    }
    return longest;
}

void ht_trend_at(const ht_trend *t, double x, double *value, double *half)
{
    *value = combine(t, 1.0 / t->groups, (x - mean_of(t->x, t->groups)) / spread_of(t), half);
    *half *= t->student;
}

double ht_trend_more(const ht_trend *t, double slope)
{
    if (t->groups == 0) return NAN;
    double times = t->half / fabs(slope);
    return times < 1 ? 0 : ceil((double)t->values * (times * times - 1));
}
