#include "tail/estimate/tail_order.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "kernel/kernel.h"
#include "num/select.h"
#include "tail/tail_estimate.h"
#include "num/values.h"

enum { SEARCH_LIMIT = 100000, FEW = 25 };

/* ---- the largest magnitudes ---- */

ht_code ht_top_take(ht_top *top, const ht_tail_sample *s, size_t k, ht_error *err)
{
    size_t count = s->count;
    *top = (ht_top){.count = count};
    if (k == 0) k = count / 10 < SEARCH_LIMIT ? count / 10 : SEARCH_LIMIT;
    top->kept = k < count ? k + 1 : count;
    if (count == 0) return HT_OK;
    top->value = ht_alloc(top->kept, sizeof *top->value, "the largest values", err);
    top->log = ht_alloc(top->kept, sizeof *top->log, "the largest values", err);
    if (!top->value || !top->log) {
        ht_top_free(top);
        return err->code;
    }
    ht_select_largest(&s->x, top->kept, top->value, top->log); /* zeros are the smallest */
    ht_kernel()->functions->logarithms(top->log, top->value, top->kept);
    return HT_OK;
}

void ht_top_free(ht_top *top)
{
    ht_free(top->value);
    ht_free(top->log);
    *top = (ht_top){0};
}

/* ---- the Hill plot ---- */

/* Does point i agree with all points before it? Of a power law, two estimates differ by γ √(1/k' - 1/k). */
static bool settled(const ht_hill_plot *p, int first, int i)
{
    static const double allowed = 2; /* less than a test would: what is wanted is little bias */
    double gamma = 1 / p->alpha[i];
    for (int j = first; j < i; j++)
        if (fabs(1 / p->alpha[j] - gamma) > allowed * gamma * sqrt(1 / p->k[j] - 1 / p->k[i])) return false;
    return true;
}

static void find_plateau(ht_hill_plot *p)
{
    enum { START = 10 };
    int first = 0, last = p->count - 1;
    while (first < p->count && p->k[first] < START) first++;
    while (last > first && !settled(p, first, last)) last--;
    int low = last;
    while (low > first && fabs(p->alpha[low - 1] / p->alpha[last] - 1) <= 0.1) low--;
    if (last <= first || p->k[last] < FEW || p->k[last] < 2 * p->k[low]) return;
    p->low = (size_t)p->k[low];
    p->high = (size_t)p->k[last];
}

void ht_hill_plot_make(ht_hill_plot *p, const ht_top *top)
{
    double sum = 0;
    size_t done = 0, last = 0;
    *p = (ht_hill_plot){0};
    if (top->kept < 3) return;
    double steps = HT_PICTURE_POINTS - 1, ratio = (double)(top->kept - 1) / 2;
    for (int i = 0; i < HT_PICTURE_POINTS; i++) {
        size_t k = (size_t)llround(2 * pow(ratio, i / steps));
        if (k == last) continue;
        last = k;
        while (done < k) sum += top->log[done++] - top->log[0];
        double gamma = sum / (double)k - (top->log[k] - top->log[0]);
        if (!(gamma > 0)) continue; /* equal values */
        p->k[p->count] = (double)k;
        p->alpha[p->count++] = 1 / gamma;
    }
    find_plateau(p);
}

/* ---- the estimators ---- */

/* M₁ and M₂: means of the first and second powers of the k log excesses. */
typedef struct excess {
    size_t k;
    double m1, m2;
} excess;

static excess excesses(const ht_top *top, size_t k)
{
    excess e = {.k = k};
    for (size_t i = 0; i < k; i++) {
        double d = top->log[i] - top->log[k];
        e.m1 += d / (double)k;
        e.m2 += d * d / (double)k;
    }
    return e;
}

static double dekkers_gamma(const excess *e)
{
    return e->m1 + 1 - 0.5 / (1 - e->m1 * e->m1 / e->m2);
}

/* √k times the standard deviation of γ̂, Dekkers, Einmahl, de Haan 1989, corollary 3.2. */
static double dekkers_deviation(double g)
{
    if (g >= 0) return sqrt(1 + g * g);
    double a = 1 - g, b = 1 - 2 * g, c = 1 - 3 * g, d = 1 - 4 * g;
    return sqrt(a * a * b * (4 - 8 * b / c + (5 - 11 * g) * b / (c * d)));
}

