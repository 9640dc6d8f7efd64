#include "tail/power_test.h"

#include <math.h>

#include "base/alloc.h"
#include "kernel/kernel.h"
#include "num/rng.h"

enum { MOST = 20000 };

/* ---- the excesses ---- */

/* Equal ones are one value, rounded: spread evenly over what was rounded to it. y (n) rises. */
static void spread_ties(double *y, size_t n)
{
    double before = 0;
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && y[j] <= y[i]; j++) {
        }
        double value = y[i], low = i ? (before + value) / 2 : 0, high = j < n ? (value + y[j]) / 2 : value;
        if (high <= low) high = value > 0 ? value : 1e-9;
        if (j - i > 1 || !(value > 0))
            for (size_t t = i; t < j; t++)
                y[t] = low + (high - low) * ((double)(t - i) + 0.5) / (double)(j - i);
        before = value;
    }
}

/* Rising, at most MOST of the k, each as likely as another (Knuth's algorithm S, with a fixed seed). */
static size_t take(const double *log, size_t k, double *y)
{
    ht_rng rng;
    size_t n = k < MOST ? k : MOST, taken = 0;
    ht_rng_init(&rng, 3, HT_STREAM_TAIL, 0);
    for (size_t i = 0; i < k && taken < n; i++)
        if (n == k || ht_rng_uniform(&rng) * (double)(k - i) < (double)(n - taken))
            y[taken++] = log[k - 1 - i] - log[k];
    spread_ties(y, taken);
    return taken;
}

/* ---- Anderson and Darling ---- */

/* P(A² > a) of exponential samples whose mean is estimated: logarithms between Stephens's points, straight
 * on. */
static double anderson_darling_above(double a)
{
    static const struct {
        double a, p;
    } row[] = {{0.460, 0.5}, {0.736, 0.25}, {0.816, 0.2},   {0.916, 0.15},
               {1.062, 0.1}, {1.321, 0.05}, {1.591, 0.025}, {1.959, 0.01}};
    int i = 0, last = sizeof row / sizeof row[0] - 1;
    while (i < last - 1 && a > row[i + 1].a) i++;
    double slope = log(row[i + 1].p / row[i].p) / (row[i + 1].a - row[i].a);
    return fmin(1, row[i].p * exp(slope * (a - row[i].a)));
}

static double anderson_darling(const double *y, size_t n, double mean)
{
    enum { PIECE = 256 };
    double sum = 0, below[PIECE], by = 1 / mean;
    for (size_t first = 0, m; first < n; first += m) {
        m = n - first < PIECE ? n - first : PIECE;
        for (size_t i = 0; i < m; i++) below[i] = -y[first + i] * by;
        ht_kernel()->functions->exponentials(below, below, m);
        for (size_t i = 0; i < m; i++) below[i] = 1 - below[i];
        ht_kernel()->functions->logarithms(below, below, m);
        for (size_t i = 0; i < m; i++)
            sum += (2 * (double)(first + i) + 1) * (below[i] - y[n - 1 - first - i] * by);
    }
    return -(double)n - sum / (double)n;
}

/* ---- Vuong ---- */

typedef struct moments {
    double n, sum, squares;
} moments;

static void add(moments *m, double d)
{
    m->n++;
    m->sum += d;
    m->squares += d * d;
}

static double z_of(const moments *m)
{
    double mean = m->sum / m->n, variance = m->squares / m->n - mean * mean;
    return variance > 0 ? mean * sqrt(m->n / variance) : (double)NAN;
}

