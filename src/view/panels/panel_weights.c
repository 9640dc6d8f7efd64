/* panel_weights.c - the weights of the picked layer, or of all: histogram of |w|, and P(‖w‖ > x) of the
 * units. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/ghost.h"
#include "view/layers/layers.h"
#include "view/panels/panels.h"

enum { LINEAR_BINS = 48 };

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

/* Bins of the histogram as it is drawn: `count` of them, number i from edge[i] to edge[i + 1]. */
enum { BINS_MAX = HT_HISTOGRAM_COARSE };
typedef struct bins {
    int count;
    bool log;
    double edge[BINS_MAX + 1];
} bins;

/* The coarse bins that hold all but the 0.1 % smallest, which would stretch the axis by decades. */
static void log_range(const ht_histogram *h, int *first, int *last)
{
    double below = (double)h->below, total = (double)h->total;
    int from = 0, to = BINS_MAX;
    while (from < to &&
           below + range_count(h, ht_histogram_coarse(from), ht_histogram_coarse(from + 1)) < 1e-3 * total)
        below += range_count(h, ht_histogram_coarse(from), ht_histogram_coarse(from + 1)), from++;
    while (to > from && range_count(h, ht_histogram_coarse(to - 1), ht_histogram_coarse(to)) == 0) to--;
    if (from == to) return;
    *first = from < *first ? from : *first;
    *last = to > *last ? to : *last;
}

/* Where all but the 0.1 % largest end. */
static double linear_range(const ht_histogram *h)
{
    int top = 0;
    double seen = (double)h->below, total = (double)h->total;
    while (top < HT_HISTOGRAM_BINS && seen < 0.999 * total) seen += h->count[top++];
    return ht_histogram_edge(top);
}

/* What a ghost has of the same layer; NULL. */
static const ht_glimpse *ghost_of(const ht_model *m, int i)
{
    const ht_glimpse *g = &m->ghost[i]->report.glimpse;
    return g->count > 0 && g->layer == m->report.glimpse.layer ? g : NULL;
}

/* Bins that show this run and its ghosts. */
static void choose_bins(const ht_model *m, bins *b)
{
    const ht_histogram *h = &m->report.glimpse.histogram;
    int first = BINS_MAX, last = 0;
    double high = linear_range(h);
    log_range(h, &first, &last);
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_glimpse *g = ghost_of(m, i);
        if (!g) continue;
        log_range(&g->histogram, &first, &last);
        high = fmax(high, linear_range(&g->histogram));
    }
    b->log = m->weights_log_x;
    b->count = !b->log ? LINEAR_BINS : first < last ? last - first : 0;
    for (int i = 0; i <= b->count; i++)
        b->edge[i] = b->log ? ht_histogram_edge(ht_histogram_coarse(first + i)) : high / LINEAR_BINS * i;
}

/* Counts on the drawn bins. On linear ones, a fine bin's weights are spread evenly over it. */
static void count_bins(const ht_histogram *h, const bins *b, double *count)
{
    memset(count, 0, (size_t)b->count * sizeof *count);
    if (b->count == 0) return;
    if (!b->log) count[0] = (double)h->below;
    for (int i = 0, at = 0; i < HT_HISTOGRAM_BINS; i++) {
        double from = ht_histogram_edge(i), to = ht_histogram_edge(i + 1);
        while (at + 1 < b->count && b->edge[at + 1] <= from) at++;
        for (int k = at; k < b->count && b->edge[k] < to; k++) {
            double overlap = fmin(to, b->edge[k + 1]) - fmax(from, b->edge[k]);
            if (overlap > 0) count[k] += h->count[i] * overlap / (to - from);
        }
    }
}

/* The bars of this run, and what lies beyond them. */
static void add_bars(const ht_histogram *h, const bins *b, ht_chart *chart)
{
    ht_series *s = ht_chart_add(chart, HT_MARK_BARS, HT_ROLE_WEIGHTS, "", b->count);
    double shown = 0, below = 0, total = (double)h->total;
    if (!s || b->count == 0) return;
    memcpy(s->x, b->edge, (size_t)(b->count + 1) * sizeof *s->x);
    count_bins(h, b, s->high);
    for (int i = 0; i < b->count; i++) shown += s->high[i];
    for (int i = 0; i < HT_HISTOGRAM_BINS && ht_histogram_edge(i + 1) <= b->edge[0]; i++)
        below += h->count[i];
    if (b->log) below += (double)h->below;
    chart->x.low = s->x[0];
    chart->x.high = s->x[b->count];
    count_left_out(chart, below, "are smaller");
    count_left_out(chart, round(total - below - shown), "are larger"); /* the more telling of the two */
}

/* The outline of an earlier run's bars, over the bins that hold something. */
static void add_ghosts(const ht_model *m, const bins *b, int columns, ht_chart *chart)
{
    double count[BINS_MAX];
    for (int i = 0; i < m->ghost_count; i++) {
        const ht_glimpse *r = ghost_of(m, i);
        ht_series *s = ht_ghost_add(m, chart, i, columns, r ? b->count : 0);
        if (!r || !s || s->count == 0) continue;
        count_bins(&r->histogram, b, count);
        s->count = 0;
        for (int k = 0; k < b->count; k++) {
            if (count[k] <= 0) continue;
            s->x[s->count] = b->log ? sqrt(b->edge[k] * b->edge[k + 1]) : (b->edge[k] + b->edge[k + 1]) / 2;
            s->high[s->count++] = count[k];
        }
    }
}

