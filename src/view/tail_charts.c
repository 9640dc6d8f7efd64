#include "view/tail_charts.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"

void ht_tail_format(const ht_estimate *e, char *to, size_t size)
{
    char value[24], error[24];
    if (!isfinite(e->value)) {
        ht_text_copy(to, size, "–");
        return;
    }
    snprintf(value, sizeof value, fabs(e->value) < 1000 ? "%.3f" : "%.3g", e->value);
    snprintf(error, sizeof error, fabs(e->std_error) < 1000 ? "%.3f" : "%.3g", e->std_error);
    snprintf(to, size, isfinite(e->std_error) ? "%s ± %s" : "%s", value, error);
}

static ht_role role_of(const ht_estimate *e)
{
    return e->quality == HT_QUALITY_GOOD             ? HT_ROLE_GOOD
           : e->quality == HT_QUALITY_NOT_APPLICABLE ? HT_ROLE_DIM
                                                     : HT_ROLE_WARNING;
}

/* ---- distribution of magnitudes ---- */

/* A power law through (x0, p0), down to p1. */
static void add_line(ht_chart *chart, ht_role role, const char *name, double alpha, double x0, double p0,
                     double p1, bool dotted)
{
    if (!(alpha > 0) || !isfinite(alpha) || !(x0 > 0) || !(p1 < p0)) return;
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, role, name, 2);
    if (!s) return;
    s->dotted = dotted;
    s->x[0] = x0, s->high[0] = p0;
    s->x[1] = x0 * pow(p0 / p1, 1 / alpha), s->high[1] = p1;
    snprintf(s->value, sizeof s->value, "%.3g", alpha);
}

/* The fan between the ends of the 95 % interval of a power law through (x0, p0). */
static void add_fan(ht_chart *chart, ht_role role, const ht_estimate *e, double p0, double p1)
{
    enum { POINTS = 24 };
    if (!(e->low > 0) || !isfinite(e->high) || !(p1 < p0)) return;
    ht_series *s = ht_chart_add(chart, HT_MARK_BAND, role, "", POINTS);
    double end = e->xmin * pow(p0 / p1, 1 / e->value);
    for (int i = 0; s && i < POINTS; i++) {
        double x = e->xmin * pow(end / e->xmin, (double)i / (POINTS - 1));
        s->x[i] = x;
        s->low[i] = p0 * pow(x / e->xmin, -e->high);
        s->high[i] = p0 * pow(x / e->xmin, -e->low);
    }
}

/* The first point with a probability of `p` or less. */
static int point_below(const ht_tail_ccdf *c, double p)
{
    int i = 0;
    while (i + 1 < c->count && c->above[i] > p) i++;
    return i;
}

static void distribution(const ht_tail_ccdf *c, const ht_estimate *hill, size_t count, double injected,
                         ht_role role, const char *name, ht_chart *chart)
{
    if (c->count < 2) return;
    double last = c->above[c->count - 1], begin = (double)hill->k / (double)count;
    if (isfinite(hill->value) && hill->value > 0 && begin > last) {
        add_fan(chart, HT_ROLE_HILL, hill, begin, last);
        add_line(chart, HT_ROLE_HILL, "fit, hill", hill->value, hill->xmin, begin, last, false);
    }
    int at = point_below(c, 0.02);
    add_line(chart, HT_ROLE_NOISE, "injected α", injected, c->x[at], c->above[at], last, true);
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, role, name, c->count); /* over the lines */
    for (int i = 0; s && i < c->count; i++) s->x[i] = c->x[i], s->high[i] = c->above[i];
    ht_chart_fit(chart);
    /* From the median on: a straight line shows in the upper half. The few values near zero would fill the
     * rest. */
    int middle = point_below(c, 0.9);
    chart->x.low = chart->x.high = 0;
    ht_axis_fit(&chart->x, c->x[middle], c->x[c->count - 1]);
    chart->y.low = pow(10, floor(log10(last) + 1e-9));
    chart->y.high = 1;
}

static void log_log(ht_chart *chart, const char *title, const char *x)
{
    ht_text_copy(chart->title, sizeof chart->title, title);
    ht_text_copy(chart->hint, sizeof chart->hint, "log·log");
    ht_text_copy(chart->empty, sizeof chart->empty, "nothing to show");
    chart->x = (ht_axis){.scale = HT_SCALE_LOG};
    chart->y = (ht_axis){.scale = HT_SCALE_LOG, .low = 1e-3, .high = 1, .fixed = true};
    ht_text_copy(chart->x.label, sizeof chart->x.label, x);
}

void ht_tail_chart_weights(const ht_tail_picture *p, double injected, ht_chart *chart)
{
    log_log(chart, "Weights, P(|w| > x)", "|w|");
    distribution(&p->weights, &p->all[HT_HILL], p->rows * p->columns, injected, HT_ROLE_WEIGHTS, "weights",
                 chart);
    ht_text_copy(chart->note, sizeof chart->note, "heavy: a straight fall of slope -α; light: it bends down");
}

void ht_tail_chart_norms(const ht_tail_picture *p, double injected, ht_chart *chart)
{
    log_log(chart, "Row norms, P(‖w‖ > x)", "‖w‖");
    ht_text_copy(chart->empty, sizeof chart->empty, "a vector has no rows");
    distribution(&p->norms, &p->of_norms[HT_HILL], p->rows, injected, HT_ROLE_NORMS, "rows", chart);
    ht_text_copy(chart->note, sizeof chart->note, "a long straight tail: few rows carry the layer");
}

