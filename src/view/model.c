#include "view/model.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "params/preset.h"
#include "view/runs/shelf.h"

/* Layers with units: "→500" a dense one, "→conv 20" a convolution. */
static size_t write_layer(const ht_layer_item *item, const char *arrow, char *to, size_t size)
{
    bool conv = item->kind == HT_LAYER_CONV;
    return (size_t)snprintf(to, size, "%s%s%d", arrow, conv ? "conv " : "", item->units);
}

/* With blanks, where names have some. */
static const char *arrow_of(const ht_layer_item *items, int count)
{
    bool conv = false;
    for (int i = 0; i < count; i++) conv = conv || items[i].kind == HT_LAYER_CONV;
    return conv ? " → " : "→";
}

static bool alike(const ht_layer_item *a, const ht_layer_item *b)
{
    return a->kind == b->kind && a->units == b->units;
}

/* "140→2000→5", "784 → conv 20 → conv 50 → 500 → 10"; of more than four equal layers in a row
 * "140→2000×6→5". What is too long for the title is counted: "140→16 layers→5". */
static void write_shape(ht_model *m, int inputs, int classes)
{
    enum { ALIKE = 4 };
    ht_layer_item items[HT_PARAM_LAYERS];
    int count = ht_params_layers(&m->applied, items), depth = 0;
    char hidden[28 * HT_PARAM_LAYERS] = "";
    const char *arrow = arrow_of(items, count);
    size_t used = 0;
    for (int l = 0; l < count; l++)
        if (items[l].units > 0) items[depth++] = items[l];
    for (int l = 0, next; l < depth; l = next) {
        for (next = l + 1; next < depth && alike(&items[next], &items[l]);) next++;
        bool many = next - l > ALIKE;
        for (int i = l; i < (many ? l + 1 : next); i++)
            used += write_layer(&items[i], arrow, hidden + used, sizeof hidden - used);
        if (many) used += (size_t)snprintf(hidden + used, sizeof hidden - used, "×%d", next - l);
    }
    size_t length = (size_t)snprintf(m->shape, sizeof m->shape, "%d%s%s%d", inputs, hidden, arrow, classes);
    if (length >= sizeof m->shape)
        snprintf(m->shape, sizeof m->shape, "%d%s%d layers%s%d", inputs, arrow, depth, arrow, classes);
}

/* Of a network that looks at places: "3×32² → conv 20 …". */
static void name_places(ht_model *m, int channels, int height, int width)
{
    char layers[sizeof m->shape], places[40];
    const char *rest = strstr(m->shape, " → "); /* blanks: there are convolutions */
    if (!rest || channels < 1) return;
    if (height == width)
        snprintf(places, sizeof places, "%d×%d²", channels, height);
    else
        snprintf(places, sizeof places, "%d×%d×%d", channels, height, width);
    ht_text_copy(layers, sizeof layers, rest);
    if (strlen(places) + strlen(layers) < sizeof m->shape)
        snprintf(m->shape, sizeof m->shape, "%s%s", places, layers);
}

void ht_model_init(ht_model *m, const ht_params *params, int inputs, int classes, const char *data_title)
{
    memset(m, 0, sizeof *m);
    m->asked = m->applied = m->settings.preset = *params;
    m->settings.chosen = HT_P_NOISE_TYPE;
    m->settings.first = HT_P_COUNT; /* it stands at the top */
    ht_text_copy(m->data_title, sizeof m->data_title, data_title);
    ht_preset_title(params, m->title, sizeof m->title);
    write_shape(m, inputs, classes);
    m->loss = m->batch_accuracy = m->test_loss = m->test_accuracy = NAN;
    m->loss_log = m->weights_log_x = m->weights_log_y = m->norms_log = m->strip_log = true;
    m->control = 1;
    m->prune_lead = (ht_prune_method)ht_params_get(params, HT_P_PRUNE_METHOD);
    m->prune_cursor = -1; /* at κ until it is moved */
    m->prune_timed = NAN;
    m->window_end = NAN;
    m->temperature = 0.8;
    m->layer = m->heat_layer = HT_ALL_LAYERS;
}

