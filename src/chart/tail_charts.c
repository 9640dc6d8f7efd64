#include "chart/tail_charts.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "chart/tail_table.h"

/* ---- distribution of magnitudes ---- */

/* A power law through (x0, p0), down to p1. */
static ht_series *add_line(ht_chart *chart, ht_role role, const char *name, double alpha, double x0,
                           double p0, double p1, bool dotted)
{
    if (!(alpha > 0) || !isfinite(alpha) || !(x0 > 0) || !(p1 < p0)) return NULL;
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, role, name, 2);
    if (!s) return NULL;
    s->dash = dotted ? HT_DOTTED : HT_SOLID;
    s->x[0] = x0, s->high[0] = p0;
    s->x[1] = x0 * pow(p0 / p1, 1 / alpha), s->high[1] = p1;
    snprintf(s->value, sizeof s->value, "%.2f", alpha);
    snprintf(s->said, sizeof s->said, "%s", role == HT_ROLE_NOISE ? "a law of the injected α" : "fit");
    return s;
}

/* The fan between the ends of the 95 % interval of a power law through (x0, p0). */
static void add_fan(ht_chart *chart, ht_role role, const ht_estimate *e, double p0, double p1)
{
    enum { POINTS = 24 };
    if (!(e->low > 0) || !isfinite(e->high) || !(p1 < p0)) return;
    ht_series *s = ht_chart_add(chart, HT_MARK_BAND, role, "", POINTS);
    if (s) ht_text_copy(s->said, sizeof s->said, "95 %");
    double end = e->xmin * pow(p0 / p1, 1 / e->value);
    for (int i = 0; s && i < POINTS; i++) {
        double x = e->xmin * pow(end / e->xmin, (double)i / (POINTS - 1));
        s->x[i] = x;
        s->low[i] = p0 * pow(x / e->xmin, -e->high);
        s->high[i] = p0 * pow(x / e->xmin, -e->low);
    }
}

void ht_tail_ccdf_fill(const ht_tail_ccdf *c, ht_series *s)
{
    for (int i = 0; s && i < c->count; i++) s->x[i] = c->x[i], s->high[i] = c->above[i];
}

/* The first point with a probability of `p` or less. */
static int point_below(const ht_tail_ccdf *c, double p)
{
    int i = 0;
    while (i + 1 < c->count && c->above[i] > p) i++;
    return i;
}

/* From the median on: a straight line shows in the upper half. The few values near zero would fill the rest.
 */
void ht_tail_chart_widen(ht_chart *chart, const ht_tail_ccdf *c)
{
    if (c->count < 2) return;
    ht_axis_fit(&chart->x, c->x[point_below(c, 0.9)], c->x[c->count - 1]);
    chart->y.low = fmin(chart->y.low, pow(10, floor(log10(c->above[c->count - 1]) + 1e-9)));
}

static void fit_axes(ht_chart *chart, const ht_tail_ccdf *c)
{
    chart->x.low = chart->x.high = 0;
    chart->y.low = chart->y.high = 1;
    ht_tail_chart_widen(chart, c);
}

static void distribution(const ht_tail_ccdf *c, const ht_estimate *hill, size_t count, double injected,
                         ht_role role, const char *name, ht_chart *chart)
{
    if (c->count < 2) return;
    double last = c->above[c->count - 1], begin = (double)hill->k / (double)count;
    int at = point_below(c, 0.02);
    ht_tail_ccdf_fill(c, ht_chart_add(chart, HT_MARK_LINE, role, name, c->count));
    add_line(chart, HT_ROLE_NOISE, "injected α", injected, c->x[at], c->above[at], last, true);
    if (isfinite(hill->value) && hill->value > 0 && begin > last) {
        add_fan(chart, HT_ROLE_HILL, hill, begin, last);
        add_line(chart, HT_ROLE_HILL, "fit, hill", hill->value, hill->xmin, begin, last, false);
    }
    fit_axes(chart, c);
}

static void log_log(ht_chart *chart, const char *title, const char *x, const char *unit)
{
    chart->unit = unit;
    ht_text_copy(chart->title, sizeof chart->title, title);
    ht_text_copy(chart->hint, sizeof chart->hint, "log·log");
    ht_text_copy(chart->empty, sizeof chart->empty, "nothing to show");
    chart->x = (ht_axis){.scale = HT_SCALE_LOG};
    chart->y = (ht_axis){.scale = HT_SCALE_LOG, .low = 1e-3, .high = 1, .fixed = true};
    ht_text_copy(chart->x.label, sizeof chart->x.label, x);
}

