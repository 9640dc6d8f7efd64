#include "view/layers/layers.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "view/watched/watched.h"

/* As the network has them, projections of residuals too; until something was seen of it, as the settings say.
 */
static int layers_of(const ht_model *m, ht_glimpse_layer of[HT_HIDDEN_MAX])
{
    ht_layer_item items[HT_PARAM_LAYERS];
    const ht_glimpse *g = &m->report.glimpse;
    int count = 0;
    if (g->layers > 0) {
        memcpy(of, g->of, (size_t)g->layers * sizeof *of);
        return g->layers;
    }
    int items_count = ht_params_layers(&m->applied, items);
    for (int i = 0; i < items_count && count < HT_HIDDEN_MAX; i++)
        if (items[i].units > 0)
            of[count++] = (ht_glimpse_layer){.units = items[i].units,
                                             .window = {items[i].window[0], items[i].window[1]}};
    return count;
}

int ht_layers_count(const ht_model *m)
{
    ht_glimpse_layer of[HT_HIDDEN_MAX];
    int count = m->watched ? ht_watched_layers(m->watched) : layers_of(m, of);
    return count > 0 ? count : 1;
}

int ht_layers_beside(const ht_model *m, int layer, int direction)
{
    int all = ht_layers_count(m) + 1, place = layer == HT_ALL_LAYERS ? 0 : layer + 1;
    int there = (place + direction + all) % all;
    return there == 0 ? HT_ALL_LAYERS : there - 1;
}

static bool is_conv(const ht_glimpse_layer *layer)
{
    return layer->window[0] > 0;
}

static bool is_qkv(const ht_glimpse_layer *layer)
{
    return layer->heads > 0 && layer->units == 3 * layer->columns;
}

/* Which attention this matrix is of, from 1. */
static int attentions(const ht_glimpse_layer *of, int layer)
{
    int count = 0;
    for (int l = 0; l <= layer; l++) count += is_qkv(&of[l]);
    return count;
}

void ht_layers_name(const ht_model *m, int layer, char *to, size_t size)
{
    ht_glimpse_layer of[HT_HIDDEN_MAX];
    if (m->watched) {
        ht_watched_layer_name(m->watched, layer, to, size);
        return;
    }
    int count = layers_of(m, of);
    if (layer == HT_ALL_LAYERS || layer >= count)
        snprintf(to, size, "all %d layers", count);
    else if (of[layer].heads > 0)
        snprintf(to, size, "attention %d %s", attentions(of, layer), is_qkv(&of[layer]) ? "qkv" : "out");
    else
        snprintf(to, size, "%s %d", is_conv(&of[layer]) ? "conv" : "dense", layer + 1);
}

/* "fc1.weight: 300 rows of 784". */
static void say_watched(const ht_watched *w, int layer, char *to, size_t size)
{
    const ht_layer_look *l = layer < 0 ? NULL : ht_watched_layer(w, layer);
    char name[HT_LOOK_NAME], rows[24], columns[24];
    ht_watched_layer_name(w, layer, name, sizeof name);
    ht_text_copy(to, size, name);
    if (!l) return;
    ht_format_grouped(rows, sizeof rows, (long long)l->rows);
    ht_format_grouped(columns, sizeof columns, (long long)l->columns);
    size_t used = strlen(to);
    if (used + strlen(rows) + strlen(columns) + sizeof ":  rows of " <= size)
        snprintf(to + used, size - used, ": %s rows of %s", rows, columns);
}