void ht_model_pictures(ht_model *m, int channels, int height, int width)
{
    bool grey = channels == 1 && height > 1 && width > 1;
    name_places(m, channels, height, width);
    m->picture_width = grey ? width : 0;
    m->picture_height = grey ? height : 0;
}

void ht_model_clear(ht_model *m)
{
    ht_free(m->later_room);
    m->later = m->later_room = NULL;
    ht_ghost_free_all(m);
    ht_shelf_free(m->shelf);
    m->shelf = NULL;
}

/* What is known of weights that are gone: nothing is better than a number of another run. */
static void forget_looks(ht_model *m, double step)
{
    ht_report *r = &m->report;
    if ((double)r->glimpse.step > step) r->glimpse.count = 0;
    if (r->count == 0 || (double)r->step <= step) return;
    ht_glimpse kept = r->glimpse;
    *r = (ht_report){.glimpse = kept, .speed_up = (double)NAN};
}

/* The history after `step` goes; a negative one takes all of it. */
static void cut_history(ht_model *m, double step)
{
    for (int i = 0; i < HT_TRACE_COUNT; i++)
        if (step < 0)
            ht_curve_clear(&m->trace[i]);
        else
            ht_curve_cut(&m->trace[i], step);
    if (step < 0)
        ht_heat_clear(&m->heat);
    else
        ht_heat_cut(&m->heat, step);
    while (m->moment_count && m->moments[m->moment_count - 1].step > step) m->moment_count--;
    ht_labels_cut(&m->labels, step);
    forget_looks(m, step);
    m->generation++; /* reports on what is gone are late */
}

static void go_back(ht_model *m, const ht_sample *s)
{
    ht_model_freeze(m, false);
    if (m->leaving) ht_ghost_catch_up(m);
    if (s->step > m->step && !s->other_run) ht_ghost_return(m, s->step);
    m->leaving = false;
    m->gone_back = true;
    bool known = s->other_run ? ht_ghost_exchange_run(m) : true;
    cut_history(m, known ? (double)s->step : -1);
    m->loss = ht_curve_last(&m->trace[HT_TRACE_LOSS]);
    m->batch_accuracy = ht_curve_last(&m->trace[HT_TRACE_ACCURACY]);
    m->seconds = s->seconds;
}

/* The run has ended at a step before the last one seen. */
static void end_at(ht_model *m, const ht_sample *s)
{
    ht_model_freeze(m, false);
    cut_history(m, (double)s->step);
    m->loss = ht_curve_last(&m->trace[HT_TRACE_LOSS]);
    m->batch_accuracy = ht_curve_last(&m->trace[HT_TRACE_ACCURACY]);
    m->test_loss = ht_curve_last(&m->trace[HT_TRACE_TEST_LOSS]);
    m->test_accuracy = ht_curve_last(&m->trace[HT_TRACE_TEST_ACCURACY]);
    m->seconds = s->seconds;
}

static void start_over(ht_model *m, uint64_t seed)
{
    ht_model_freeze(m, false);
    ht_ghost_leave_run(m);
    cut_history(m, -1);
    m->loss = m->batch_accuracy = m->test_loss = m->test_accuracy = NAN;
    m->steps_per_second = 0;
    m->window_end = NAN;
    ht_params_put(&m->asked, HT_P_TRAIN_SEED, (double)seed);
    ht_params_put(&m->applied, HT_P_TRAIN_SEED, (double)seed);
}

static void label_moment(ht_moment *moment)
{
    char before[24], after[24];
    ht_model_value(moment->param, moment->before, before, sizeof before);
    ht_model_value(moment->param, moment->after, after, sizeof after);
    snprintf(moment->label, sizeof moment->label, "%s %.14s→%.14s", ht_model_symbol(moment->param), before,
             after);
}

static void drop_moment(ht_model *m, int i)
{
    m->moment_count--;
    memmove(m->moments + i, m->moments + i + 1, (size_t)(m->moment_count - i) * sizeof m->moments[0]);
}

/* A slider being dragged is one change, which keeps where it came from; what was changed and set back at once
 * is none. The moment that this change continues, or -1. */
