/* tail_stable.c - estimators for a symmetric stable law, with its scale: mcculloch and ecf. */

#include <math.h>
#include <string.h>

#include "kernel/kernel.h"
#include "num/select.h"
#include "stable/stable_spread.h"
#include "tail/tail_estimate.h"
#include "tail/tail_work.h"
#include "num/values.h"

static const double least_alpha = 0.2;

/* ---- McCulloch: quantiles ---- */

/* How many values there are: zeros that were left out are none. */
static size_t values_of(const ht_tail_sample *s)
{
    return s->censored ? s->total : s->count;
}

/* The rank among all values of the one with this rank among those that count: zeros lie above the negative
 * ones. */
static size_t rank_among_all(const ht_tail_sample *s, size_t rank)
{
    return s->censored || rank < s->negative ? rank : rank + s->zeros;
}

/* Sample quantiles at 5, 25, 50, 75, 95 %: the i-th of n ordered values, i = 1 .. n, stands for (i - ½)/n.
 * The upper ones mirror the lower ones, so that those of -x are the same bits. */
static void quantiles(const ht_tail_sample *s, double q[5])
{
    static const double p[3] = {0.05, 0.25, 0.5};
    size_t count = values_of(s), rank[12];
    double value[12], part[3];
    for (int i = 0; i < 3; i++) {
        double at = fmax(p[i] * (double)count - 0.5, 0);
        size_t below = (size_t)at, above = below + 1 < count ? below + 1 : below;
        part[i] = at - (double)below;
        rank[4 * i] = below, rank[4 * i + 1] = above;
        rank[4 * i + 2] = count - 1 - below, rank[4 * i + 3] = count - 1 - above;
    }
    for (int i = 0; i < 12; i++) rank[i] = rank_among_all(s, rank[i]);
    ht_select(&s->x, false, rank, 12, value);
    for (int i = 0; i < 2; i++) {
        const double *v = value + 4 * i;
        q[i] = v[0] + part[i] * (v[1] - v[0]);
        q[4 - i] = v[2] + part[i] * (v[3] - v[2]);
    }
    q[2] = part[2] > 0 ? (value[8] + value[9]) / 2 : value[8];
}

static double spread_ratio(double alpha)
{
    ht_stable_spread q = ht_stable_spread_at(alpha);
    return q.q95 / q.q75;
}

