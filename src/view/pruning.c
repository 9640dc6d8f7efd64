#include "view/pruning.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "chart/prune_chart.h"
#include "view/layers/layers.h"

unsigned ht_pruning_shown(const ht_model *m)
{
    return m->prune_shown | 1u << m->prune_lead;
}

ht_prune_axis ht_pruning_axis(const ht_model *m)
{
    unsigned shown = ht_pruning_shown(m);
    return shown & (shown - 1) ? ht_prune_axis_of(&m->applied) : HT_BY_UNITS;
}

/* The shown method after (1) or before (-1) this one; itself if there is no other. */
static ht_prune_method neighbour(const ht_model *m, ht_prune_method method, int direction)
{
    int i = (int)method;
    do i = (i + direction + HT_PRUNE_METHODS) % HT_PRUNE_METHODS;
    while (i != (int)method && !(m->prune_shown >> i & 1));
    return (ht_prune_method)i;
}

static void lead_with(ht_model *m, ht_prune_method method)
{
    m->prune_lead = method;
    m->prune_timed = (double)NAN;
}

void ht_pruning_choose(ht_model *m, ht_prune_method method)
{
    unsigned bit = 1u << method, others = ht_pruning_shown(m) & ~bit;
    m->prune_shown = ht_pruning_shown(m) | bit;
    if (method != m->prune_lead) {
        lead_with(m, method);
    } else if (others) {
        lead_with(m, neighbour(m, method, 1));
        m->prune_shown = others;
    }
}

void ht_pruning_next(ht_model *m, int direction)
{
    m->prune_shown = ht_pruning_shown(m);
    lead_with(m, neighbour(m, m->prune_lead, direction));
}

const ht_prune_look *ht_pruning_lead(const ht_model *m)
{
    return &m->report.look[m->prune_lead];
}

const ht_prune_point *ht_pruning_at(const ht_prune_look *look, double x, ht_prune_axis axis)
{
    if (look->count == 0) return NULL;
    int i = 0;
    while (i + 1 < look->count && ht_prune_x(&look->points[i + 1], axis) <= x + 1e-9) i++;
    return &look->points[i];
}

const ht_prune_point *ht_pruning_under(const ht_model *m, const ht_prune_look *look)
{
    bool kappa = m->prune_cursor < 0 && look == ht_pruning_lead(m) && look->count > 0;
    return kappa ? &look->at : ht_pruning_at(look, ht_pruning_cursor(m), ht_pruning_axis(m));
}

double ht_pruning_cursor(const ht_model *m)
{
    const ht_prune_look *look = ht_pruning_lead(m);
    if (m->prune_cursor >= 0) return m->prune_cursor;
    if (look->count == 0) look = &m->report.look[HT_PRUNE_NODE]; /* until there is one */
    return look->count ? ht_prune_x(&look->at, ht_pruning_axis(m)) : 0;
}

/* The x of the point beside the one at x; x itself at the ends. */
static double beside(const ht_prune_look *look, double x, int direction, ht_prune_axis axis)
{
    int at = (int)(ht_pruning_at(look, x, axis) - look->points);
    for (int i = at; i >= 0 && i < look->count; i += direction) {
        double there = ht_prune_x(&look->points[i], axis);
        if (direction * (there - x) > 1e-9) return there;
    }
    return x;
}

void ht_pruning_move(ht_model *m, int direction, bool far)
{
    const double STEP = 0.005, FAR = 0.05;
    const ht_prune_look *look = ht_pruning_lead(m);
    ht_prune_axis axis = ht_pruning_axis(m);
    double from = ht_pruning_cursor(m), to = from + direction * (far ? FAR : STEP);
    if (look->count > 0) { /* at least to the next point that was looked at */
        double next = beside(look, from, direction, axis);
        to = direction > 0 ? fmax(to, next) : fmin(to, next);
    }
    m->prune_cursor = fmin(1, fmax(0, to));
}

bool ht_pruning_off_curve(const ht_model *m, ht_prune_method method)
{
    const ht_prune_spec spec = ht_prune_spec_of(&m->applied, NULL);
    int layers = ht_layers_count(m) + ht_prune_at(method)->output_layer;
    return isnan(spec.ratio) && layers > 1 && !ht_prune_is_joint(method, spec.scope);
}

ht_analysis_request ht_pruning_request(const ht_model *m)
{
    bool open = m->view == HT_VIEW_PRUNING;
    return (ht_analysis_request){.methods = open ? ht_pruning_shown(m) : 0,
                                 .watched = open,
                                 .timed = open,
                                 .speed = m->prune_lead,
                                 .ratio = m->prune_timed};
}

ht_prune_intent ht_pruning_intent(const ht_model *m, bool keep_mask)
{
    ht_prune_intent intent = {ht_prune_spec_of(&m->applied, NULL), keep_mask};
    const ht_prune_point *p = ht_pruning_at(ht_pruning_lead(m), ht_pruning_cursor(m), ht_pruning_axis(m));
    intent.spec.method = m->prune_lead;
    /* On κ itself what the settings ask for: with several layers each goes to the error, at its own ratio. */
    if (m->prune_cursor >= 0 && p)
        intent.spec.ratio = fmin(1, p->ratio * (1 + 1e-12)); /* not one unit less */
    return intent;
}

const char *ht_pruning_unit(const ht_prune_look *look, ht_prune_method method)
{
    return look->unit ? look->unit : ht_prune_at(method)->unit;
}

void ht_pruning_count(const ht_prune_look *look, ht_prune_method method, int64_t removed, char *to,
                      size_t size)
{
    char gone[32], all[32];
    ht_format_grouped(gone, sizeof gone, removed);
    ht_format_grouped(all, sizeof all, look->units);
    snprintf(to, size, "%s of %s %s", gone, all, ht_pruning_unit(look, method));
}

void ht_pruning_words(const ht_report *r, ht_prune_method method, bool apart, char *to, size_t size)
{
    const ht_prune_look *look = &r->look[method];
    char count[96], what[200];
    double square = r->metric == HT_FRO ? look->at.error * look->at.error : look->at.error;
    bool smallest =
        method != HT_PRUNE_RANDOM && !ht_prune_at(method)->calibrated; /* those: least sensitive */
    ht_pruning_count(look, method, look->at.removed, count, sizeof count);
    if (apart) /* the error is the largest of the layers */
        snprintf(what, sizeof what, "%s, %s of each layer, hold up to %.3g %% of its squared norm", count,
                 smallest ? "the smallest" : "some", 100 * square);
    else
        snprintf(what, sizeof what, "%s%s hold %.3g %% of the squared norm", smallest ? "the smallest " : "",
                 count, 100 * square);
    snprintf(to, size, "κ = %.3g: %s; without them test accuracy is %.3f (%+.3f).", look->at.ratio, what,
             look->at.accuracy, look->at.accuracy - look->points[0].accuracy);
}