static int recent_moment(const ht_model *m, const ht_sample *s)
{
    double since = (double)s->step - fmax(10, m->steps_per_second);
    int i = m->moment_count - 1;
    while (i >= 0 && m->moments[i].step >= since && m->moments[i].param != s->param) i--;
    return i >= 0 && m->moments[i].step >= since ? i : -1;
}

static void add_moment(ht_model *m, const ht_sample *s)
{
    if (ht_param_at(s->param)->live != HT_LIVE || s->before == s->value) return;
    if (s->param == HT_P_TRAIN_STEPS && m->lesson.open) return; /* where the lesson waits */
    int i = recent_moment(m, s);
    if (i < 0) {
        if (m->moment_count == HT_MODEL_MARKS) drop_moment(m, 0);
        i = m->moment_count++;
        m->moments[i] = (ht_moment){.step = (double)s->step, .param = s->param, .before = s->before};
    }
    m->moments[i].after = s->value;
    if (m->moments[i].before == s->value)
        drop_moment(m, i);
    else
        label_moment(&m->moments[i]);
}

/* 2 is drawn for "no heavy tail injected". */
static double injected_alpha(const ht_params *p)
{
    bool on = ht_params_get(p, HT_P_NOISE_TYPE) != HT_NOISE_NONE && ht_params_get(p, HT_P_NOISE_SCALE) > 0;
    return on ? ht_params_get(p, HT_P_NOISE_ALPHA) : (double)NAN;
}

/* A number of the moment: kept for later while the view is frozen. */
static void put(const ht_model *m, double *shown, double *arrived, double value)
{
    *(m->frozen ? arrived : shown) = value;
}

/* The curve that goes on: not the one that is shown while the view is frozen. */
static ht_curve *going_on(ht_model *m, ht_trace trace)
{
    return m->later ? &m->later[trace] : &m->trace[trace];
}

static void add_value(ht_model *m, ht_trace trace, double step, double value)
{
    ht_curve_add(going_on(m, trace), step, value, value, value);
}

static void take_step(ht_model *m, const ht_sample *s)
{
    double step = (double)s->step, alpha = injected_alpha(&m->applied);
    m->gone_back = false;
    put(m, &m->loss, &m->arrived.loss, s->loss);
    put(m, &m->batch_accuracy, &m->arrived.batch_accuracy, s->accuracy);
    ht_curve_add(going_on(m, HT_TRACE_LOSS), step, s->loss_min, s->loss_max, s->loss);
    add_value(m, HT_TRACE_ACCURACY, step, s->accuracy);
    if (!isnan(alpha)) add_value(m, HT_TRACE_ALPHA, step, alpha);
}

static void take_evaluation(ht_model *m, const ht_sample *s)
{
    put(m, &m->test_loss, &m->arrived.test_loss, s->test_loss);
    put(m, &m->test_accuracy, &m->arrived.test_accuracy, s->test_accuracy);
    add_value(m, HT_TRACE_TEST_LOSS, (double)s->step, s->test_loss);
    add_value(m, HT_TRACE_TEST_ACCURACY, (double)s->step, s->test_accuracy);
}

void ht_model_sample(ht_model *m, const ht_sample *s)
{
    if (s->kind == HT_SAMPLE_RESET) start_over(m, (uint64_t)s->value);
    if (s->kind == HT_SAMPLE_REWIND) go_back(m, s);
    if (s->kind == HT_SAMPLE_BACK) end_at(m, s);
    if (s->kind == HT_SAMPLE_EVAL && s->step < m->step) { /* it has taken its time */
        take_evaluation(m, s);
        return;
    }
    if (s->seconds > m->seconds && s->step > m->step) {
        /* Mean of about the last second. */
        double rate = (double)(s->step - m->step) / (s->seconds - m->seconds),
               weight = fmin(1, 2 * (s->seconds - m->seconds));
        m->steps_per_second += (rate - m->steps_per_second) * (m->steps_per_second > 0 ? weight : 1);
    }
    m->step = s->step;
    m->epoch = s->epoch;
    m->seconds = s->seconds;
    m->masked = s->masked;
    switch (s->kind) {
    case HT_SAMPLE_STEP:
        take_step(m, s);
        break;
    case HT_SAMPLE_EVAL:
        take_evaluation(m, s);
        break;
    case HT_SAMPLE_STATE:
        m->state = s->state;
        m->message_is_note = false;
        ht_text_copy(m->message, sizeof m->message, s->message);
        break;
    case HT_SAMPLE_CHANGE:
        ht_params_put(&m->applied, s->param, s->value);
        if (s->param == HT_P_PRUNE_METHOD) m->prune_lead = (ht_prune_method)s->value;
        if (s->restored)
            ht_params_put(&m->asked, s->param, s->value);
        else
            add_moment(m, s);
        break;
    case HT_SAMPLE_LABEL:
        ht_labels_put(&m->labels, s->from, s->message);
        break;
    case HT_SAMPLE_RESET:
    case HT_SAMPLE_REWIND:
    case HT_SAMPLE_BACK:
    case HT_SAMPLE_PRUNE:
    case HT_SAMPLE_UNMASK:
    case HT_SAMPLE_KINDS:
        break;
    }
}

