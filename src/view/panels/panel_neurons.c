/* panel_neurons.c - which units of the picked layer go and which stay: all of them in a strip under the
 * pruning chart, and the strongest one by one: neurons that stay, filters with those that go. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/layers/layers.h"
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

/* The layer whose units are shown: of all layers the first. */
static int layer_of(const ht_model *m)
{
    return m->report.strongest.layer;
}

/* The fraction of its units that is gone at the cursor; 0 where the method takes none. On κ each layer loses
 * a share of its own, else all the same. */
static double gone_at(const ht_model *m)
{
    const ht_prune_look *look = &m->report.look[order_of(m)];
    const ht_glimpse *g = &m->report.glimpse;
    const ht_glimpse_layer *own = &g->of[layer_of(m)];
    bool kappa = g->kappa.units > 0 || own->removed > 0; /* of the settings */
    if (!ht_layers_has_units(m, layer_of(m))) return 0;
    if (m->prune_cursor < 0 && g->layers > 1 && kappa && own->units > 0 && look->count > 0)
        return (double)own->removed / own->units;
    const ht_prune_point *p = ht_pruning_under(m, look);
    return p ? p->ratio : 0;
}

/* "Neurons", "Filters" */
static void name_units(const ht_model *m, char *to, size_t size)
{
    ht_text_copy(to, size, ht_layers_units(m, layer_of(m)));
    to[0] = (char)toupper((unsigned char)to[0]);
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
    char what[64], capital[16];
    name_units(m, capital, sizeof capital);
    ht_text_copy(chart->empty, sizeof chart->empty,
                 look->count > 0 ? "no neuron goes: prune.unit takes columns" : "measuring");
    bool units = ht_layers_has_units(m, layer_of(m));
    if (!units)
        ht_text_copy(chart->empty, sizeof chart->empty,
                     "rows of this layer are no units: heads go as a whole, what a residual adds stays");
    snprintf(what, sizeof what, "%s by ‖w‖, %s", capital,
             method == HT_PRUNE_RANDOM ? "in the order of the lot" : "weakest first");
    ht_layers_title(m, what, layer_of(m), columns, chart);
    chart->x = (ht_axis){.low = 0, .high = 1, .fixed = true, .label = "fraction removed"};
    chart->y.scale = m->strip_log ? HT_SCALE_LOG : HT_SCALE_LINEAR;
    chart->gutter = 6;
    chart->unit = "‖w‖";
    if (look->groups == 0 || !units) return;
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

/* Neurons that stay, and all filters; each with its picture. Returns the largest |value|. */
static double add_items(const ht_model *m, ht_gallery *g)
{
    const ht_strongest *s = &m->report.strongest;
    const ht_prune_look *look = &m->report.look[order_of(m)];
    bool filters = s->drawn != HT_DRAWN_WEIGHTS;
    double gone = gone_at(m), most = 0;
    for (int i = 0; i < s->count && s->values && g->count < HT_GALLERY_ITEMS; i++) {
        bool goes = look->goes[i] <= gone + 1e-9;
        if (goes && !filters) continue;
        ht_gallery_item *item = &g->item[g->count++];
        item->value = s->value + (size_t)i * (size_t)s->values;
        item->gone = goes;
        g->scale = fmax(g->scale, robust_scale(item->value, s->values));
        most = fmax(most, largest(item->value, s->values));
        snprintf(item->label, sizeof item->label, filters ? "%s%.2g" : "%s%.3g",
                 goes      ? "×"
                 : filters ? ""
                           : "‖w‖ ",
                 (double)s->norm[i]);
    }
    return most;
}

/* What the colours say, and how strong the strongest is. */
static void note_filters(const ht_strongest *s, ht_gallery *g, double most)
{
    static const char *const said[] = {[HT_DRAWN_KERNEL] = "negative to positive, full colour from |w| =",
                                       [HT_DRAWN_COLOURS] = "red, green, blue about grey, full from |w| =",
                                       [HT_DRAWN_NORMS] = "norm over the channels, brightest from"};
    snprintf(g->note, sizeof g->note, "under each ‖w‖, × pruned; %s %.2g (largest %.2g)", said[s->drawn],
             g->scale, most);
}

static void note_weights(ht_gallery *g, double most)
{
    char largest_text[24];
    ht_format_short(largest_text, sizeof largest_text, most, 2);
    if (g->kind != HT_GALLERY_CURVES)
        snprintf(g->note, sizeof g->note, "negative to positive; full colour from |w| = %.2g (largest: %.2g)",
                 g->scale, most);
    else if (most > g->scale)
        snprintf(g->note, sizeof g->note, "weight against input, ±%.2g; ▲▼ beyond, up to %s", g->scale,
                 largest_text);
    else
        snprintf(g->note, sizeof g->note, "weight against input, ±%.2g", g->scale);
}

/* Neurons of the first layer of pictures in grey are pictures themselves. */
static void shape_items(const ht_model *m, ht_gallery *g)
{
    static const ht_gallery_kind kinds[] = {[HT_DRAWN_WEIGHTS] = HT_GALLERY_CURVES,
                                            [HT_DRAWN_KERNEL] = HT_GALLERY_SIGNED,
                                            [HT_DRAWN_COLOURS] = HT_GALLERY_COLOURS,
                                            [HT_DRAWN_NORMS] = HT_GALLERY_SIZES};
    const ht_strongest *s = &m->report.strongest;
    bool pictures = s->drawn == HT_DRAWN_WEIGHTS && s->layer == 0 && m->picture_width > 0 &&
                    m->picture_width * m->picture_height == s->values;
    g->kind = pictures ? HT_GALLERY_SIGNED : kinds[s->drawn];
    g->width = pictures ? m->picture_width : s->drawn == HT_DRAWN_WEIGHTS ? s->values : s->width;
    g->height = pictures ? m->picture_height : s->drawn == HT_DRAWN_WEIGHTS ? 1 : s->height;
}

void ht_panel_neurons(const ht_model *m, ht_gallery *g)
{
    const ht_strongest *s = &m->report.strongest;
    char name[24];
    bool filters = s->drawn != HT_DRAWN_WEIGHTS;
    ht_layers_name(m, s->layer, name, sizeof name);
    if (filters && s->count < s->of)
        snprintf(g->title, sizeof g->title, "Filters of %s: the strongest %d of %d", name, s->count, s->of);
    else if (filters)
        snprintf(g->title, sizeof g->title, "Filters of %s, strongest first", name);
    else
        snprintf(g->title, sizeof g->title, "Strongest kept neurons%s%s, incoming weights",
                 s->layer > 0 ? " of " : "", s->layer > 0 ? name : "");
    bool measured = m->report.look[order_of(m)].count > 0;
    ht_text_copy(g->empty, sizeof g->empty,
                 !measured                ? "measuring"
                 : s->count && !s->values ? "too many inputs to draw"
                                          : "every neuron is removed here");
    shape_items(m, g);
    double most = measured ? add_items(m, g) : 0;
    if (g->count == 0) return;
    if (filters)
        note_filters(s, g, most);
    else
        note_weights(g, most);
}