/* The α with this ratio, which falls as α rises; at the ends of the range for a ratio beyond them. */
static double alpha_of(double ratio)
{
    double low = least_alpha, high = 2;
    if (ratio >= spread_ratio(low)) return low;
    if (ratio <= spread_ratio(high)) return high;
    while (high - low > 1e-12) {
        double middle = (low + high) / 2;
        if (spread_ratio(middle) > ratio)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Standard deviation of the ratio of `count` values: sample quantiles at p ≤ p' have covariance p(1-p')/(n f
 * f'). */
static double ratio_deviation(double alpha, size_t count)
{
    static const double p[4] = {0.05, 0.25, 0.75, 0.95};
    ht_stable_spread q = ht_stable_spread_at(alpha);
    double ratio = q.q95 / q.q75, f[4] = {q.f95, q.f75, q.f75, q.f95}, slope[4] = {-1, ratio, -ratio, 1},
           sum = 0;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            sum += slope[i] * slope[j] * fmin(p[i], p[j]) * (1 - fmax(p[i], p[j])) / (f[i] * f[j]);
    return sqrt(sum / (double)count) / (2 * q.q75);
}

static void mcculloch(const double q[5], size_t count, ht_estimate *e)
{
    double ratio = (q[4] - q[0]) / (q[3] - q[1]);
    if (q[4] - q[0] <= 1e-6 * fabs(q[2])) e->reason = "one value, but for rounding";
    if (!(q[3] > q[1])) e->reason = "half of the values are one";
    if (ratio >= spread_ratio(least_alpha)) e->reason = "the index is below 0.2, or there is none";
    if (e->reason) return;
    double alpha = alpha_of(ratio), deviation = ratio_deviation(alpha, count), h = 1e-4;
    double slope = (spread_ratio(alpha) - spread_ratio(alpha - h)) / h;
    e->value = alpha;
    e->scale = (q[3] - q[1]) / (2 * ht_stable_spread_at(alpha).q75);
    e->std_error = deviation / fabs(slope);
    e->low = alpha_of(ratio + HT_Z95 * deviation);
    e->high = alpha_of(ratio - HT_Z95 * deviation);
    if (!(e->low < e->high))
        e->low = e->high = NAN; /* lighter than any stable law: 2 is where the table ends */
    e->n_tail = count;
    ht_estimate_assess_stable(e, count);
    if (e->quality == HT_QUALITY_GOOD && alpha_of(ratio - HT_Z99 * deviation) == 2)
        e->quality = HT_QUALITY_NO_HEAVY_TAIL;
}

/* ---- Koutrouvelis: the empirical characteristic function ---- */

enum { MOST_POINTS = HT_HARMONICS };

/* How many points u = πj/25 to use: Koutrouvelis 1980, table I, for 1600 values. */
static int points_for(double alpha)
{
    static const struct {
        double alpha;
        int points;
    } row[] = {{0.3, 118}, {0.5, 56}, {0.7, 20}, {0.9, 18}, {1.1, 15}, {1.3, 14}, {1.5, 11}, {1.9, 10}};
    int i = 0, last = sizeof row / sizeof row[0] - 1;
    if (alpha >= row[last].alpha) return row[last].points;
    if (alpha <= row[0].alpha) return row[0].points;
    while (alpha > row[i + 1].alpha) i++;
    double part = (alpha - row[i].alpha) / (row[i + 1].alpha - row[i].alpha);
    return (int)lround(row[i].points + part * (row[i + 1].points - row[i].points));
}

/* |φ̂(u)|² of (x - centre)/scale at u = πj/25, j = 1 .. points. */
static void characteristic(const ht_tail_sample *sample, double centre, double scale, int points,
                           double *square)
{
    double c[MOST_POINTS] = {0}, s[MOST_POINTS] = {0}, span[HT_TAIL_SPAN];
    size_t total = values_of(sample);
    ht_tail_reader reader = {.sample = sample, .zeros = sample->censored};
    for (size_t n; (n = ht_tail_read_span(&reader, total, span)) > 0;)
        ht_kernel()->functions->harmonics(span, n, centre, M_PI / 25 / scale, points, c, s);
    for (int j = 0; j < points; j++)
        square[j] = (c[j] * c[j] + s[j] * s[j]) / ((double)total * (double)total);
}

/* Standard deviation of the slope: the real parts of φ̂ at u, v have covariance
 * (½(φ(u+v) + φ(u-v)) - φ(u)φ(v))/n, and d log(-2 log φ) = dφ/(φ log φ). a[j]: weights of the regression. */
static double slope_deviation(double alpha, double scale, const double *a, int points, size_t count)
{
    double sum = 0;
    alpha = fmin(alpha, 2);
    for (int i = 0; i < points; i++)
        for (int j = 0; j < points; j++) {
            double u = scale * M_PI / 25 * (i + 1), v = scale * M_PI / 25 * (j + 1);
            double p = exp(-pow(u, alpha)), q = exp(-pow(v, alpha));
            double covariance = (exp(-pow(u + v, alpha)) + exp(-pow(fabs(u - v), alpha))) / 2 - p * q;
            sum += a[i] * a[j] * covariance / (p * log(p) * q * log(q));
        }
    return sqrt(sum / (double)count);
}

static void ecf(const ht_tail_sample *s, double centre, const ht_estimate *start, ht_estimate *e)
{
    double square[MOST_POINTS], w[MOST_POINTS], y[MOST_POINTS], mean_w = 0, mean_y = 0, sww = 0, swy = 0;
    size_t count = values_of(s);
    int points = points_for(start->value);
    characteristic(s, centre, start->scale, points, square);
    for (int j = 0; j < points; j++) {
        w[j] = log(M_PI / 25 * (j + 1));
        y[j] = log(-log(square[j]));
        mean_w += w[j] / points;
        mean_y += y[j] / points;
    }
    for (int j = 0; j < points; j++) {
        w[j] -= mean_w;
        sww += w[j] * w[j];
        swy += w[j] * y[j];
    }
    for (int j = 0; j < points; j++) w[j] /= sww;
    double alpha = swy / sww, scale = exp((mean_y - log(2)) / alpha - mean_w); /* y = log 2σ^α + α w */
    if (!isfinite(alpha) || !isfinite(scale) || alpha <= 0) {
        e->reason = "the characteristic function vanishes"; /* or is 1 */
        return;
    }
    double deviation = slope_deviation(alpha, scale, w, points, count);
    e->value = alpha;
    e->scale = scale * start->scale;
    e->std_error = deviation;
    e->low = alpha - HT_Z95 * deviation;
    e->high = alpha + HT_Z95 * deviation;
    e->n_tail = count;
    ht_estimate_assess_stable(e, count);
}

/* Two estimators of one law: 4 deviations and 0.05 apart, and it is another law. */
static void compare(ht_estimate *a, ht_estimate *b)
{
    double apart = fabs(a->value - b->value);
    if (apart <= 0.05 || apart <= 4 * hypot(a->std_error, b->std_error)) return;
    if (a->quality == HT_QUALITY_GOOD) a->quality = HT_QUALITY_NOT_STABLE;
    if (b->quality == HT_QUALITY_GOOD) b->quality = HT_QUALITY_NOT_STABLE;
}

/* The median beyond a tenth of the spread and 5 of its errors (0.93 spread/√n for a normal law, less for
 * others). */
static bool off_centre(const double q[5], size_t count)
{
    double spread = q[3] - q[1];
    return fabs(q[2]) > 0.1 * spread && fabs(q[2]) > 5 * 0.93 * spread / sqrt((double)count);
}

/* McCulloch's measure of skewness, 0 for a symmetric law; 4 of its errors and a twentieth, and it is another.
 */
static bool skewed(const double q[5], const ht_estimate *e, size_t count)
{
    if (!isfinite(e->value)) return false;
    ht_stable_spread law = ht_stable_spread_at(e->value);
    double skewness = (q[4] + q[0] - 2 * q[2]) / (q[4] - q[0]), f50 = tgamma(1 + 1 / e->value) / M_PI,
           f95 = law.f95;
    double variance = 0.1 / (f95 * f95) + 1 / (f50 * f50) - 0.2 / (f50 * f95);
    return fabs(skewness) > 0.05 && fabs(skewness) > 4 * sqrt(variance / (double)count) / (2 * law.q95);
}

static void refuse(ht_estimate *e)
{
    if (e->quality == HT_QUALITY_GOOD || e->quality == HT_QUALITY_NO_HEAVY_TAIL)
        e->quality = HT_QUALITY_NOT_STABLE;
}

/* Both at once: ecf works in units of mcculloch's scale. 0.2 ≤ α ≤ 2 for mcculloch; a smaller index is not
 * applicable, a larger one is 2. Either does not mind where the law is centred. Where they contradict each
 * other the law is not stable. mmo, made before, does mind: it is not applicable to values that are off their
 * centre. */
ht_code ht_stable_estimates(ht_tail_work *work, ht_estimate *estimates, ht_error *err)
{
    const ht_tail_sample *s = work->sample;
    ht_estimate *mmo = &estimates[HT_MMO], *quantile = &estimates[HT_MCCULLOCH],
                *function = &estimates[HT_ECF];
    double q[5];
    size_t count = values_of(s);
    (void)err;
    if (count < 4) return HT_OK;
    quantiles(s, q);
    /* Without the zeros of a gap the middle is one of its ends. */
    if ((s->excess || s->grid > 0) && fabs(q[2]) <= s->least) q[2] = 0;
    if (off_centre(q, count) && mmo->quality != HT_QUALITY_NOT_APPLICABLE) {
        mmo->quality = HT_QUALITY_NOT_APPLICABLE;
        mmo->reason = "the middle of the values is not at 0";
    }
    mcculloch(q, count, quantile);
    if (isfinite(quantile->value)) ecf(s, q[2], quantile, function);
    if (!isfinite(quantile->value)) function->reason = quantile->reason;
    if (isfinite(function->value)) compare(quantile, function);
    if (skewed(q, quantile, count)) refuse(quantile), refuse(function);
    quantile->step = function->step = s->step;
    return HT_OK;
}