void ht_model_add_estimate(ht_curve *curve, double step, const ht_estimate *e)
{
    static const double beyond = 1e3;
    if (!isfinite(e->value) || e->value <= 0) return; /* of a light tail: no index */
    double low = isfinite(e->low) ? e->low : e->value, high = isfinite(e->high) ? e->high
                                                              : isnan(e->high)  ? e->value
                                                                                : fmax(e->value, beyond);
    ht_curve_add(curve, step, low, high, e->value);
}

/* The curves of the tail are of one layer: those of another begin anew. A report that brings other parts
 * tells nothing new of it. */
static void take_tail(ht_curve trace[HT_TRACE_COUNT], const ht_report *before, const ht_report *report)
{
    bool other = before->tail.looked && before->tail.layer != report->tail.layer,
         old = !other && before->tail.looked && before->tail.step == report->tail.step;
    if (!report->tail.looked || old) return;
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        ht_curve *curve = &trace[ht_trace_of((ht_estimator)e)];
        if (other) ht_curve_clear(curve);
        ht_model_add_estimate(curve, (double)report->tail.step, &report->tail.now[e]);
    }
    double step = (double)report->tail.step, rows = report->tail.rows.median;
    ht_curve_add(&trace[HT_TRACE_LEFT], step, report->left, report->left, report->left);
    ht_curve_add(&trace[HT_TRACE_LARGE], step, report->large, report->large, report->large);
    if (report->tail.rows.layers && report->tail.picture_step == report->tail.step && isfinite(rows))
        ht_curve_add(&trace[HT_TRACE_ROWS], step, rows, rows, rows);
}

/* κ as it stands now: of a glimpse, or of a pruning curve, which an older look may have made. */
static void take_kappa(ht_curve *kappa, const ht_report *report)
{
    ht_model_kappa now = ht_model_kappa_of(report);
    double step = (double)now.step;
    if (isfinite(now.value) && (kappa->count == 0 || step > kappa->bucket[kappa->count - 1].last))
        ht_curve_add(kappa, step, now.value, now.value, now.value);
}

static void take_heat(ht_heat *heat, const ht_glimpse *glimpse)
{
    _Static_assert((int)HT_HEAT_ROWS == (int)HT_HISTOGRAM_COARSE, "a row a bin");
    float share[HT_HEAT_ROWS];
    const ht_histogram *h = &glimpse->histogram;
    double step = (double)glimpse->step;
    if (h->total == 0 || (heat->count && step <= heat->column[heat->count - 1].last)) return;
    for (int i = 0; i < HT_HEAT_ROWS; i++) {
        int end = i + 1 < HT_HEAT_ROWS ? ht_histogram_coarse(i + 1) : HT_HISTOGRAM_BINS;
        double count = 0;
        for (int k = ht_histogram_coarse(i); k < end; k++) count += h->count[k];
        share[i] = (float)(count / (double)h->total);
    }
    ht_heat_add(heat, step, share);
}

