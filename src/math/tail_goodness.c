#include "math/tail_goodness.h"

#include <math.h>

#include "base/alloc.h"
#include "math/rng.h"
#include "math/tail_estimate.h"
#include "math/values.h"

enum { FEW = 25 };

/* Tests are at 1 %: one in a hundred of what is good is not called so. Two estimates of one index, 3.3
 * deviations apart, disagree (1 in 1000). A law must be nearer than another by 1.645 deviations (5 %, one
 * side). */
static const double level = 0.01, apart = 3.3, nearer = 1.645;

/* ---- what is measured ---- */

/* Differences of columns that matter: 10 % of scale, and no chance. */
static bool differs(const ht_spread *s)
{
    return s->z > 5 && s->deviation > 0.1;
}

/* How many of the values beyond a threshold stand for one independent one: their numbers by rows vary more
 * than chance makes them. From the sample, for whole rows of `columns`. */
static double tail_effect(const ht_tail_subset *s, double threshold, double columns)
{
    double beyond = 0, n = (double)s->count, sizes = 0, sum = 0;
    for (size_t i = 0; i < s->count; i++) beyond += fabs(s->x[i]) > threshold;
    double share = beyond / n;
    if (!(beyond >= 2)) return 1;
    for (size_t i = 0, j; i < s->count; i = j) {
        double own = 0;
        for (j = i; j < s->count && s->row[j] == s->row[i]; j++) own += fabs(s->x[j]) > threshold;
        double size = (double)(j - i), off = own - share * size;
        sum += off * off;
        sizes += size * size;
    }
    double size = sizes / n, effect = sum / (beyond * (1 - share));
    if (!(effect > 1) || !(size > 1)) return 1;
    return 1 + (effect - 1) * (columns - 1) / (size - 1);
}

static ht_code measure(ht_goodness *g, const ht_tail_subset *s, const ht_values *x, const ht_top *top,
                       size_t k, ht_error *err)
{
    ht_spread rows, columns;
    if (ht_tail_subset_spread(s, false, &rows, err) != HT_OK ||
        ht_tail_subset_spread(s, true, &columns, err) != HT_OK)
        return err->code;
    g->clustered = rows.z > 3;
    g->columns_differ = differs(&columns);
    if (ht_stable_fit_make(&g->stable, s, g->clustered, err) != HT_OK) return err->code;
    if (k < 1 || k >= top->kept) return HT_OK;
    double effect = g->clustered ? tail_effect(s, top->value[k], (double)x->columns) : 1;
    return ht_power_test_make(&g->power, top->log, k, top->count, effect, err);
}

ht_code ht_goodness_make(ht_goodness *g, const ht_tail_sample *sample, const ht_top *top, size_t k,
                         ht_error *err)
{
    ht_tail_subset subset;
    *g = (ht_goodness){.stable = {NAN, NAN, NAN, NAN, 0}, .power = {NAN, NAN, NAN, NAN, 0}};
    if (ht_tail_subset_take(&subset, sample, err) != HT_OK) return err->code;
    ht_code code = measure(g, &subset, &sample->x, top, k, err);
    ht_tail_subset_free(&subset);
    return code;
}

/* ---- verdicts ---- */

static ht_quality of_stable_law(const ht_stable_fit *fit, const ht_estimate *e, double values)
{
    enum { LEAST = 100 };
    if (isnan(fit->p) || fit->independent < LEAST) return HT_QUALITY_FEW_POINTS;
    if (fit->p < level) return HT_QUALITY_NOT_POWER_LAW;
    double own = e->std_error * fmax(1, sqrt(values / fit->independent));
    if (fabs(e->value - fit->alpha) > apart * hypot(own, fit->error)) return HT_QUALITY_DISAGREE;
    return fit->alpha + HT_Z99 * fit->error >= 2 ? HT_QUALITY_NO_HEAVY_TAIL : HT_QUALITY_GOOD;
}

static ht_quality of_power_law(const ht_power_test *t, double surely)
{
    if (isnan(t->p) || t->points < FEW) return HT_QUALITY_FEW_POINTS;
    if (t->p < level || t->curvature < -HT_Z99 || t->lognormal < -nearer || t->exponential < -nearer)
        return HT_QUALITY_NOT_POWER_LAW;
    return t->lognormal > surely && t->exponential > nearer ? HT_QUALITY_GOOD : HT_QUALITY_UNDECIDED;
}

/* Of 1/α, whose errors are closer to normal. */
static bool disagree(const ht_estimate *a, const ht_estimate *b)
{
    double x = 1 / a->value, y = 1 / b->value;
    return fabs(x - y) > apart * hypot(a->std_error * x * x, b->std_error * y * y);
}

/* A stable law of index < 2 has a power law of the same index in its tail: where it fits all values, an
 * interval that excludes it is of a threshold too near for that. */
static ht_quality of_tail(const ht_goodness *g, const ht_estimate *hill, const ht_estimate *e)
{
    ht_quality quality = of_power_law(&g->power, nearer);
    if (quality != HT_QUALITY_GOOD) return quality;
    double deviation = hypot(e->std_error, g->stable.error);
    if (g->stable.p >= level && fabs(e->value - g->stable.alpha) > HT_Z95 * deviation)
        return HT_QUALITY_DISAGREE;
    return disagree(e, hill) ? HT_QUALITY_DISAGREE : HT_QUALITY_GOOD;
}