/* ---- the Hill plot ---- */

void ht_tail_chart_hill(const ht_tail_picture *p, double injected, ht_chart *chart)
{
    ht_text_copy(chart->title, sizeof chart->title, "Hill plot, α̂(k)");
    ht_text_copy(chart->hint, sizeof chart->hint, "log x");
    ht_text_copy(chart->empty, sizeof chart->empty, "too few values");
    ht_text_copy(chart->note, sizeof chart->note, "believe α̂ where it is level; a drift is no power law");
    chart->x = (ht_axis){.scale = HT_SCALE_LOG, .integer = true, .label = "k largest values used"};
    chart->y = (ht_axis){.scale = HT_SCALE_LINEAR, .label = "α̂"};
    int first = 0; /* below k = 10 the band fills the chart */
    while (first + 2 < p->hill_count && p->hill_k[first] < 10) first++;
    int count = p->hill_count - first;
    if (count < 2) return;
    ht_series *band = ht_chart_add(chart, HT_MARK_BAND, HT_ROLE_HILL, "", count);
    ht_series *line = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_HILL, "α̂(k) ± 95 %", count);
    for (int i = 0; band && line && i < count; i++) {
        double k = p->hill_k[first + i], alpha = p->hill[first + i], spread = 1.96 / sqrt(k);
        band->x[i] = line->x[i] = k;
        band->low[i] = alpha / (1 + spread);
        band->high[i] = alpha / (1 - spread);
        line->high[i] = alpha;
    }
    if (line) ht_tail_format(&p->all[HT_HILL], line->value, sizeof line->value);
    ht_chart_fit(chart);
    chart->y.low = 0;
    if (isfinite(injected)) ht_chart_mark(chart, false, injected, HT_ROLE_NOISE, "injected α");
    if (p->plateau_high == 0) return;
    ht_chart_mark(chart, true, (double)p->plateau_low, HT_ROLE_MARK, "plateau");
    ht_chart_mark(chart, true, (double)p->plateau_high, HT_ROLE_MARK, "");
}

/* ---- the spectrum ---- */

void ht_tail_chart_spectrum(const ht_tail_picture *p, ht_chart *chart)
{
    const ht_tail_ccdf *c = &p->eigenvalues;
    const ht_estimate *e = &p->all[HT_POWERLAW];
    log_log(chart, "Eigenvalues of WᵀW/N, P(λ > x)", "λ");
    ht_text_copy(chart->empty, sizeof chart->empty, "no spectrum");
    ht_text_copy(chart->note, sizeof chart->note, "the density's exponent is this slope plus one");
    if (c->count < 2) return;
    size_t side = p->rows < p->columns ? p->rows : p->columns;
    double last = c->above[c->count - 1], begin = (double)e->n_tail / (double)side;
    if (isfinite(e->value)) {
        ht_estimate tail = *e; /* the index of the tail is one less than that of the density */
        tail.value -= 1, tail.low -= 1, tail.high -= 1;
        add_fan(chart, HT_ROLE_HILL, &tail, begin, last);
        add_line(chart, HT_ROLE_HILL, "fit, density exponent", tail.value, e->xmin, begin, last, false);
        if (chart->series_count > 0)
            snprintf(chart->series[chart->series_count - 1].value, sizeof chart->series[0].value, "%.3g",
                     e->value);
    }
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_WEIGHTS, "eigenvalues", c->count);
    for (int i = 0; s && i < c->count; i++) s->x[i] = c->x[i], s->high[i] = c->above[i];
    ht_chart_fit(chart);
    chart->x.low = chart->x.high = 0;
    ht_axis_fit(&chart->x, c->x[point_below(c, 0.9)], c->x[c->count - 1]);
    chart->y.low = pow(10, floor(log10(last) + 1e-9));
}

/* ---- the numbers ---- */

static void add_estimate(ht_form *form, const ht_estimate *e)
{
    char number[40], label[60];
    if (e->quality == HT_QUALITY_NOT_APPLICABLE && !isfinite(e->value)) return;
    ht_tail_format(e, number, sizeof number);
    snprintf(label, sizeof label, "%s  %s", ht_estimator_at(e->estimator)->name, ht_quality_word(e->quality));
    ht_form_add(form, HT_ROW_VALUE, role_of(e), label, "%s", number);
}

static void add_view(ht_form *form, const char *heading, const ht_estimate *estimates, int count)
{
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_TEXT, heading, " ");
    for (int e = 0; e < count; e++) add_estimate(form, &estimates[e]);
}

void ht_tail_form(const ht_tail_picture *p, ht_form *form)
{
    ht_text_copy(form->title, sizeof form->title, "Tail index α̂");
    ht_text_copy(form->hint, sizeof form->hint, p->centred ? "centred" : "raw values");
    add_view(form, "all weights", p->all, HT_ESTIMATORS);
    if (p->norms.count == 0) return;
    add_view(form, "rows as vectors", &p->by_rows, 1);
    add_view(form, "row norms", p->of_norms, HT_ESTIMATORS);
}
