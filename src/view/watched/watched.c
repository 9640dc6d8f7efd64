#include "view/watched/watched.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- keys ---- */

#define NOT_OURS "the training is another program's: it is watched, not led"

const char *ht_watched_refusal(const ht_model *m, ht_action action)
{
    if (!m->watched) return NULL;
    switch (action) {
    case HT_DO_PAUSE:
        return m->view == HT_VIEW_RUNS ? NULL : NOT_OURS "; f freezes the view";
    case HT_DO_STEP:
    case HT_DO_RESET:
    case HT_DO_RESEED:
    case HT_DO_UP:
    case HT_DO_DOWN:
    case HT_DO_LESS:
    case HT_DO_MORE:
    case HT_DO_MUCH_LESS:
    case HT_DO_MUCH_MORE:
    case HT_DO_TYPE:
    case HT_DO_NOISE:
    case HT_DO_UNDO:
    case HT_DO_REDO:
    case HT_DO_PRUNE:
    case HT_DO_PRUNE_KEEP:
    case HT_DO_UNMASK:
    case HT_DO_TIMELINE:
    case HT_DO_PANEL_7:
        return NOT_OURS;
    case HT_DO_SETTING:
    case HT_DO_SETTINGS:
        return "settings of a watched training are given at the start, as --set prune.error=0.05; T and A "
               "change "
               "the looks";
    case HT_DO_EFFORT:
        return "every state of the weights is looked at as soon as it is there; there is no effort to choose";
    case HT_DO_WIDTH:
    case HT_DO_COMPARE:
    case HT_DO_LESSON:
    case HT_DO_RUNS:
        return "that view needs a training of the lab's own: heavytail without watch; several PATHs lie "
               "beside "
               "each other here";
    case HT_DO_LABEL:
        return "labels are kept with a run of the lab's own; here is none";
    case HT_DO_PRUNING:
        return m->watched->samples
                   ? NULL
                   : "pruning curves need samples and the network's layers: --data and --layers; "
                     "κ by the norms needs none";
    case HT_DO_GO:
        return m->view == HT_VIEW_PRUNING ? "the curve is of all samples already" : NULL;
    default:
        return NULL;
    }
}

/* ---- metrics ---- */

static bool has(const char *name, const char *word)
{
    return strcasestr(name, word) != NULL;
}

static bool is_of_test(const char *name)
{
    return has(name, "test") || has(name, "val") || has(name, "eval") || has(name, "dev");
}

int ht_watched_column(const ht_scalars *s, ht_trace trace)
{
    bool test = trace == HT_TRACE_TEST_LOSS || trace == HT_TRACE_TEST_ACCURACY,
         loss = trace == HT_TRACE_LOSS || trace == HT_TRACE_TEST_LOSS;
    for (int k = 0; s && k < s->columns; k++)
        if (has(s->name[k], loss ? "loss" : "acc") && is_of_test(s->name[k]) == test) return k;
    return -1;
}

static bool has_chart(const ht_scalars *s, int column)
{
    return ht_watched_column(s, HT_TRACE_LOSS) == column ||
           ht_watched_column(s, HT_TRACE_TEST_LOSS) == column ||
           ht_watched_column(s, HT_TRACE_ACCURACY) == column ||
           ht_watched_column(s, HT_TRACE_TEST_ACCURACY) == column;
}

bool ht_watched_has_metrics(const ht_model *m)
{
    const ht_scalars *s = m->watched ? m->watched->scalars : NULL;
    for (int k = 0; s && k < s->columns; k++)
        if (!has_chart(s, k)) return true;
    return false;
}

unsigned ht_watched_idle(const ht_model *m)
{
    const ht_watched *w = m->watched;
    if (!w) return 0;
    bool accuracy = w->samples || ht_watched_column(w->scalars, HT_TRACE_ACCURACY) >= 0 ||
                    ht_watched_column(w->scalars, HT_TRACE_TEST_ACCURACY) >= 0,
         loss = !w->look || w->samples || ht_watched_column(w->scalars, HT_TRACE_LOSS) >= 0 ||
                ht_watched_column(w->scalars, HT_TRACE_TEST_LOSS) >= 0;
    return 1u << HT_PANEL_CONTROLS | (w->samples ? 0 : 1u << HT_PANEL_PRUNING) |
           (accuracy ? 0 : 1u << HT_PANEL_ACCURACY) | (loss ? 0 : 1u << HT_PANEL_LOSS);
}

/* ---- layers ---- */

int ht_watched_layers(const ht_watched *w)
{
    return w->history && w->history->layers > 1 ? w->history->layers - 1 : 0;
}

const ht_layer_look *ht_watched_layer(const ht_watched *w, int layer)
{
    if (!w->look || !w->history || layer >= ht_watched_layers(w)) return NULL;
    if (layer < 0) return &w->look->all;
    const char *name = w->history->layer[layer + 1];
    if ((size_t)layer < w->look->count && strcmp(w->look->layer[layer].name, name) == 0)
        return &w->look->layer[layer];
    for (size_t i = 0; i < w->look->count; i++)
        if (strcmp(w->look->layer[i].name, name) == 0) return &w->look->layer[i];
    return NULL;
}

void ht_watched_layer_name(const ht_watched *w, int layer, char *to, size_t size)
{
    if (layer < 0 || layer >= ht_watched_layers(w))
        snprintf(to, size, "all %d layers", ht_watched_layers(w));
    else
        ht_text_copy(to, size, w->history->layer[layer + 1]);
}

const char *ht_watched_verdict(const ht_watched *w, int layer, ht_estimator e, double step)
{
    const ht_history_run *run = w->history ? ht_history_now(w->history) : NULL;
    const ht_history_look *near = NULL;
    for (size_t i = 0; run && i < run->count; i++)
        if (!near || fabs(run->look[i].step - step) <= fabs(near->step - step)) near = &run->look[i];
    double verdict = near ? ht_history_value(near, layer + 1, HT_MEASURE_TAIL_VERDICT + (int)e) : (double)NAN;
    return isnan(verdict) ? "" : ht_quality_word((ht_quality)verdict);
}

int ht_watched_drawn(const ht_model *m, int most, int *layer)
{
    const ht_watched *w = m->watched;
    int count = 0;
    if (m->layer >= 0 && m->layer < ht_watched_layers(w)) layer[count++] = m->layer;
    for (int i = 0; i < w->largest_count && count < most; i++)
        if (w->largest[i] != m->layer) layer[count++] = w->largest[i];
    for (int i = 1; i < count; i++) /* in the order of the file */
        for (int k = i; k > 0 && layer[k] < layer[k - 1]; k--) {
            int swapped = layer[k];
            layer[k] = layer[k - 1];
            layer[k - 1] = swapped;
        }
    return count;
}

/* ---- words ---- */

const char *ht_watched_waits(const ht_watched *w, bool metrics)
{
    if (metrics) return w->look ? "no metrics beside the weights" : "waiting for metrics (CSV, JSON lines)";
    return w->scalars ? "metrics alone so far; waiting for weights"
                      : "waiting for weights (.safetensors, .npy)";
}
