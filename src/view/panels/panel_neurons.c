/* panel_neurons.c - which neurons go and which stay: all of them in a strip under the pruning chart, and the
 * strongest survivors one by one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/panels/panels.h"
#include "chart/prune_chart.h"
#include "view/pruning.h"

/* The order that is shown: of the method that is read, if it takes whole neurons; else by norm. */
static ht_prune_method order_of(const ht_model *m)
{
    const ht_prune_look *lead = ht_pruning_lead(m);
    return lead->groups > 0 && lead->step == m->report.look[HT_PRUNE_NODE].step ? m->prune_lead
                                                                                : HT_PRUNE_NODE;
}

/* The fraction of the neurons that is gone at the cursor; 0 where the method takes none. */
static double gone_at(const ht_model *m)
{
    const ht_prune_look *look = &m->report.look[order_of(m)];
    const ht_prune_point *p = ht_pruning_at(look, ht_pruning_cursor(m), ht_pruning_by_weights(m));
    return p ? p->ratio : 0;
}

/* ---- the strip ---- */

/* Groups of neurons from .. to - 1 as bars. */
static void add_bars(const ht_prune_look *look, int from, int to, ht_role role, const char *name,
                     ht_chart *chart)
{
    ht_series *s = to > from ? ht_chart_add(chart, HT_MARK_BARS, role, name, to - from) : NULL;
    for (int i = 0; s && i <= s->count; i++) {
        s->x[i] = (double)(from + i) / look->groups;
        if (i < s->count) s->high[i] = (double)look->group[from + i];
    }
}

void ht_panel_strip(const ht_model *m, int columns, ht_chart *chart)
{
    ht_prune_method method = order_of(m);
    const ht_prune_look *look = &m->report.look[method];
    double cursor = gone_at(m);
    int gone = (int)lround(cursor * look->groups);
    (void)columns;
    ht_text_copy(chart->empty, sizeof chart->empty,
                 look->count > 0 ? "no neuron goes: prune.unit takes columns" : "measuring");
    snprintf(chart->title, sizeof chart->title, "Neurons by ‖w‖, %s",
             method == HT_PRUNE_RANDOM ? "in the order of the lot" : "weakest first");
    chart->x = (ht_axis){.low = 0, .high = 1, .fixed = true, .label = "fraction removed"};
    chart->y.scale = m->strip_log ? HT_SCALE_LOG : HT_SCALE_LINEAR;
    chart->gutter = 6;
    chart->unit = "‖w‖";
    if (look->groups == 0) return;
    add_bars(look, 0, gone, HT_ROLE_RAW, "removed", chart);
    add_bars(look, gone, look->groups, ht_prune_role(method), "kept", chart);
    ht_chart_fit(chart);
    chart->cursor_on = true;
    chart->cursor_x = cursor;
}

/* ---- the strongest, one by one ---- */

static int by_size(const void *a, const void *b)
{
    double x = fabs((double)*(const float *)a), y = fabs((double)*(const float *)b);
    return x < y ? -1 : x > y;
}

static double largest(const float *w, int count)
{
    double most = 0;
    for (int i = 0; i < count; i++) most = fmax(most, fabs((double)w[i]));
    return most;
}

/* The 98 % quantile of |w|: with heavy tails beside the largest weight all others would be pale. */
static double robust_scale(const float *w, int count)
{
    float sorted[HT_REPORT_INPUTS];
    memcpy(sorted, w, (size_t)count * sizeof *w);
    qsort(sorted, (size_t)count, sizeof *sorted, by_size);
    return fabs((double)sorted[(int)(0.98 * (count - 1))]);
}

void ht_panel_neurons(const ht_model *m, ht_gallery *g)
{
    const ht_strongest *s = &m->report.strongest;
    const ht_prune_look *look = &m->report.look[order_of(m)];
    bool pictures = m->picture_width > 0 && m->picture_width * m->picture_height == s->inputs;
    double gone = gone_at(m), most = 0;
    char largest_text[24];
    ht_text_copy(g->title, sizeof g->title, "Strongest kept neurons, incoming weights");
    ht_text_copy(g->empty, sizeof g->empty,
                 look->count == 0         ? "measuring"
                 : s->count && !s->inputs ? "too many inputs to draw"
                                          : "every neuron is removed here");
    g->width = pictures ? m->picture_width : s->inputs;
    g->height = pictures ? m->picture_height : 1;
    for (int i = 0; i < s->count && s->inputs && g->count < HT_GALLERY_ITEMS; i++) {
        if (look->goes[i] <= gone + 1e-9) continue;
        ht_gallery_item *item = &g->item[g->count++];
        item->value = s->weight[i];
        g->scale = fmax(g->scale, robust_scale(s->weight[i], s->inputs));
        most = fmax(most, largest(s->weight[i], s->inputs));
        snprintf(item->label, sizeof item->label, "‖w‖ %.3g", (double)s->norm[i]);
    }
    ht_format_short(largest_text, sizeof largest_text, most, 2);
    if (g->count && pictures)
        snprintf(g->note, sizeof g->note, "negative to positive; full colour from |w| = %.2g (largest: %.2g)",
                 g->scale, most);
    else if (g->count && most > g->scale)
        snprintf(g->note, sizeof g->note, "weight against input, ±%.2g; ▲▼ beyond, up to %s", g->scale,
                 largest_text);
    else if (g->count)
        snprintf(g->note, sizeof g->note, "weight against input, ±%.2g", g->scale);
}
