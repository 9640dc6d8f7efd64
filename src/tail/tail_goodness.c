#include "tail/tail_goodness.h"

#include <math.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "num/rng.h"
#include "tail/tail_estimate.h"
#include "num/values.h"

enum { FEW = 25 };

/* Tests are at 1 %: one in a hundred of what is good is not called so. Two estimates of one index, 3.3
 * deviations apart, disagree (1 in 1000). A law must be nearer than another by 2.33 deviations (1 %, one
 * side). */
static const double level = 0.01, apart = 3.3, nearer = 2.33;

/* An error of so much of an index says little. */
static const double widest_error = 0.25;

enum { POWER = 4500 };

/* ---- what is measured ---- */

/* Differences of columns that matter: 10 % of scale, and no chance. */
static bool differs(const ht_spread *s)
{
    return s->z > 5 && s->deviation > 0.1;
}

/* From so many values of a row in the subset to all of its columns. */
static double whole_effect(double effect, double size, double columns)
{
    return effect > 1 && size > 1 ? 1 + (effect - 1) * (columns - 1) / (size - 1) : 1;
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
    return whole_effect(sum / (beyond * (1 - share)), sizes / n, columns);
}

/* The widest tail of more than `least` of the `kept` largest, and no fewer than FEW, that is straight; p is
 * NaN where none is. */
static ht_code widest(ht_power_test *test, const double *log, size_t kept, size_t count, size_t least,
                      double effect, ht_error *err)
{
    static const double straight = 0.1, step = 1.4;
    double p, k = (double)kept - 1;
    while (k > 1.2 * (double)least && k >= FEW) {
        if (ht_power_straight(&p, log, (size_t)k, count, effect, err) != HT_OK) return HT_FAIL;
        if (p >= straight) return ht_power_test_make(test, log, (size_t)k, count, effect, err);
        k /= step;
    }
    test->p = NAN;
    return HT_OK;
}

/* The larger half of the magnitudes, largest first, from both ends of the values: their logarithms. */
static void largest_logs(const ht_tail_subset *s, double *to)
{
    const double *low = s->sorted, *high = s->sorted + s->count - 1;
    for (size_t i = 0; i < s->count / 2; i++) {
        double size = fabs(*low) > fabs(*high) ? fabs(*low++) : fabs(*high--);
        to[i] = size > 0 ? log(size) : to[i ? i - 1 : 0];
    }
}

/* The same among the larger half of the subset (of n), where it reaches further than what is kept. */
static ht_code widest_of_half(ht_power_test *test, const double *largest, size_t n, const ht_top *top,
                              double effect, ht_error *err)
{
    size_t least = (size_t)((double)top->kept / (double)top->count * (double)n);
    test->p = NAN;
    return 2 * least < n ? widest(test, largest, n / 2, n, least, effect, err) : HT_OK;
}

/* Among what is kept; if that is straight, among the larger half of the subset. */
static ht_code measure_bias(ht_goodness *g, const double *largest, size_t n, const ht_top *top, size_t k,
                            size_t count, double effect, ht_error *err)
{
    bool bent;
    if (ht_power_bias(&g->bias, &bent, top->log, k, top->kept, count, g->tail_effect, err) != HT_OK)
        return err->code;
    size_t share = (size_t)((double)k / (double)count * (double)n);
    if (bent || share < FEW) return HT_OK;
    return ht_power_bias(&g->bias, &bent, largest, share, n / 2, n, effect, err);
}

/* The test at k, but against the other laws with as many more values as still lie straight: the more, the
 * surer. */