void ht_goodness_judge(const ht_goodness *g, ht_estimate *estimates)
{
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        ht_estimate *e = &estimates[i];
        const ht_estimator_info *info = ht_estimator_at((ht_estimator)i);
        if (info->input != HT_INPUT_VALUES || !isfinite(e->value)) continue;
        e->p = info->stable ? g->stable.p : g->power.p;
        if (e->quality != HT_QUALITY_GOOD) continue;
        e->quality = g->columns_differ ? HT_QUALITY_COLUMNS
                     : info->stable    ? of_stable_law(&g->stable, e, (double)e->n_tail)
                                       : of_tail(g, &estimates[HT_HILL], e);
    }
}

/* ---- rows ---- */

/* The sum of each row with signs drawn for the columns: of a stable vector a stable number. */
static void project(const ht_values *x, double *sum)
{
    ht_unit unit = ht_values_unit(x);
    for (size_t i = 0; i < x->rows; i++) {
        ht_rng rng;
        uint32_t signs = 0;
        ht_rng_init(&rng, 5, HT_STREAM_TAIL, 0);
        for (size_t j = 0; j < x->columns; j++, signs >>= 1) {
            if (j % 32 == 0) signs = ht_rng_u32(&rng);
            double centre = x->centre + (x->column_centre ? x->column_centre[j] : 0);
            double value = ht_values_at(x, unit, i * x->columns + j) - centre * unit.first * unit.second;
            sum[i] += signs & 1 ? value : -value;
        }
    }
}

/* Entries, rows as clusters, where all columns are alike; and one number of each row. */
static ht_code fit_rows(const ht_tail_sample *s, const double *sum, ht_stable_fit fit[2], ht_error *err)
{
    ht_tail_subset entries = {0}, numbers = {0};
    ht_tail_sample v;
    ht_spread columns = {0};
    ht_code code = ht_tail_subset_take(&entries, s, err);
    if (code == HT_OK) code = ht_tail_subset_spread(&entries, true, &columns, err);
    fit[0] = (ht_stable_fit){NAN, NAN, NAN, NAN, 0};
    if (code == HT_OK && !differs(&columns)) code = ht_stable_fit_make(&fit[0], &entries, true, err);
    if (code == HT_OK)
        code = ht_tail_sample_take(&v, &(ht_values){.f64 = sum, .rows = s->x.rows, .columns = 1}, err);
    if (code == HT_OK) code = ht_tail_subset_take(&numbers, &v, err);
    if (code == HT_OK) code = ht_stable_fit_make(&fit[1], &numbers, false, err);
    ht_tail_subset_free(&entries);
    ht_tail_subset_free(&numbers);
    return code;
}

ht_code ht_goodness_judge_rows(const ht_tail_sample *s, ht_estimate *e, ht_error *err)
{
    if (!isfinite(e->value) || e->quality != HT_QUALITY_GOOD) return HT_OK;
    ht_stable_fit fit[2];
    double *sum = ht_alloc(s->x.rows, sizeof *sum, "sums of rows", err);
    if (!sum) return err->code;
    project(&s->x, sum);
    ht_code code = fit_rows(s, sum, fit, err);
    ht_free(sum);
    if (code != HT_OK) return code;
    e->p = fmin(1, 2 * fmin(fit[0].p, fit[1].p)); /* fmin takes the number of a number and NaN */
    for (int i = 0; i < 2 && e->quality == HT_QUALITY_GOOD; i++)
        if (!isnan(fit[i].p)) e->quality = of_stable_law(&fit[i], e, fit[i].independent);
    if (isnan(e->p)) e->quality = HT_QUALITY_FEW_POINTS;
    return HT_OK;
}

/* ---- spectra ---- */

ht_code ht_goodness_judge_spectrum(const double *eigenvalue, size_t count, bool two_sided, ht_estimate *e,
                                   ht_error *err)
{
    ht_power_test test;
    while (count > 0 && !(eigenvalue[0] > 0)) eigenvalue++, count--;
    if (!isfinite(e->value) || count < 3) return HT_OK;
    double *log_value = ht_alloc(count, sizeof *log_value, "the spectrum", err);
    if (!log_value) return err->code;
    for (size_t i = 0; i < count; i++) log_value[i] = log(eigenvalue[count - 1 - i]);
    /* xmin is one of the points fitted, k - 1 are beyond. */
    ht_code code = ht_power_test_make(&test, log_value, e->k - 1, count, 1, err);
    if (code == HT_OK && e->quality == HT_QUALITY_GOOD) e->quality = of_power_law(&test, 0);
    if (code == HT_OK) e->p = test.p;
    if (code == HT_OK && e->quality == HT_QUALITY_GOOD) {
        code = ht_power_search_p(&e->p, log_value, count, count, FEW, two_sided, err);
        if (e->p < 0.1) e->quality = HT_QUALITY_NOT_POWER_LAW;
    }
    ht_free(log_value);
    return code;
}
