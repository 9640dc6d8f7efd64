#include "render/prune_chunks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/pruning.h"

/* What the cursor stands on. */
static void add_cursor(ht_text *to, const ht_model *m, const ht_prune_look *look)
{
    ht_prune_axis axis = ht_pruning_axis(m);
    double x = ht_pruning_cursor(m), whole = (double)m->report.parameters;
    const ht_prune_point *p = ht_pruning_under(m, look);
    if (!p) return;
    ht_text_add(to, "; cursor at %.6f of the %s: ratio %.6f, removed %lld, error %.6f, accuracy %.6f", x,
                ht_prune_axis_word(axis), p->ratio, (long long)p->removed, p->error, p->accuracy);
    if (isfinite(p->loss)) ht_text_add(to, ", loss %.6g", p->loss);
    ht_text_add(to, ", parameters %.0f, bytes %.0f, multiply-adds %.6f of all", p->weights * whole,
                4 * p->bytes * whole, p->compute);
}

static void describe(const ht_model *m, ht_prune_method method, bool view, char *to, size_t size)
{
    const ht_report *r = &m->report;
    const ht_prune_look *look = &r->look[method];
    ht_text text = {0};
    ht_text_add(&text,
                "method %s, metric %s, error %g, ratio %.6f, removed %lld of %lld, accuracy %.6f before and "
                "%.6f after, %d test samples",
                ht_prune_at(method)->name, ht_param_choice(HT_P_PRUNE_METRIC, (int)r->metric), r->error,
                look->at.ratio, (long long)look->at.removed, (long long)look->units, look->points[0].accuracy,
                look->at.accuracy, look->samples);
    ht_text_add(&text, "; unit %s, error reached %.6f, loss %.6g before and %.6g after, step %llu",
                ht_pruning_unit(look, method), look->at.error, look->points[0].loss, look->at.loss,
                (unsigned long long)look->step);
    ht_text_add(&text, "; one point at ratio %.6f, area %.6f", look->reading.one_point, look->reading.area);
    if (view) add_cursor(&text, m, look);
    if (isfinite(r->speed_up) && r->speed_up > 0 && r->speed_method == method)
        ht_text_add(&text, "; speed-up %.4g at ratio %.6f", r->speed_up, r->speed_ratio);
    ht_text_copy(to, size, text.failed ? "" : text.data);
    ht_text_free(&text);
}

static void add(ht_prune_chunks *c, const ht_model *m, ht_prune_method method, bool view)
{
    size_t used = strlen(c->methods);
    if (m->report.look[method].count == 0) return;
    snprintf(c->key[c->count], sizeof c->key[0], c->count ? "heavytail:prune-%d" : "heavytail:prune",
             c->count + 1);
    snprintf(c->methods + used, sizeof c->methods - used, "%s%s", used ? "," : "", ht_prune_at(method)->name);
    describe(m, method, view, c->text[c->count], sizeof c->text[0]);
    c->count++;
}

void ht_prune_chunks_make(ht_prune_chunks *c, const ht_model *m)
{
    bool view = m->view == HT_VIEW_PRUNING;
    ht_prune_method first = view ? m->prune_lead : m->report.method;
    *c = (ht_prune_chunks){0};
    add(c, m, first, view);
    for (int i = 0; i < HT_PRUNE_METHODS && view; i++)
        if (ht_pruning_shown(m) >> i & 1 && i != (int)first) add(c, m, (ht_prune_method)i, view);
}
