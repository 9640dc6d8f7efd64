/* model_words.c - what is told of a model in words and symbols. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/layers/layers.h"
#include "view/model.h"
#include "view/watched/watched.h"

const ht_param ht_model_controls[HT_CONTROLS] = {HT_P_NOISE_TYPE, HT_P_NOISE_ALPHA, HT_P_NOISE_SCALE,
                                                 HT_P_TRAIN_LR, HT_P_TRAIN_BATCH};

ht_param ht_model_edited(const ht_model *m)
{
    return m->view == HT_VIEW_SETTINGS ? m->settings.chosen : ht_model_controls[m->control];
}

const char *ht_model_symbol(ht_param p)
{
    switch (p) {
    case HT_P_NOISE_TYPE:
        return "noise";
    case HT_P_NOISE_ALPHA:
        return "α";
    case HT_P_NOISE_SCALE:
        return "σ";
    case HT_P_TRAIN_LR:
        return "η";
    case HT_P_TRAIN_BATCH:
        return "b";
    default:
        return strchr(ht_param_at(p)->key, '.') + 1;
    }
}

void ht_model_value(ht_param p, double value, char *to, size_t size)
{
    if (ht_param_at(p)->type == HT_TYPE_CHOICE)
        snprintf(to, size, "%s", ht_param_choice(p, (int)value));
    else if (ht_param_at(p)->type == HT_TYPE_INT)
        ht_format_grouped(to, size, (long long)value);
    else
        snprintf(to, size, "%.3g", value);
}

void ht_model_bound(double value, char *to, size_t size)
{
    if (value < 1000 || value >= 1e6)
        snprintf(to, size, "%.3g", value);
    else
        ht_format_short(to, size, value, 3);
}

void ht_model_noise(const ht_params *p, char *to, size_t size)
{
    int type = (int)ht_params_get(p, HT_P_NOISE_TYPE);
    if (type == HT_NOISE_NONE)
        snprintf(to, size, "no noise");
    else
        snprintf(to, size, "%s α %.3g σ %.3g", ht_param_choice(HT_P_NOISE_TYPE, type),
                 ht_params_get(p, HT_P_NOISE_ALPHA), ht_params_get(p, HT_P_NOISE_SCALE));
}

ht_params ht_model_params_at(const ht_model *m, double step)
{
    ht_params then = m->applied;
    for (int i = m->moment_count; i-- > 0 && m->moments[i].step > step;)
        ht_params_put(&then, m->moments[i].param, m->moments[i].before);
    return then;
}

bool ht_model_quiet(const ht_model *m)
{
    const ht_tail_look *tail = &m->report.tail;
    return (tail->looked ? tail->drawn : m->layer) == ht_params_quiet(&m->applied, NULL);
}

double ht_model_injected(const ht_model *m)
{
    return ht_params_get(&m->applied, HT_P_NOISE_TYPE) != HT_NOISE_NONE && !ht_model_quiet(m)
               ? ht_curve_last(&m->trace[HT_TRACE_ALPHA])
               : (double)NAN;
}

double ht_model_old_noise(const ht_model *m, double step)
{
    const double MEMORIES = 3;
    double type = ht_params_get(&m->applied, HT_P_NOISE_TYPE), last = (double)NAN,
           alpha = ht_params_get(&m->applied, HT_P_NOISE_ALPHA),
           fading = ht_params_get(&m->applied, HT_P_TRAIN_LR) * ht_params_get(&m->applied, HT_P_TRAIN_DECAY);
    for (int i = 0; i < m->moment_count; i++) {
        const ht_moment *moment = &m->moments[i];
        if ((moment->param == HT_P_NOISE_ALPHA && moment->before != alpha) ||
            (moment->param == HT_P_NOISE_TYPE && moment->before != HT_NOISE_NONE && moment->before != type))
            last = moment->step;
    }
    if (isnan(last)) return 0;
    return fading > 0 ? fmax(0, last + MEMORIES / fading - step) : (double)INFINITY;
}

bool ht_model_layer(const ht_model *m, char *to, size_t size)
{
    int layers = ht_layers_count(m), layer = m->report.tail.looked ? m->report.tail.layer : m->layer;
    char name[24];
    to[0] = '\0';
    if (layers < 2) return false;
    ht_layers_name(m, layer, name, sizeof name);
    if (layer == HT_ALL_LAYERS)
        snprintf(to, size, ", median of %d layers", layers);
    else
        snprintf(to, size, ", %s", name);
    return true;
}

ht_model_kappa ht_model_kappa_of(const ht_report *r)
{
    const ht_glimpse *g = &r->glimpse;
    const ht_prune_look *look = &r->look[r->method];
    if (g->count > 0 && g->kappa.units > 0 && g->step >= look->step)
        return (ht_model_kappa){(double)g->kappa.removed / g->kappa.units, g->seconds, g->step};
    if (r->count > 0 && look->count > 0) return (ht_model_kappa){r->pruned.ratio, look->seconds, look->step};
    return (ht_model_kappa){(double)NAN, 0, 0};
}

void ht_model_when(const ht_model *m, uint64_t step, double seconds, char *to, size_t size)
{
    char number[24];
    double age = m->step > step && !m->frozen ? m->seconds - seconds : 0; /* a frozen view stands still */
    ht_format_grouped(number, sizeof number, (long long)step);
    if (age > 1)
        snprintf(to, size, "step %s, %.0f s ago", number, age);
    else
        snprintf(to, size, "step %s", number);
}

const char *ht_model_error_symbol(const ht_report *r)
{
    ht_prune_metric metric =
        r->glimpse.count > 0 && r->glimpse.kappa.units > 0 ? r->glimpse.metric : r->metric;
    return metric == HT_FRO ? "ε" : "ε²";
}

const char *ht_model_waits(const ht_model *m)
{
    if (m->watched) return ht_watched_waits(m->watched, true);
    return m->opening                     ? "opening; training starts by itself"
           : m->lesson.open               ? "the lesson starts training"
           : m->state == HT_STATE_RUNNING ? "the first steps"
                                          : "Space starts training";
}

const char *ht_model_measuring(const ht_model *m)
{
    return m->watched ? ht_watched_waits(m->watched, false) : "measuring";
}
