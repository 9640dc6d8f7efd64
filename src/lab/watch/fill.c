#include "lab/watch/fill.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "heavytail/prune.h"
#include "view/layers/layers.h"

/* ---- curves over steps ---- */

static void add_point(ht_curve *curve, double step, double value)
{
    if (!isnan(value)) ht_curve_add(curve, step, value, value, value);
}

static void add_estimate(ht_curve *curve, const ht_history_look *look, int layer, int e)
{
    const ht_estimate estimate = {.value = ht_history_value(look, layer, HT_MEASURE_TAIL + e),
                                  .low = ht_history_value(look, layer, HT_MEASURE_TAIL_LOW + e),
                                  .high = ht_history_value(look, layer, HT_MEASURE_TAIL_HIGH + e)};
    ht_model_add_estimate(curve, look->step, &estimate);
}

/* `layer`: its number in the history. */
static void add_look(ht_curve trace[HT_TRACE_COUNT], const ht_history_look *look, int layer)
{
    add_point(&trace[HT_TRACE_KAPPA], look->step, ht_history_value(look, HT_LAYER_ALL, HT_MEASURE_KAPPA));
    if (layer != HT_LAYER_ALL)
        add_point(&trace[HT_TRACE_LAYER], look->step, ht_history_value(look, layer, HT_MEASURE_KAPPA));
    for (int e = 0; e < HT_ESTIMATORS; e++)
        add_estimate(&trace[ht_trace_of((ht_estimator)e)], look, layer, e);
    add_point(&trace[HT_TRACE_TEST_LOSS], look->step, ht_history_value(look, HT_LAYER_ALL, HT_MEASURE_LOSS));
    add_point(&trace[HT_TRACE_TEST_ACCURACY], look->step,
              ht_history_value(look, HT_LAYER_ALL, HT_MEASURE_ACCURACY));
}

/* Those after the step `after`; NaN: all. Returns the last step. */
static double add_looks(ht_curve trace[HT_TRACE_COUNT], const ht_history_run *run, int layer, double after)
{
    double last = after;
    for (size_t i = 0; run && i < run->count; i++) {
        if (run->look[i].step <= after) continue;
        add_look(trace, &run->look[i], layer);
        last = run->look[i].step;
    }
    return last;
}

/* What is measured on data of ours is not mixed with what the training says of its own. */
static double add_rows(ht_curve trace[HT_TRACE_COUNT], const ht_scalars *s, const ht_scalar_curve *c,
                       bool samples, double after)
{
    double last = after;
    for (ht_trace t = HT_TRACE_LOSS; c && t <= HT_TRACE_TEST_ACCURACY; t++) {
        int column = ht_watched_column(s, t);
        bool ours = samples && (t == HT_TRACE_TEST_LOSS || t == HT_TRACE_TEST_ACCURACY);
        for (size_t i = 0; column >= 0 && !ours && c->column[column] && i < c->count; i++)
            if (!(c->step[i] <= after)) add_point(&trace[t], c->step[i], c->column[column][i]);
    }
    if (c && c->count > 0) last = c->step[c->count - 1];
    return last;
}

/* ---- the latest look ---- */

static int number_of_rows(size_t rows)
{
    return rows > INT32_MAX ? INT32_MAX : (int)rows;
}

/* P(‖w‖ > x) at edges of the grid where something lies, as exact as the counts are. */
static void fill_norms(const ht_histogram *h, ht_glimpse *g)
{
    enum { COARSE = 4 };
    int filled = 0;
    double above = (double)h->total - (double)h->below;
    for (int i = 0; i < HT_HISTOGRAM_BINS; i++) filled += h->count[i] > 0;
    g->norms = 0;
    for (int i = 0, step = filled < HT_REPORT_NORMS - 1 ? 1 : COARSE; i < HT_HISTOGRAM_BINS; i += step) {
        double here = 0;
        for (int k = i; k < i + step; k++) here += h->count[k];
        if (here > 0 && g->norms < HT_REPORT_NORMS) {
            g->norm[g->norms] = ht_histogram_edge(i);
            g->norm_above[g->norms++] = above / (double)h->total;
        }
        above -= here;
    }
}

