/* panel_weights.c - the first layer's weights: histogram of |w|, and P(‖w‖ > x) of the neurons. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/panel.h"

/* The fine grid has 16 bins an octave, linear inside it; these edges cut an octave into four nearly equal
 * parts. */
static const int coarse[] = {0, 3, 7, 11};
enum { COARSE = 4, LINEAR_BINS = 48 };

static int edge_bin(int i)
{
    return (i / COARSE) * 16 + coarse[i % COARSE];
}

static double range_count(const ht_histogram *h, int from, int to)
{
    double sum = 0;
    for (int i = from; i < to; i++) sum += h->count[i];
    return sum;
}

/* A remark: what the axis leaves out is counted, not hidden. */
static void count_left_out(ht_chart *chart, double weights, const char *where)
{
    char count[24];
    ht_format_grouped(count, sizeof count, (long long)weights);
    if (weights >= 1) snprintf(chart->note, sizeof chart->note, "%s weights %s", count, where);
}

static void log_bars(const ht_histogram *h, ht_chart *chart)
{
    int first = 0, last = HT_HISTOGRAM_BINS / 16 * COARSE;
    /* From the 0.1 % quantile: the few weights near zero would stretch the axis by decades. */
    double below = (double)h->below, total = (double)h->total;
    while (first < last && below + range_count(h, edge_bin(first), edge_bin(first + 1)) < 1e-3 * total)
        below += range_count(h, edge_bin(first), edge_bin(first + 1)), first++;
    while (last > first && range_count(h, edge_bin(last - 1), edge_bin(last)) == 0) last--;
    ht_series *s = ht_chart_add(chart, HT_MARK_BARS, HT_ROLE_WEIGHTS, "", last - first);
    for (int i = first; s && i < last; i++) {
        s->x[i - first] = ht_histogram_edge(edge_bin(i));
        s->high[i - first] = range_count(h, edge_bin(i), edge_bin(i + 1));
    }
    if (!s) return;
    s->x[last - first] = ht_histogram_edge(edge_bin(last));
    chart->x.low = s->x[0];
    chart->x.high = s->x[last - first];
    count_left_out(chart, below, "are smaller");
    count_left_out(chart, (double)h->above, "are larger"); /* the more telling of the two */
}

/* Counts on a linear grid from the fine logarithmic one: a bin's weights are spread evenly over it. */
static void linear_bars(const ht_histogram *h, ht_chart *chart)
{
    int top = 0;
    double seen = (double)h->below, total = (double)h->total;
    while (top < HT_HISTOGRAM_BINS && seen < 0.999 * total) seen += h->count[top++];
    double high = ht_histogram_edge(top), width = high / LINEAR_BINS;
    ht_series *s = ht_chart_add(chart, HT_MARK_BARS, HT_ROLE_WEIGHTS, "", LINEAR_BINS);
    if (!s) return;
    for (int i = 0; i <= LINEAR_BINS; i++) s->x[i] = width * i;
    memset(s->high, 0, LINEAR_BINS * sizeof s->high[0]);
    s->high[0] = (double)h->below;
    for (int i = 0; i < top; i++) {
        double from = ht_histogram_edge(i), to = ht_histogram_edge(i + 1);
        for (int b = (int)(from / width); b < LINEAR_BINS && b * width < to; b++) {
            double overlap = fmin(to, (b + 1) * width) - fmax(from, b * width);
            if (overlap > 0) s->high[b] += h->count[i] * overlap / (to - from);
        }
    }
    chart->x.low = 0;
    chart->x.high = high;
    count_left_out(chart, total - seen, "are larger");
}

void ht_panel_weights(const ht_model *m, int columns, ht_chart *chart)
{
    (void)columns;
    static const char *const scales[2][2] = {{"linear", "log y"}, {"log x", "log·log"}};
    const ht_histogram *h = &m->report.histogram;
    bool deep = ht_params_get(&m->applied, HT_P_MODEL_DEPTH) > 1;
    ht_text_copy(chart->title, sizeof chart->title, deep ? "Weights |w|, layer 1" : "Weights |w|");
    ht_text_copy(chart->hint, sizeof chart->hint, scales[m->weights_log_x][m->weights_log_y]);
    ht_text_copy(chart->empty, sizeof chart->empty, "the first look is on its way");
    chart->x = (ht_axis){.scale = m->weights_log_x ? HT_SCALE_LOG : HT_SCALE_LINEAR,
                         .low = 1e-3,
                         .high = 1,
                         .fixed = true,
                         .label = "|w|"};
    chart->y = (ht_axis){
        .scale = m->weights_log_y ? HT_SCALE_LOG : HT_SCALE_LINEAR, .low = 1, .high = 10, .label = "count"};
    if (m->report.count == 0) return;
    ht_text_copy(chart->empty, sizeof chart->empty, "no weight has a size that the axis can show");
    if (m->weights_log_x)
        log_bars(h, chart);
    else
        linear_bars(h, chart);
    ht_chart_fit(chart);
    chart->y.low = m->weights_log_y ? 0.7 : 0; /* a single weight still has a bar */
}

/* The line a power law of this index would follow, through the point where 5 % of the neurons lie above. */
static void add_slope(const ht_report *r, ht_chart *chart, double alpha)
{
    int at = 0;
    while (at + 1 < r->norms && r->norm_above[at] > 0.05) at++;
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_NOISE, "slope -α", 2);
    if (!s) return;
    s->dotted = true;
    snprintf(s->value, sizeof s->value, "%.3g", -alpha);
    double end = r->norm_above[r->norms - 1];
    s->x[0] = r->norm[at];
    s->high[0] = r->norm_above[at];
    s->x[1] = r->norm[at] * pow(r->norm_above[at] / end, 1 / alpha);
    s->high[1] = end;
}

void ht_panel_norms(const ht_model *m, int columns, ht_chart *chart)
{
    (void)columns;
    const ht_report *r = &m->report;
    ht_scale scale = m->norms_log ? HT_SCALE_LOG : HT_SCALE_LINEAR;
    ht_text_copy(chart->title, sizeof chart->title, "Neuron norms ‖w‖, P(>x)");
    ht_text_copy(chart->hint, sizeof chart->hint, m->norms_log ? "log·log" : "linear");
    ht_text_copy(chart->empty, sizeof chart->empty, "the first look is on its way");
    chart->x = (ht_axis){.scale = scale, .low = 0.1, .high = 10, .label = "‖w‖"};
    chart->y = (ht_axis){.scale = scale, .low = m->norms_log ? 1e-3 : 0, .high = 1, .fixed = true};
    if (r->norms < 2) return;
    if (m->norms_log) chart->y.low = pow(10, floor(log10(r->norm_above[r->norms - 1]) + 1e-9));
    bool noisy = ht_params_get(&m->applied, HT_P_NOISE_TYPE) != HT_NOISE_NONE;
    if (m->norms_log && noisy) add_slope(r, chart, ht_params_get(&m->applied, HT_P_NOISE_ALPHA));
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_NORMS, "neurons", r->norms); /* over the slope */
    for (int i = 0; s && i < r->norms; i++) s->x[i] = r->norm[i], s->high[i] = r->norm_above[i];
    if (ht_params_get(&m->applied, HT_P_NOISE_TYPE) == HT_NOISE_SHARED)
        ht_text_copy(chart->note, sizeof chart->note, "shared noise: norms grow, the function need not");
    ht_chart_fit(chart);
}