static ht_code measure_tail(ht_goodness *g, const double *largest, size_t n, const ht_top *top, size_t k,
                            size_t count, ht_error *err)
{
    ht_power_test wider = {0};
    if (ht_power_test_make(&g->power, top->log, k, count, g->tail_effect, err) != HT_OK) return err->code;
    double effect = g->stable.independent > 0 ? (double)n / g->stable.independent : 1;
    if (measure_bias(g, largest, n, top, k, count, effect, err) != HT_OK) return err->code;
    if (widest_of_half(&wider, largest, n, top, effect, err) != HT_OK) return err->code;
    if (isnan(wider.p) && widest(&wider, top->log, top->kept, count, k, g->tail_effect, err) != HT_OK)
        return err->code;
    if (isnan(wider.p)) return HT_OK;
    g->power.lognormal = wider.lognormal;
    g->power.exponential = wider.exponential;
    g->power.curvature = fmin(g->power.curvature, wider.curvature);
    return HT_OK;
}

/* Where nothing else refuses the law: it costs milliseconds. */
static void compare_student(ht_student *student, const ht_tail_sample *sample, const ht_tail_subset *s,
                            const ht_stable_fit *fit)
{
    *student = (ht_student){NAN, NAN, NAN};
    if (fit->p >= level && fit->values >= POWER) ht_student_compare(student, sample, s, fit);
}

static ht_code measure(ht_goodness *g, const ht_tail_subset *s, const ht_tail_sample *sample,
                       const ht_top *top, size_t k, ht_error *err)
{
    ht_spread rows, columns;
    double wide = (double)sample->x.columns, n = (double)s->count;
    if (ht_tail_subset_spread(s, false, &rows, err) != HT_OK ||
        ht_tail_subset_spread(s, true, &columns, err) != HT_OK)
        return err->code;
    g->clustered = rows.z > 3;
    g->together = differs(&rows);
    g->scales = g->together ? (double)s->rows : (double)INFINITY;
    g->columns_differ = differs(&columns);
    if (ht_stable_fit_make(&g->stable, s, g->clustered, err) != HT_OK) return err->code;
    compare_student(&g->student, sample, s, &g->stable);
    if (g->stable.independent > 0)
        g->effect = whole_effect(n / g->stable.independent, n / (double)s->rows, wide);
    if (k < 1 || k >= top->kept) return HT_OK;
    if (g->clustered) g->tail_effect = tail_effect(s, top->value[k], wide);
    size_t count = sample->censored ? sample->total : sample->count;
    double *largest = ht_alloc(s->count + 1, sizeof *largest, "the largest values", err);
    if (!largest) return err->code;
    largest_logs(s, largest);
    ht_code code = measure_tail(g, largest, s->count, top, k, count, err);
    ht_free(largest);
    return code;
}

ht_code ht_goodness_make(ht_goodness *g, const ht_tail_sample *sample, const ht_top *top, size_t k,
                         ht_error *err)
{
    ht_tail_subset subset;
    *g = (ht_goodness){.stable = {NAN, NAN, NAN, NAN, 0, 0},
                       .student = {NAN, NAN, NAN},
                       .power = {NAN, NAN, NAN, NAN, 0},
                       .scales = INFINITY,
                       .effect = 1,
                       .tail_effect = 1};
    if (ht_tail_subset_take(&subset, sample, err) != HT_OK) return err->code;
    ht_code code = measure(g, &subset, sample, top, k, err);
    ht_tail_subset_free(&subset);
    return code;
}

/* ---- verdicts ---- */

/* With a clause that says why. */
typedef struct verdict {
    ht_quality quality;
    const char *reason;
} verdict;

static const verdict good = {HT_QUALITY_GOOD, NULL};

/* Below 4500 values Student's laws and others pass for stable ones more often than once in twenty; near α = 2
 * fewer values tell, those beyond the normal ones: about (2 - α) of all. `scales`: rows, where each has a
 * scale of its own, whose law decides; Inf where all have one. */