static void fill_glimpse(const ht_look *look, const ht_layer_look *l, int layer, double error, ht_glimpse *g)
{
    *g = (ht_glimpse){
        .count = 1, .step = (uint64_t)look->step, .layer = layer, .wanted = error, .metric = HT_FRO_SQUARED};
    g->histogram = l->histogram;
    fill_norms(&l->norms, g);
    if (look->all.removable < 0) return;
    g->kappa.units = number_of_rows(look->all.rows);
    g->kappa.removed = (int)((double)look->all.kappa * g->kappa.units + 0.5);
}

/* The picture stays: its own step says whose it is. */
static void fill_tail(const ht_look *look, const ht_layer_look *l, int layer, ht_tail_look *tail)
{
    size_t used = l->used_rows;
    tail->looked = true;
    tail->layer = layer;
    tail->step = (uint64_t)look->step;
    tail->layers = 0;
    if (layer >= 0) tail->drawn = layer;
    for (size_t i = 0; layer < 0 && i < look->count; i++) {
        if (i < HT_HIDDEN_MAX) tail->of[tail->layers++] = look->layer[i].tail[HT_MMO];
        used += look->layer[i].used_rows;
    }
    tail->rows_used = number_of_rows(used);
    tail->rows_of = number_of_rows(l->rows);
    memcpy(tail->now, l->tail, sizeof tail->now);
}

/* At most so many points, with the first, the last and κ's neighbours as they are. */
static void fill_curve(const ht_network_look *n, uint64_t step, ht_report *r)
{
    const ht_prune_curve *c = &n->curve;
    ht_prune_look *look = &r->look[c->method];
    if (!n->there || c->count < 2) return;
    *look = (ht_prune_look){
        .step = step, .at = c->at, .reading = ht_prune_read(c), .units = c->units, .unit = c->unit};
    int every = (c->count - 1) / (HT_REPORT_CURVE - 2) + 1;
    for (int i = 0; i < c->count; i += every) look->points[look->count++] = c->points[i];
    if ((c->count - 1) % every != 0) look->points[look->count++] = c->points[c->count - 1];
    look->samples = r->samples;
    r->method = c->method;
    r->metric = c->metric;
    r->full = c->points[0];
    r->pruned = c->at;
    r->width = (int)c->units;
    r->removed = (int)(c->at.ratio * (double)c->units + 0.5);
}

static void fill_report(const ht_trainings *t, const ht_news *news, const ht_layer_look *l, int layer,
                        ht_report *r)
{
    const ht_look *look = news->event.look;
    memset(r->look, 0, sizeof r->look);
    fill_glimpse(look, l, layer, t->error, &r->glimpse);
    fill_tail(look, l, layer, &r->tail);
    r->count = 1;
    r->step = (uint64_t)look->step;
    r->error = t->error;
    r->parameters = look->all.values;
    r->speed_up = (double)NAN;
    r->samples = r->samples_of = number_of_rows(t->watched.samples);
    fill_curve(&look->network, r->step, r);
}

/* ---- |w| over the steps ---- */

static void add_heat(ht_heat *heat, double step, const uint32_t part[HT_HISTOGRAM_COARSE], double total)
{
    float share[HT_HEAT_ROWS];
    if (!(total > 0) || (heat->count && step <= heat->column[heat->count - 1].last)) return;
    for (int i = 0; i < HT_HEAT_ROWS; i++) share[i] = (float)(part[i] / total);
    ht_heat_add(heat, step, share);
}

static void parts_of(const ht_histogram *h, uint32_t part[HT_HISTOGRAM_COARSE])
{
    for (int i = 0; i < HT_HISTOGRAM_COARSE; i++) {
        int end = i + 1 < HT_HISTOGRAM_COARSE ? ht_histogram_coarse(i + 1) : HT_HISTOGRAM_BINS;
        part[i] = 0;
        for (int b = ht_histogram_coarse(i); b < end; b++) part[i] += h->count[b];
    }
}