/* All but the glimpse, which comes by itself. Parts are of steps of their own. */
static void put_report(ht_report *to, const ht_report *report)
{
    const size_t glimpse = sizeof report->glimpse;
    _Static_assert(offsetof(ht_report, glimpse) == 0, "the glimpse comes first");
    memcpy((char *)to + glimpse, (const char *)report + glimpse, sizeof *report - glimpse);
}

static void put_kappa(ht_model *m, bool shown)
{
    if (shown || !m->later) take_kappa(&m->trace[HT_TRACE_KAPPA], &m->arrived.report);
    if (m->later) take_kappa(&m->later[HT_TRACE_KAPPA], &m->arrived.report);
}

/* What is drawn of the picked layer over the steps begins anew with another layer. */
static void put_layer(ht_model *m, const ht_glimpse *g, bool shown)
{
    double kappa = g->layer == HT_ALL_LAYERS || g->kappa.units == 0
                       ? (double)NAN
                       : (double)g->of[g->layer].removed / g->of[g->layer].units;
    ht_curve *curve[] = {shown || !m->later ? &m->trace[HT_TRACE_LAYER] : NULL,
                         m->later ? &m->later[HT_TRACE_LAYER] : NULL};
    bool other = g->layer != m->heat_layer;
    if (other) ht_heat_clear(&m->heat);
    m->heat_layer = g->layer;
    take_heat(&m->heat, g);
    for (int i = 0; i < 2; i++) {
        if (curve[i] && other) ht_curve_clear(curve[i]);
        if (curve[i] && isfinite(kappa) &&
            (curve[i]->count == 0 || (double)g->step > curve[i]->bucket[curve[i]->count - 1].last))
            ht_curve_add(curve[i], (double)g->step, kappa, kappa, kappa);
    }
}

void ht_model_report(ht_model *m, const ht_report *report)
{
    const ht_report *latest = &m->arrived.report;
    if (report->generation != m->generation) return; /* of the run before a reset */
    if (report->generation == latest->generation && report->step < latest->step) return; /* overtaken */
    /* A look at weights of before the view was frozen belongs to it, though it comes later. */
    bool shown = !m->frozen || (double)report->step <= m->frozen_step;
    if (shown || !m->later) take_tail(m->trace, m->frozen ? &m->arrived.report : &m->report, report);
    if (m->later) take_tail(m->later, &m->arrived.report, report);
    if (shown) put_report(&m->report, report);
    put_report(&m->arrived.report, report);
    put_kappa(m, shown);
}

void ht_model_glimpse(ht_model *m, const ht_glimpse *glimpse)
{
    const ht_glimpse *latest = &m->arrived.report.glimpse;
    if (glimpse->generation != m->generation) return;
    if (glimpse->generation == latest->generation && glimpse->step < latest->step) return;
    bool shown = !m->frozen || (double)glimpse->step <= m->frozen_step;
    if (shown) m->report.glimpse = *glimpse;
    m->arrived.report.glimpse = *glimpse;
    put_kappa(m, shown);
    put_layer(m, glimpse, shown);
}

void ht_model_epochs(ht_model *m, const ht_epochs *epochs)
{
    *(m->frozen ? &m->arrived.epochs : &m->epochs) = *epochs;
}

void ht_model_freeze(ht_model *m, bool frozen)
{
    ht_error ignored; /* without memory the last column of a chart may still move */
    if (frozen == m->frozen) return;
    m->frozen = frozen;
    if (frozen) {
        m->frozen_step = (double)m->step;
        m->arrived =
            (ht_arrived){m->loss, m->batch_accuracy, m->test_loss, m->test_accuracy, m->report, m->epochs};
        if (!m->later_room)
            m->later_room = ht_alloc(HT_TRACE_COUNT, sizeof m->trace[0], "the curves that go on", &ignored);
        m->later = m->later_room;
        if (m->later) memcpy(m->later, m->trace, sizeof m->trace);
        return;
    }
    if (m->later) memcpy(m->trace, m->later, sizeof m->trace);
    m->later = NULL;
    const ht_arrived *a = &m->arrived;
    m->loss = a->loss, m->batch_accuracy = a->batch_accuracy;
    m->test_loss = a->test_loss, m->test_accuracy = a->test_accuracy;
    m->report = a->report;
    m->epochs = a->epochs;
}