static verdict of_stable_law(const ht_stable_fit *fit, double scales, const ht_estimate *e)
{
    enum { LEAST = 100, POWER_INDEPENDENT = 500, POWER_BEYOND = 1000, POWER_SCALES = 1000 };
    if (isnan(fit->p) || fit->independent < LEAST)
        return (verdict){HT_QUALITY_FEW_POINTS, "too few independent values to test the law"};
    if (fit->p < level) return (verdict){HT_QUALITY_NOT_STABLE, "differs from every symmetric stable law"};
    if (fabs(e->value - fit->alpha) > apart * hypot(e->std_error, fit->error))
        return (verdict){HT_QUALITY_DISAGREE, "the stable law nearest to the values has another index"};
    if (fit->alpha + HT_Z99 * fit->error >= 2)
        return (verdict){HT_QUALITY_NO_HEAVY_TAIL,
                         "the stable law nearest to the values may be the normal one"};
    if (fit->values < POWER || fit->independent < POWER_INDEPENDENT ||
        (2 - fit->alpha) * (double)fit->values < POWER_BEYOND)
        return (verdict){HT_QUALITY_UNDECIDED, "so few values are near other laws, too"};
    if (scales < POWER_SCALES)
        return (verdict){HT_QUALITY_UNDECIDED,
                         "rows of unequal scale: so few scales are near other laws, too"};
    return good;
}

/* Beside Student's law: the stable one must be nearer by a nat. Near Cauchy's law the two are one: an
 * interval that holds the degrees of freedom is right whichever it is. `effect`: values that count as one. */
static verdict of_student(const ht_student *s, double effect, const ht_estimate *e)
{
    static const double nat = 1;
    if (!(s->ratio < nat) || (e->low <= s->freedom && s->freedom <= e->high)) return good;
    return s->deviations < -HT_Z99 * sqrt(effect)
               ? (verdict){HT_QUALITY_NOT_STABLE, "Student's law is nearer"}
               : (verdict){HT_QUALITY_UNDECIDED, "Student's law is as near"};
}

/* `surely`: how much nearer than a lognormal law. */
static verdict of_power_law(const ht_power_test *t, double surely)
{
    if (isnan(t->p) || t->points < FEW)
        return (verdict){HT_QUALITY_FEW_POINTS, "too few independent values in the tail"};
    if (t->p < level) return (verdict){HT_QUALITY_NOT_POWER_LAW, "not straight beyond its threshold"};
    if (t->curvature < -HT_Z99) return (verdict){HT_QUALITY_NOT_POWER_LAW, "bent down beyond its threshold"};
    if (t->exponential < -nearer) return (verdict){HT_QUALITY_NOT_POWER_LAW, "an exponential law is nearer"};
    if (t->lognormal < -nearer) return (verdict){HT_QUALITY_NOT_POWER_LAW, "a lognormal law is nearer"};
    if (t->exponential < nearer) return (verdict){HT_QUALITY_UNDECIDED, "an exponential law is as near"};
    if (t->lognormal < surely) return (verdict){HT_QUALITY_UNDECIDED, "a lognormal law is as near"};
    return good;
}

/* Of 1/α, whose errors are closer to normal. */
static bool disagree(const ht_estimate *a, const ht_estimate *b)
{
    double x = 1 / a->value, y = 1 / b->value;
    return fabs(x - y) > apart * hypot(a->std_error * x * x, b->std_error * y * y);
}

/* A stable law of index < 2 has a power law of the same index in its tail: where it fits all values, an
 * interval that excludes it is of a threshold too near for that. */
static verdict of_tail(const ht_goodness *g, const ht_estimate *hill, const ht_estimate *e)
{
    verdict v = of_power_law(&g->power, nearer);
    if (v.quality != HT_QUALITY_GOOD) return v;
    if (!(e->std_error < widest_error * e->value))
        return (verdict){HT_QUALITY_FEW_POINTS, "too few values beyond where the tail bends"};
    double deviation = hypot(e->std_error, g->stable.error);
    if (g->stable.p >= level && fabs(e->value - g->stable.alpha) > HT_Z95 * deviation)
        return (verdict){HT_QUALITY_DISAGREE, "a stable law of another index fits all values"};
    return disagree(e, hill) ? (verdict){HT_QUALITY_DISAGREE, "Hill's estimate excludes it"} : good;
}

/* A fit that one in ten is as far off as, beside a straight tail that excludes it, is none that is
 * sure: Student's laws below 2 are nearly stable in the middle. */