void ht_layers_say(const ht_model *m, int layer, char *to, size_t size)
{
    ht_glimpse_layer of[HT_HIDDEN_MAX];
    if (m->watched) {
        say_watched(m->watched, layer, to, size);
        return;
    }
    int count = layers_of(m, of);
    char name[40], units[24], columns[24];
    ht_layers_name(m, layer, name, sizeof name);
    if (layer == HT_ALL_LAYERS || layer >= count || of[layer].columns == 0) {
        ht_text_copy(to, size, name);
        return;
    }
    const ht_glimpse_layer *l = &of[layer];
    ht_format_grouped(units, sizeof units, l->units);
    ht_format_grouped(columns, sizeof columns, l->columns);
    if (is_conv(l))
        snprintf(to, size, "%s: %s filters of %d×%d×%d", name, units,
                 l->columns / (l->window[0] * l->window[1]), l->window[0], l->window[1]);
    else if (is_qkv(l))
        snprintf(to, size, "%s: %d heads, %s rows of %s", name, l->heads, units, columns);
    else
        snprintf(to, size, "%s: %s %s of %s%s", name, units, l->no_units ? "rows" : "neurons", columns,
                 l->no_units ? "" : " inputs");
}

bool ht_layers_has_units(const ht_model *m, int layer)
{
    const ht_glimpse *g = &m->report.glimpse;
    return m->watched || layer < 0 || layer >= g->layers || !g->of[layer].no_units;
}

/* 0 neurons, 1 filters, 2 both, 3 rows: of attention, of what a residual adds, of a file that says neither.
 */
static int kind_of_units(const ht_model *m, int layer)
{
    ht_glimpse_layer of[HT_HIDDEN_MAX];
    if (m->watched) return 3;
    int count = layers_of(m, of), convs = 0;
    if (layer != HT_ALL_LAYERS && layer < count) return of[layer].no_units ? 3 : is_conv(&of[layer]);
    for (int l = 0; l < count; l++)
        if (of[l].heads > 0) return 3;
    for (int l = 0; l < count; l++) convs += is_conv(&of[l]);
    return convs == 0 ? 0 : convs == count ? 1 : 2;
}

const char *ht_layers_units(const ht_model *m, int layer)
{
    return ht_layers_of_units(m, layer) + strlen("of the ");
}

const char *ht_layers_of_units(const ht_model *m, int layer)
{
    static const char *const words[] = {"of the neurons", "of the filters", "of the units", "of the rows"};
    return words[kind_of_units(m, layer)];
}

void ht_layers_title(const ht_model *m, const char *what, int layer, int subcells, ht_chart *chart)
{
    enum { BESIDE = 16 }; /* frame, hint */
    char name[40], words[80];
    ht_layers_name(m, layer, name, sizeof name);
    ht_layers_say(m, layer, words, sizeof words);
    if (ht_layers_count(m) < 2) {
        ht_text_copy(chart->title, sizeof chart->title, what);
        return;
    }
    double taken = ht_chart_measure(chart, what) + ht_chart_measure(chart, words) + BESIDE;
    bool room =
        taken <= ht_chart_columns(chart, subcells) && strlen(what) + strlen(words) + 3 < sizeof chart->title;
    snprintf(chart->title, sizeof chart->title, "%s, %s", what, room ? words : name);
}

int ht_layers_shown(const ht_model *m)
{
    bool known = m->report.glimpse.count > 0;
    if (m->watched) return m->layer;
    return known ? m->report.glimpse.layer : ht_layer_picked(m->layer, ht_layers_count(m));
}

bool ht_layers_noisy(const ht_model *m, int layer)
{
    return ht_params_get(&m->applied, HT_P_NOISE_TYPE) != HT_NOISE_NONE &&
           layer != ht_params_quiet(&m->applied, NULL);
}

int ht_layers_at(const ht_model *m, int column)
{
    static const char arrow[] = "→";
    int arrows = 0, before = 0, at = 0, count = ht_layers_count(m);
    for (const char *c = m->shape; *c; c++) {
        bool one = strncmp(c, arrow, sizeof arrow - 1) == 0;
        if (((unsigned char)*c & 0xc0) == 0x80) continue;
        arrows += one;
        if (at++ < column) before += one;
    }
    if (arrows != count + 1) return ht_layers_beside(m, m->layer, 1);
    return before == 0 || before > count ? HT_ALL_LAYERS : before - 1;
}