void ht_panel_weights(const ht_model *m, int columns, ht_chart *chart)
{
    static const char *const scales[2][2] = {{"linear", "log y"}, {"log x", "log·log"}};
    ht_layers_title(m, "Weights |w|", ht_layers_shown(m), columns, chart);
    ht_text_copy(chart->hint, sizeof chart->hint, scales[m->weights_log_x][m->weights_log_y]);
    ht_text_copy(chart->empty, sizeof chart->empty, ht_model_measuring(m));
    chart->unit = "weights";
    chart->x = (ht_axis){.scale = m->weights_log_x ? HT_SCALE_LOG : HT_SCALE_LINEAR,
                         .low = 1e-3,
                         .high = 1,
                         .fixed = true,
                         .label = "|w|"};
    chart->y = (ht_axis){
        .scale = m->weights_log_y ? HT_SCALE_LOG : HT_SCALE_LINEAR, .low = 1, .high = 10, .label = "count"};
    if (m->report.glimpse.count == 0) return;
    ht_text_copy(chart->empty, sizeof chart->empty, "no weight has a size that the axis can show");
    bins b;
    choose_bins(m, &b);
    add_bars(&m->report.glimpse.histogram, &b, chart);
    add_ghosts(m, &b, columns, chart);
    ht_panel_say_when(m, m->report.glimpse.step, m->report.glimpse.seconds, chart);
    ht_chart_fit(chart);
    chart->y.low = m->weights_log_y ? 0.7 : 0; /* a single weight still has a bar */
}

/* The line a power law of this index would follow, through the point where 5 % of the neurons lie above. */
static void add_slope(const ht_glimpse *r, ht_chart *chart, double alpha)
{
    int at = 0;
    while (at + 1 < r->norms && r->norm_above[at] > 0.05) at++;
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_NOISE, "slope -α", 2);
    if (!s) return;
    s->dash = HT_DOTTED;
    snprintf(s->value, sizeof s->value, "%.3g", -alpha);
    double end = r->norm_above[r->norms - 1];
    s->x[0] = r->norm[at];
    s->high[0] = r->norm_above[at];
    s->x[1] = r->norm[at] * pow(r->norm_above[at] / end, 1 / alpha);
    s->high[1] = end;
}

static void add_norms(ht_series *s, const ht_glimpse *r)
{
    for (int i = 0; s && i < r->norms; i++) s->x[i] = r->norm[i], s->high[i] = r->norm_above[i];
}

/* "Neuron norms", "Filter norms", of both "Unit norms". */
static void name_norms(const ht_model *m, int layer, int columns, ht_chart *chart)
{
    char what[40];
    const char *units = ht_layers_units(m, layer);
    snprintf(what, sizeof what, "%c%.*s norms ‖w‖, P(>x)", toupper((unsigned char)units[0]),
             (int)strlen(units) - 2, units + 1);
    ht_layers_title(m, what, layer, columns, chart);
}

void ht_panel_norms(const ht_model *m, int columns, ht_chart *chart)
{
    const ht_glimpse *r = &m->report.glimpse;
    const int layer = ht_layers_shown(m);
    ht_scale scale = m->norms_log ? HT_SCALE_LOG : HT_SCALE_LINEAR;
    name_norms(m, layer, columns, chart);
    ht_text_copy(chart->hint, sizeof chart->hint, m->norms_log ? "log·log" : "linear");
    ht_text_copy(chart->empty, sizeof chart->empty, ht_model_measuring(m));
    chart->unit = ht_layers_of_units(m, layer);
    chart->x = (ht_axis){.scale = scale, .low = 0.1, .high = 10, .label = "‖w‖"};
    chart->y = (ht_axis){.scale = scale, .low = m->norms_log ? 1e-3 : 0, .high = 1, .fixed = true};
    if (r->norms < 2) return;
    if (m->norms_log) chart->y.low = pow(10, floor(log10(r->norm_above[r->norms - 1]) + 1e-9));
    /* Norms of several layers follow no line. */
    if (m->norms_log && layer != HT_ALL_LAYERS && ht_layers_noisy(m, layer))
        add_slope(r, chart, ht_params_get(&m->applied, HT_P_NOISE_ALPHA));
    for (int i = 0; i < m->ghost_count; i++)
        add_norms(ht_ghost_add(m, chart, i, columns, ghost_of(m, i) ? ghost_of(m, i)->norms : 0),
                  &m->ghost[i]->report.glimpse);
    ht_series *s = ht_chart_add(chart, HT_MARK_LINE, HT_ROLE_NORMS, ht_layers_units(m, layer),
                                r->norms); /* over the slope */
    add_norms(s, r);
    if (ht_params_get(&m->applied, HT_P_NOISE_TYPE) == HT_NOISE_SHARED)
        ht_text_copy(chart->note, sizeof chart->note, "shared noise: norms grow, the function need not");
    ht_panel_say_when(m, r->step, r->seconds, chart);
    ht_chart_fit(chart);
}