/* z with Q(z) = p, 0 < p < 1. */
static double normal_above(double p)
{
    double low = -40, high = 40;
    while (high - low > 1e-12) {
        double middle = (low + high) / 2;
        if (erfc(middle / sqrt(2)) / 2 > p)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* log x normal, k/n of it beyond z deviations: the density of the excess is t φ(z + ty)/Q(z), and the t of
 * greatest likelihood the root of n = t z Σy + t² Σy². */
static double against_lognormal(const double *y, size_t n, double mean, double share)
{
    double z = normal_above(share), sum = mean * (double)n, squares = 0;
    moments d = {0};
    for (size_t i = 0; i < n; i++) squares += y[i] * y[i];
    double b = z * sum, t = 2 * (double)n / (b + sqrt(b * b + 4 * (double)n * squares));
    if (b < 0) t = (-b + sqrt(b * b + 4 * (double)n * squares)) / (2 * squares);
    double constant = -log(mean) - log(t) + log(2 * M_PI) / 2 + log(share), by = 1 / mean;
    for (size_t i = 0; i < n; i++) {
        double u = z + t * y[i];
        add(&d, constant - y[i] * by + u * u / 2);
    }
    return z_of(&d);
}

/* x - x₀ exponential: in units of x₀ the density of y is r exp(y - r(exp(y) - 1)). `grown`: scratch (n). */
static double against_exponential(const double *y, size_t n, double mean, double *grown)
{
    double sum = 0;
    moments d = {0};
    ht_kernel()->functions->exponentials(grown, y, n);
    for (size_t i = 0; i < n; i++) sum += grown[i] -= 1;
    double r = (double)n / sum, constant = -log(mean) - log(r), by = 1 / mean;
    if (!isfinite(sum)) return INFINITY;
    for (size_t i = 0; i < n; i++) add(&d, constant - y[i] * by - (y[i] - r * grown[i]));
    return z_of(&d);
}

/* ---- the test ---- */

/* Of a tail; n is 0 where there is nothing to test. */
typedef struct excesses {
    double *y, *scratch; /* (n) each, in one piece */
    size_t n;
    double mean, squares; /* of y, and the mean of its squares */
} excesses;

static ht_code excesses_of(excesses *x, const double *log, size_t k, size_t count, ht_error *err)
{
    enum { LEAST = 10 };
    *x = (excesses){0};
    if (k < LEAST || k >= count) return HT_OK;
    size_t most = k < MOST ? k : MOST;
    x->y = ht_alloc(2 * most, sizeof *x->y, "the excesses", err);
    if (!x->y) return HT_FAIL;
    x->scratch = x->y + most;
    x->n = take(log, k, x->y);
    for (size_t i = 0; i < x->n; i++) x->mean += x->y[i], x->squares += x->y[i] * x->y[i];
    x->mean /= (double)x->n;
    x->squares /= (double)x->n;
    if (!(x->mean > 0) || !isfinite(x->squares)) x->n = 0;
    return HT_OK;
}

static double straightness(const excesses *x, double effect)
{
    return x->n > 0 ? anderson_darling_above(anderson_darling(x->y, x->n, x->mean) / effect) : (double)NAN;
}

ht_code ht_power_straight(double *p, const double *log, size_t k, size_t count, double effect, ht_error *err)
{
    excesses x;
    if (excesses_of(&x, log, k, count, err) != HT_OK) return HT_FAIL;
    *p = straightness(&x, effect);
    ht_free(x.y);
    return HT_OK;
}

ht_code ht_power_test_make(ht_power_test *test, const double *log, size_t k, size_t count, double effect,
                           ht_error *err)
{
    excesses x;
    double root = sqrt(effect), share = (double)k / (double)count;
    *test = (ht_power_test){NAN, NAN, NAN, NAN, (double)k / effect};
    if (excesses_of(&x, log, k, count, err) != HT_OK) return HT_FAIL;
    test->p = straightness(&x, effect);
    if (x.n > 0) {
        test->curvature = sqrt((double)x.n) * (x.squares / (2 * x.mean * x.mean) - 1) / root;
        test->lognormal = against_lognormal(x.y, x.n, x.mean, share) / root;
        test->exponential = against_exponential(x.y, x.n, x.mean, x.scratch) / root;
    }
    ht_free(x.y);
    return HT_OK;
}

/* ---- bias ---- */

/* How much more 1/α̂ is with k values than with few, from the slope of the spacings i log(x_i/x_(i+1)): of a
 * straight tail they have one mean. */
static double moved(const double *log, size_t k)
{
    double sum = 0, n = (double)k;
    for (size_t i = 1; i <= k; i++) sum += (double)i * (log[i - 1] - log[i]) * (((double)i - 0.5) / n - 0.5);
    return 6 * sum / n;
}

ht_code ht_power_bias(double *bias, bool *bent, const double *log, size_t k, size_t kept, size_t count,
                      double effect, ht_error *err)
{
    static const double step = 1.4, surely = 0.01;
    *bias = 0;
    *bent = false;
    for (double n = step * (double)k; n < (double)kept && n < (double)count; n *= step) {
        double p;
        if (ht_power_straight(&p, log, (size_t)n, count, effect, err) != HT_OK) return HT_FAIL;
        if (!(p < surely)) continue;
        *bent = true;
        *bias = moved(log, (size_t)n) * (double)k / floor(n);
        return HT_OK;
    }
    return HT_OK;
}