/* Of all layers from the history; of a picked one from where it was picked. */
static void fill_heat(ht_trainings *t, const ht_training *one, const ht_layer_look *l, int layer,
                      double after, ht_model *m)
{
    const ht_history_run *run = ht_history_now(&one->history);
    uint32_t part[HT_HISTOGRAM_COARSE];
    bool whole = layer == HT_ALL_LAYERS || ht_watched_layers(&t->watched) == 1,
         other = m->heat_layer != layer;
    if (other || isnan(after)) ht_heat_clear(&m->heat);
    m->heat_layer = layer;
    if (!whole) {
        parts_of(&l->histogram, part);
        add_heat(&m->heat, one->look->event.look->step, part, (double)l->histogram.total);
        return;
    }
    for (size_t i = 0; run && i < run->count; i++) {
        double total = (double)l->histogram.total;
        if (other || !(run->look[i].step <= after))
            add_heat(&m->heat, run->look[i].step, run->look[i].part, total);
    }
}

/* ---- the shown one ---- */

static void say_shape(const ht_watched *w, ht_model *m)
{
    char weights[32];
    if (!w->look) return;
    ht_format_grouped(weights, sizeof weights, (long long)w->look->all.values);
    snprintf(m->shape, sizeof m->shape, "%zu %s, %s weights", w->look->count,
             w->look->count == 1 ? "layer" : "layers", weights);
}

/* Where charts begin and end: at the first and the last step that was seen. */
static void set_steps(const ht_training *one, ht_watched *w, ht_model *m)
{
    const ht_history_run *run = ht_history_now(&one->history);
    const ht_scalar_curve *rows = one->rows ? ht_scalars_now(&one->rows->scalars) : NULL;
    double first = (double)INFINITY, last = 0;
    if (run && run->count) first = run->look[0].step, last = run->look[run->count - 1].step;
    if (rows && rows->count)
        first = fmin(first, rows->step[0]), last = fmax(last, rows->step[rows->count - 1]);
    m->step = (uint64_t)fmax(0, last);
    /* A training from its beginning is drawn from 0 on. */
    w->first_step = isinf(first) || first < 0.5 * last ? 0 : floor(first);
}

static void set_numbers(ht_model *m)
{
    m->loss = ht_curve_last(&m->trace[HT_TRACE_LOSS]);
    m->batch_accuracy = ht_curve_last(&m->trace[HT_TRACE_ACCURACY]);
    m->test_loss = ht_curve_last(&m->trace[HT_TRACE_TEST_LOSS]);
    m->test_accuracy = ht_curve_last(&m->trace[HT_TRACE_TEST_ACCURACY]);
}

/* One layer is that one, and not the median of all. */
static int layer_of(const ht_model *m)
{
    int layers = ht_watched_layers(m->watched);
    return layers == 1 ? 0 : m->layer < layers ? m->layer : HT_ALL_LAYERS;
}

void ht_fill_shown(ht_trainings *t, ht_training *one, ht_model *m)
{
    int layer = layer_of(m);
    const ht_layer_look *l = ht_watched_layer(&t->watched, layer);
    if (t->stale) {
        for (int i = 0; i < HT_TRACE_COUNT; i++) ht_curve_clear(&m->trace[i]);
        one->added = one->rows_added = (double)NAN;
        memset(&m->report, 0, sizeof m->report);
    }
    if (l) {
        fill_report(t, one->look, l, layer, &m->report);
        fill_heat(t, one, l, layer, one->added, m);
    }
    one->added = add_looks(m->trace, ht_history_now(&one->history), layer + 1, one->added);
    const ht_scalars *s = t->watched.scalars;
    one->rows_added =
        add_rows(m->trace, s, s ? ht_scalars_now(s) : NULL, t->watched.samples > 0, one->rows_added);
    say_shape(&t->watched, m);
    set_steps(one, &t->watched, m);
    set_numbers(m);
}

/* ---- ghosts ---- */

void ht_fill_drop_ghosts(ht_trainings *t, ht_model *m)
{
    for (int i = 0; m && i < t->ghosts; i++) ht_ghost_take(m, t->ghost[i]);
    t->ghosts = 0;
}

/* An emptied one that is in the charts; NULL: no room there, or no memory, and there is one ghost less. */
static ht_ghost *next_ghost(ht_trainings *t, ht_model *m)
{
    ht_error ignored;
    if (t->ghosts == HT_GHOSTS || m->ghost_count == HT_GHOSTS) return NULL;
    if (!t->ghost[t->ghosts]) t->ghost[t->ghosts] = ht_alloc(1, sizeof(ht_ghost), "a ghost", &ignored);
    ht_ghost *ghost = t->ghost[t->ghosts];
    if (!ghost) return NULL;
    memset(ghost, 0, sizeof *ghost);
    ghost->shelved = true; /* not the model's to free */
    ghost->params = m->applied;
    if (!ht_ghost_show(m, ghost)) return NULL;
    t->ghosts++;
    return ghost;
}