/* √j times the standard deviation of Pickands' γ̂; ranks j, 2j, 4j. */
static double pickands_deviation(double g)
{
    static const double ln2 = 0.6931471805599453;
    double slope = fabs(g) < 1e-8 ? ln2 : expm1(g * ln2) / g;
    return sqrt(exp2(2 * g + 1) + 1) / (2 * slope * ln2);
}

static double pickands_gamma(const ht_top *top, size_t a, size_t b, size_t c)
{
    return log2((top->value[a] - top->value[b]) / (top->value[b] - top->value[c])); /* positions from 0 */
}

/* Kolmogorov-Smirnov distance of the k largest from the Pareto law of this index, times √k. */
static double pareto_distance(const ht_top *top, const excess *e)
{
    double worst = 0;
    for (size_t i = 0; i < e->k; i++) {
        double above = exp(-(top->log[i] - top->log[e->k]) / e->m1);
        double before = (double)i / (double)e->k, after = (double)(i + 1) / (double)e->k;
        worst = fmax(worst, fmax(fabs(above - before), fabs(above - after)));
    }
    return worst * sqrt((double)e->k);
}

/* Does Hill's estimate with half of the points agree? The two differ by γ/√k, one deviation. */
static bool steady(const ht_top *top, const excess *e)
{
    excess half = excesses(top, e->k / 2);
    return fabs(half.m1 - e->m1) <= 3 * e->m1 / sqrt((double)e->k);
}

static ht_quality assess(const ht_top *top, const excess *e, bool plateau)
{
    double gamma = dekkers_gamma(e), deviation = dekkers_deviation(gamma) / sqrt((double)e->k);
    if (e->k < FEW) return HT_QUALITY_FEW_POINTS;
    if (!(e->m1 > 0) || !isfinite(gamma)) return HT_QUALITY_NOT_POWER_LAW;
    if (gamma <= 1.645 * deviation)
        return HT_QUALITY_NO_HEAVY_TAIL; /* falls faster than any power, at 95 % */
    if (pareto_distance(top, e) > 1.31) return HT_QUALITY_NOT_POWER_LAW; /* 1 % of Pareto samples */
    return plateau && steady(top, e) ? HT_QUALITY_GOOD : HT_QUALITY_NO_PLATEAU;
}

/* γ̂ with its standard deviation from `points` order statistics. */
static void put(ht_estimate *e, double gamma, double deviation, const ht_top *top, size_t k, size_t points,
                ht_quality tail)
{
    if (!isfinite(gamma) || gamma == 0) {
        e->reason = "the largest values are equal"; /* or their spacings are */
        return;
    }
    e->value = 1 / gamma;
    ht_estimate_inverse(e, gamma, deviation);
    e->k = k;
    e->n_tail = k;
    e->xmin = top->value[k];
    if (points < FEW)
        e->quality = HT_QUALITY_FEW_POINTS;
    else if (tail != HT_QUALITY_GOOD || gamma < 0)
        e->quality = tail != HT_QUALITY_GOOD ? tail : HT_QUALITY_NO_HEAVY_TAIL;
    else
        e->quality = deviation < 0.25 * gamma ? HT_QUALITY_GOOD : HT_QUALITY_FEW_POINTS;
}

ht_code ht_order_estimates(ht_tail_work *work, ht_estimate *estimates, ht_error *err)
{
    const ht_top *top = work->top;
    size_t k = work->k;
    (void)err;
    if (k < 1 || k >= top->kept) return HT_OK;
    excess e = excesses(top, k);
    ht_quality tail = work->tail = assess(top, &e, work->plateau);
    size_t j = k / 4;
    double root = sqrt((double)k), g = dekkers_gamma(&e), g2 = e.m2 / (2 * e.m1);
    put(&estimates[HT_HILL], e.m1, e.m1 / root, top, k, k, tail);
    put(&estimates[HT_DEHAAN], g2, g2 * sqrt(2) / root, top, k, k, tail);
    put(&estimates[HT_DEKKERS], g, dekkers_deviation(g) / root, top, k, k, tail);
    if (k >= 2) {
        double r = pickands_gamma(top, k / 4, k / 2, k);
        put(&estimates[HT_PICKANDS_REF], r, pickands_deviation(r) / sqrt((double)k / 4), top, k, j, tail);
    }
    if (j >= 1) {
        double p = pickands_gamma(top, j - 1, 2 * j - 1, 4 * j - 1);
        put(&estimates[HT_PICKANDS], p, pickands_deviation(p) / sqrt((double)j), top, k, j, tail);
    }
    return HT_OK;
}