void ht_tail_chart_weights(const ht_tail_picture *p, double injected, ht_chart *chart)
{
    log_log(chart, "Weights, P(|w| > x)", "|w|", "of the weights");
    distribution(&p->weights, &p->all[HT_HILL], p->rows * p->columns, injected, HT_ROLE_WEIGHTS, "weights",
                 chart);
    ht_text_copy(chart->note, sizeof chart->note, "straight: a heavy tail; bent: light");
}

void ht_tail_chart_norms(const ht_tail_picture *p, double injected, ht_chart *chart)
{
    log_log(chart, "Row norms, P(‖w‖ > x)", "‖w‖", "of the rows");
    ht_text_copy(chart->empty, sizeof chart->empty, "a vector has no rows");
    distribution(&p->norms, &p->of_norms[HT_HILL], p->rows, injected, HT_ROLE_NORMS, "rows", chart);
    ht_text_copy(chart->note, sizeof chart->note, "long and straight: few rows carry all");
}

/* ---- the Hill plot ---- */

/* What lies beyond gets a mark at the edge: a ghost without a heavy tail (α̂ 90 and more) would leave no
 * height for the line of this run. */
static double hill_most(const ht_series *line)
{
    double most = 2;
    for (int i = 0; line && i < line->count; i++)
        if (isfinite(line->high[i])) most = fmax(most, line->high[i]);
    return 2 * most;
}

/* Below k = 10 the band fills the chart. */
static int hill_first(const ht_tail_picture *p)
{
    int first = 0;
    while (first + 2 < p->hill_count && p->hill_k[first] < 10) first++;
    return first;
}

int ht_tail_hill_points(const ht_tail_picture *p)
{
    return p->hill_count - hill_first(p);
}

void ht_tail_hill_fill(const ht_tail_picture *p, ht_series *s)
{
    for (int i = 0, first = hill_first(p); s && i < s->count; i++)
        s->x[i] = p->hill_k[first + i], s->high[i] = p->hill[first + i];
}

void ht_tail_chart_hill(const ht_tail_picture *p, double injected, ht_chart *chart)
{
    chart->unit = "";
    ht_text_copy(chart->title, sizeof chart->title, "Hill plot, α̂(k)");
    ht_text_copy(chart->hint, sizeof chart->hint, "log x");
    ht_text_copy(chart->empty, sizeof chart->empty, "too few values");
    ht_text_copy(chart->note, sizeof chart->note, "believe α̂ only where it is level");
    chart->x = (ht_axis){.scale = HT_SCALE_LOG, .integer = true, .label = "k largest values used"};
    chart->y = (ht_axis){.scale = HT_SCALE_LINEAR, .label = "α̂"};
    int first = hill_first(p), count = ht_tail_hill_points(p);
    if (count < 2) return;
    ht_series *band = ht_chart_add(chart, HT_MARK_BAND, HT_ROLE_HILL, "", count);
    ht_series *line = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_HILL, "α̂(k), band 95 %", count);
    if (band) ht_text_copy(band->said, sizeof band->said, "95 %");
    if (line) ht_text_copy(line->said, sizeof line->said, "α̂(k)");
    for (int i = 0; band && i < count; i++) {
        double k = p->hill_k[first + i], alpha = p->hill[first + i], spread = 1.96 / sqrt(k);
        band->x[i] = k;
        band->low[i] = alpha / (1 + spread);
        band->high[i] = alpha / (1 - spread);
    }
    ht_tail_hill_fill(p, line);
    if (line) ht_tail_say(&p->all[HT_HILL], line->value, sizeof line->value);
    ht_chart_fit(chart);
    chart->y.low = 0;
    if (chart->y.high > hill_most(line)) chart->y.high = ceil(hill_most(line));
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
    log_log(chart, "Eigenvalues of WᵀW/N, P(λ > x)", "λ", "of the eigenvalues");
    ht_text_copy(chart->empty, sizeof chart->empty, "no spectrum");
    ht_text_copy(chart->note, sizeof chart->note, "density exponent: the slope plus one");
    if (c->count < 2) return;
    size_t side = p->rows < p->columns ? p->rows : p->columns;
    double last = c->above[c->count - 1], begin = (double)e->n_tail / (double)side;
    ht_tail_ccdf_fill(c, ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_WEIGHTS, "eigenvalues", c->count));
    fit_axes(chart, c);
    if (!isfinite(e->value)) return;
    ht_estimate tail = *e; /* the index of the tail is one less than that of the density */
    tail.value -= 1, tail.low -= 1, tail.high -= 1;
    add_fan(chart, HT_ROLE_HILL, &tail, begin, last);
    ht_series *fit =
        add_line(chart, HT_ROLE_HILL, "fit, density exponent", tail.value, e->xmin, begin, last, false);
    if (fit) snprintf(fit->value, sizeof fit->value, "%.2f", e->value);
}