/* The end of a name says more than its beginning. */
static void name_ghost(ht_ghost *ghost, const char *name, int run)
{
    char words[HT_WATCHED_NAME + 16];
    if (run >= 0)
        snprintf(words, sizeof words, "run %d", run + 1);
    else
        ht_text_copy(words, sizeof words, name);
    size_t length = strlen(words), most = sizeof ghost->name - 1, from = length > most ? length - most : 0;
    while ((words[from] & 0xc0) == 0x80) from++;
    ht_text_copy(ghost->name, sizeof ghost->name, words + from);
}

/* The layer of the same name, where another one is picked than all. */
static const ht_layer_look *same_layer(const ht_model *m, int layer, const ht_look *look)
{
    char name[HT_LOOK_NAME];
    if (layer < 0) return &look->all;
    ht_watched_layer_name(m->watched, layer, name, sizeof name);
    for (size_t i = 0; i < look->count; i++)
        if (strcmp(look->layer[i].name, name) == 0) return &look->layer[i];
    return NULL;
}

static void fill_ghost(ht_trainings *t, ht_model *m, ht_ghost *ghost, const ht_training *one,
                       const ht_news *look, const ht_history_run *run, const ht_scalar_curve *rows)
{
    int layer = layer_of(m), number = HT_LAYER_ALL;
    char name[HT_LOOK_NAME];
    const ht_layer_look *l = look ? same_layer(m, layer, look->event.look) : NULL;
    ht_watched_layer_name(m->watched, layer, name, sizeof name);
    if (layer >= 0) number = ht_history_layer(&one->history, name);
    if (l) fill_report(t, look, l, layer, &ghost->report);
    if (number >= 0) add_looks(ghost->trace, run, number, (double)NAN);
    add_rows(ghost->trace, one->rows ? &one->rows->scalars : NULL, rows, t->watched.samples > 0, (double)NAN);
    if (run && run->count) ghost->step = (uint64_t)run->look[run->count - 1].step;
    if (rows && rows->count) ghost->step = (uint64_t)fmax((double)ghost->step, rows->step[rows->count - 1]);
    ghost->test_loss = ht_curve_last(&ghost->trace[HT_TRACE_TEST_LOSS]);
    ghost->test_accuracy = ht_curve_last(&ghost->trace[HT_TRACE_TEST_ACCURACY]);
}

/* What was seen before the present run: weights and metrics, the k-th before. */
static bool add_former(ht_trainings *t, ht_model *m, const ht_training *one, int k)
{
    const ht_history *h = &one->history;
    const ht_scalars *s = one->rows ? &one->rows->scalars : NULL;
    const ht_history_run *run = h->runs > k ? &h->run[h->runs - 1 - k] : NULL;
    const ht_scalar_curve *rows = s && s->curves > k ? &s->curve[s->curves - 1 - k] : NULL;
    ht_ghost *ghost = run || rows ? next_ghost(t, m) : NULL;
    if (!ghost) return false;
    int number = run ? run->number : s->curves - 1 - k;
    name_ghost(ghost, one->name, number);
    fill_ghost(t, m, ghost, one, k <= HT_FORMER_RUNS ? one->former[k - 1] : NULL, run, rows);
    return true;
}

void ht_fill_ghosts(ht_trainings *t, ht_model *m)
{
    ht_fill_drop_ghosts(t, m);
    for (int i = 0; i < t->watched.trainings; i++) {
        const ht_training *one = t->list[i];
        const ht_scalars *s = one->rows ? &one->rows->scalars : NULL;
        if (i == t->watched.shown) continue;
        ht_ghost *ghost = next_ghost(t, m);
        if (!ghost) return;
        name_ghost(ghost, one->name, -1);
        fill_ghost(t, m, ghost, one, one->look, ht_history_now(&one->history), s ? ht_scalars_now(s) : NULL);
    }
    for (int k = 1; k <= HT_FORMER_RUNS; k++)
        if (!add_former(t, m, t->list[t->watched.shown], k)) return;
}