static verdict of_stable_values(const ht_goodness *g, const ht_estimate *hill, const ht_estimate *e)
{
    static const double loose = 0.1;
    verdict v = of_stable_law(&g->stable, g->scales, e);
    if (v.quality == HT_QUALITY_GOOD) v = of_student(&g->student, g->effect, e);
    if (v.quality != HT_QUALITY_GOOD || g->stable.p >= loose ||
        of_power_law(&g->power, nearer).quality != HT_QUALITY_GOOD)
        return v;
    double deviation = hypot(hill->std_error, g->stable.error);
    return fabs(hill->value - g->stable.alpha) > HT_Z99 * deviation
               ? (verdict){HT_QUALITY_UNDECIDED, "not near, and the tail has another index"}
               : v;
}

static verdict of_values(const ht_goodness *g, const ht_estimate *estimates, const ht_estimate *e)
{
    if (g->columns_differ) return (verdict){HT_QUALITY_COLUMNS, NULL};
    if (e->estimator == HT_MMO && g->together)
        return (verdict){HT_QUALITY_NOT_APPLICABLE, "rows have their scales in common: see mmo-multi"};
    return ht_estimator_at(e->estimator)->stable ? of_stable_values(g, &estimates[HT_HILL], e)
                                                 : of_tail(g, &estimates[HT_HILL], e);
}

/* Error and interval so many times as wide: of α for stable laws, else of 1/α, to which a bias adds. */
static void widen(ht_estimate *e, double times, double bias)
{
    if ((!(times > 1) && bias == 0) || !isfinite(e->value)) return;
    if (ht_estimator_at(e->estimator)->stable && e->estimator != HT_MMO) {
        e->std_error *= times;
        e->low = e->value - (e->value - e->low) * times;
        e->high = e->value + (e->high - e->value) * times;
    } else {
        double deviation = fmax(times, 1) * e->std_error / (e->value * e->value);
        ht_estimate_inverse(e, 1 / e->value, hypot(deviation, bias));
    }
}

void ht_goodness_assess(const ht_goodness *g, ht_estimate *estimates)
{
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        const ht_estimator_info *info = ht_estimator_at((ht_estimator)i);
        if (info->input != HT_INPUT_VALUES || !isfinite(estimates[i].value)) continue;
        widen(&estimates[i], sqrt(info->stable ? g->effect : g->tail_effect), info->stable ? 0 : g->bias);
        estimates[i].p = info->stable ? g->stable.p : g->power.p;
    }
    verdict v[HT_ESTIMATORS];
    for (int i = 0; i < HT_ESTIMATORS; i++) v[i] = of_values(g, estimates, &estimates[i]);
    for (int i = 0; i < HT_ESTIMATORS; i++) {
        ht_estimate *e = &estimates[i];
        if (ht_estimator_at((ht_estimator)i)->input != HT_INPUT_VALUES || e->quality != HT_QUALITY_GOOD)
            continue;
        e->quality = v[i].quality;
        if (v[i].reason) e->reason = v[i].reason;
    }
}

/* ---- norms ---- */

static double inverse_error(const ht_estimate *e)
{
    return e->std_error / (e->value * e->value);
}

static const ht_estimate *surer(const ht_estimate *a, const ht_estimate *b)
{
    if (b->quality != HT_QUALITY_GOOD || !isfinite(b->std_error)) return a;
    return !a || inverse_error(b) < inverse_error(a) ? b : a;
}

void ht_goodness_assess_norms(ht_estimate *norms, const ht_estimate *all, const ht_estimate *rows)
{
    const ht_estimate *known = surer(NULL, rows);
    for (int i = 0; i < HT_ESTIMATORS; i++)
        if (ht_estimator_at((ht_estimator)i)->input == HT_INPUT_VALUES) known = surer(known, &all[i]);
    for (int i = 0; i < HT_ESTIMATORS && known; i++) {
        ht_estimate *e = &norms[i];
        if (e->quality != HT_QUALITY_GOOD) continue;
        double deviation = hypot(inverse_error(e), inverse_error(known));
        if (fabs(1 / e->value - 1 / known->value) <= HT_Z95 * deviation) continue;
        e->quality = HT_QUALITY_DISAGREE;
        e->reason = "the weights have a tail of another index";
    }
}

/* ---- rows ---- */

/* The sum of each row with signs drawn for the columns: of a stable vector a stable number. */
static void project(const ht_values *x, double *sum)
{
    ht_unit unit = ht_values_unit(x);
    for (size_t i = 0; i < x->rows && !ht_cancelled(); i++) {
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

/* Entries, rows as clusters, where all columns are alike, beside Student's law; and one number of each row.
 */
static ht_code fit_rows(const ht_tail_sample *s, const double *sum, ht_stable_fit fit[2], ht_student *student,
                        double *scales, ht_error *err)
{
    ht_tail_subset entries = {0}, numbers = {0};
    ht_tail_sample v;
    ht_spread columns = {0}, rows = {0};
    ht_code code = ht_tail_subset_take(&entries, s, err);
    if (code == HT_OK) code = ht_tail_subset_spread(&entries, true, &columns, err);
    if (code == HT_OK) code = ht_tail_subset_spread(&entries, false, &rows, err);
    *scales = differs(&rows) ? (double)entries.rows : (double)INFINITY;
    fit[0] = (ht_stable_fit){NAN, NAN, NAN, NAN, 0, 0};
    if (code == HT_OK && !differs(&columns)) code = ht_stable_fit_make(&fit[0], &entries, rows.z > 3, err);
    compare_student(student, s, &entries, &fit[0]);
    if (code == HT_OK)
        code = ht_tail_sample_take(&v, &(ht_values){.f64 = sum, .rows = s->x.rows, .columns = 1}, err);
    if (code == HT_OK) code = ht_tail_subset_take(&numbers, &v, err);
    if (code == HT_OK) code = ht_stable_fit_make(&fit[1], &numbers, false, err);
    ht_tail_subset_free(&entries);
    ht_tail_subset_free(&numbers);
    return code;
}

ht_code ht_goodness_assess_rows(const ht_tail_sample *s, ht_estimate *e, ht_error *err)
{
    if (!isfinite(e->value) || e->quality != HT_QUALITY_GOOD) return HT_OK;
    ht_stable_fit fit[2];
    ht_student student;
    double scales, *sum = ht_alloc(s->x.rows, sizeof *sum, "sums of rows", err);
    if (!sum) return err->code;
    project(&s->x, sum);
    ht_code code = ht_still_wanted(err);
    if (code == HT_OK) code = fit_rows(s, sum, fit, &student, &scales, err);
    ht_free(sum);
    if (code != HT_OK) return code;
    e->p = fmin(1, 2 * fmin(fit[0].p, fit[1].p)); /* fmin takes the number of a number and NaN */
    verdict v = of_stable_law(&fit[isnan(fit[0].p)], scales, e);
    if (v.quality == HT_QUALITY_GOOD) v = of_student(&student, (double)fit[0].values / fit[0].independent, e);
    if (fit[1].p < level)
        v = (verdict){HT_QUALITY_NOT_STABLE, "sums of a row differ from every symmetric stable law"};
    e->quality = v.quality;
    if (v.reason) e->reason = v.reason;
    return HT_OK;
}

/* ---- spectra ---- */

/* The surest index that entries have, if the eigenvalues follow it: of the stable law, else of the tail; NULL
 * where none is good. */
static const ht_estimate *index_of_entries(const ht_estimate *estimates)
{
    static const ht_estimator surest[] = {HT_ECF, HT_MCCULLOCH, HT_HILL};
    for (size_t i = 0; i < sizeof surest / sizeof surest[0]; i++) {
        const ht_estimate *e = &estimates[surest[i]];
        if (e->quality == HT_QUALITY_GOOD && e->value < 4) return e;
    }
    return NULL;
}

/* Mean of the k largest logarithms beyond the next one. */
static double mean_excess(const double *log, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++) sum += log[i] - log[k];
    return sum / (double)k;
}

/* The error of the samples, in which xmin is searched for as here, and what a bend adds: what half of the
 * points move 1/α; one deviation at least, by which they may hide it. */
static void widen_spectrum(ht_estimate *e, const double *log, const ht_power_samples *samples)
{
    double gamma = 1 / (e->value - 1), plain = 1 / sqrt((double)e->k);
    double bend = fabs(mean_excess(log, e->k - 1) - mean_excess(log, e->k / 2)) / gamma;
    double deviation = gamma * hypot(fmax(samples->deviation, plain), fmax(bend, plain));
    ht_estimate index = *e;
    index.value = 1 / gamma;
    ht_estimate_inverse(&index, gamma, deviation);
    e->std_error = index.std_error;
    e->low = 1 + index.low;
    e->high = 1 + index.high;
}

/* A hundred eigenvalues are as near to a lognormal law as to a power law, unless the entries tell them apart.
 */
static verdict of_spectrum(const ht_power_test *test, const ht_power_samples *samples, const ht_estimate *e,
                           const ht_estimate *entries)
{
    enum { ALONE = 100 };
    static const double enough = 0.05, third = 1.0 / 3;
    verdict v = of_power_law(test, entries ? -nearer : nearer);
    if (v.quality != HT_QUALITY_GOOD) return v;
    if (samples->p < (entries ? level : enough))
        return (verdict){HT_QUALITY_NOT_POWER_LAW, "samples of a power law are nearer to one"};
    if (!(e->std_error < third * (e->value - 1)))
        return (verdict){HT_QUALITY_FEW_POINTS, "too few eigenvalues beyond where the spectrum bends"};
    if (!entries && test->points < ALONE)
        return (verdict){HT_QUALITY_UNDECIDED, "so few eigenvalues are near other laws, too"};
    if (!entries) return good;
    double x = 1 / (e->value - 1), y = 2 / entries->value;
    double deviation = hypot(e->std_error * x * x, entries->std_error * y * y / 2);
    return fabs(x - y) > apart * deviation
               ? (verdict){HT_QUALITY_DISAGREE, "the tail of the entries has another index"}
               : good;
}

static ht_code assess_spectrum(const double *log, size_t count, ht_estimate *e, const ht_estimate *entries,
                               ht_error *err)
{
    ht_power_test test;
    ht_power_samples samples;
    /* xmin is one of the points fitted, k - 1 are beyond. */
    if (ht_power_test_make(&test, log, e->k - 1, count, 1, err) != HT_OK ||
        ht_power_search_try(&samples, log, count, count, FEW, e->estimator == HT_POWERLAW_TWO_SIDED, err) !=
            HT_OK)
        return err->code;
    widen_spectrum(e, log, &samples);
    e->p = test.p;
    if (e->quality != HT_QUALITY_GOOD) return HT_OK;
    verdict v = of_spectrum(&test, &samples, e, entries);
    if (v.quality == HT_QUALITY_GOOD) e->p = samples.p;
    e->quality = v.quality;
    if (v.reason) e->reason = v.reason;
    return HT_OK;
}

ht_code ht_goodness_assess_spectrum(const double *eigenvalue, size_t count, ht_estimator which,
                                    ht_estimate *estimates, ht_error *err)
{
    ht_estimate *e = &estimates[which];
    while (count > 0 && !(eigenvalue[0] > 0)) eigenvalue++, count--;
    if (!isfinite(e->value) || count < 3 || e->k < 3) return HT_OK;
    double *log_value = ht_alloc(count, sizeof *log_value, "the spectrum", err);
    if (!log_value) return err->code;
    for (size_t i = 0; i < count; i++) log_value[i] = log(eigenvalue[count - 1 - i]);
    ht_code code = assess_spectrum(log_value, count, e, index_of_entries(estimates), err);
    ht_free(log_value);
    return code;
}
