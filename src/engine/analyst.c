#include "engine/analyst.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/thread.h"
#include "engine/analysis.h"
#include "engine/tail_watch.h"
#include "engine/text/text_look.h"
#include "engine/watch.h"

/* Test samples that curves are evaluated on while training runs: the first so many, halved while the node
 * curve costs more than its share; all of them once it stands still. A curve that takes an evaluation a point
 * begins with few, so that something is there, and takes as many as its share pays for at its period. */
enum { LIVE_SAMPLES = 1000, LEAST_SAMPLES = 250, FEW_SAMPLES = 20, MORE_AT_ONCE = 4 };

static const double thorough_stays = 5; /* seconds after a thorough look: what was asked for can be read */

struct ht_analyst {
    pthread_t thread;
    bool gone; /* it has been joined */
    ht_mailbox *box;
    const ht_dataset *data;
    ht_triple *reports;
    int cores;
    ht_report report; /* all that is known; copies of it are published */
    ht_tail_watch tail;
    bool tail_watched;  /* the snapshot before asked for it */
    uint64_t revision;  /* of the weights looked at last */
    unsigned requested; /* the methods of the request before that were looked at */
    unsigned current;   /* bit 1 << method: its look is of these weights and settings, on all samples */
    size_t ahead[HT_PRUNE_METHODS]; /* samples that the look at it, of these weights, is of; less than all */
    size_t live;                    /* samples while training runs; 0: nothing was looked at */
    ht_watch_pace pace;             /* of the look under way */
    double tail_due, method_due[HT_PRUNE_METHODS]; /* on the clock, while training runs */
    double text_due;
    uint64_t text_revision; /* of the weights that the text is of */
};

ht_code ht_analyze(ht_report *report, const ht_capture *capture, uint64_t step, const ht_samples *samples,
                   const ht_prune_spec *look, ht_error *err)
{
    ht_prune_spec node = *look;
    memset(report, 0, sizeof *report);
    report->count = 1;
    report->step = step; /* before the looks: each says of which step it is */
    report->samples_of = (int)samples->count;
    report->speed_up = (double)NAN;
    node.method = HT_PRUNE_NODE;
    ht_tail_watch watch = {0};
    ht_analysis_weights(report, capture->net);
    report->glimpse.count = 1;
    report->glimpse.step = step;
    report->strongest.layer = ht_analysis_drawn(capture->net, capture->layer);
    ht_code code = ht_analysis_glimpse(&report->glimpse, capture, look, err);
    const ht_tail_order order = {.layer = capture->layer, .step = step, .thorough = true};
    if (code == HT_OK) code = ht_tail_watch_look(&watch, capture->net, &order, err);
    report->tail = watch.latest;
    if (code == HT_OK && look->method != HT_PRUNE_NODE)
        code = ht_analysis_method(report, capture->net, samples, &node, false, err);
    return code == HT_OK ? ht_analysis_method(report, capture->net, samples, look, true, err) : code;
}

/* ---- one look ---- */

typedef struct look {
    ht_analyst *self;
    const ht_weight_snapshot *snapshot;
    ht_samples samples;
    bool thorough;   /* on all samples, whatever it costs */
    bool evaluating; /* the node curve takes an evaluation a point: not two dense layers */
    unsigned wanted; /* methods still to be looked at */
    ht_prune_method now;
    double start; /* in seconds of this thread */
} look;

static void publish(look *l)
{
    ht_report *report = &l->self->report;
    if (ht_cancelled()) return; /* parts may be missing */
    report->count++;
    report->pending = l->wanted;
    report->milliseconds = 1e3 * (ht_thread_now() - l->start);
    memcpy(ht_triple_back(l->self->reports), report, sizeof *report);
    ht_triple_publish(l->self->reports);
}

/* Training goes on, or other weights are there. */
static bool disturbed(const look *l)
{
    return ht_mailbox_poked(l->self->box);
}

/* Also when the method is no longer asked for. */
static bool method_disturbed(void *context)
{
    const look *l = context;
    bool again, always = l->now == HT_PRUNE_NODE || l->now == l->snapshot->look.method;
    return disturbed(l) || !(always || ht_mailbox_asked(l->self->box, &again) >> l->now & 1);
}

static ht_prune_spec spec_of(look *l, ht_prune_method method)
{
    l->now = method;
    ht_prune_spec spec = l->snapshot->look;
    spec.calibration = &l->self->data->train;
    spec.method = method;
    spec.brief = !l->thorough;
    spec.cancelled = method_disturbed;
    spec.cancel_context = l;
    return spec;
}

/* How many samples the next node curve is evaluated on, after one that has cost so much. */
static void pay(look *l, double cost, double share)
{
    ht_analyst *self = l->self;
    double period = self->pace.curve_period,
           fit = (double)l->samples.count * period * share / fmax(cost, 1e-9);
    if (!l->evaluating && cost / share > period && self->live > LEAST_SAMPLES) self->live /= 2;
    if (!l->evaluating) return;
    fit = fmin(fit, (double)(MORE_AT_ONCE * l->samples.count));
    self->live = (size_t)fmin(LIVE_SAMPLES, fmax(FEW_SAMPLES, fit));
}

/* False when there is no memory, or the method is no longer wanted. */
static bool look_at_method(look *l, ht_prune_method method)
{
    ht_error ignored;
    ht_analyst *self = l->self;
    ht_prune_spec spec = spec_of(l, method);
    double began = ht_now(), start = ht_thread_now();
    bool leads = method == l->snapshot->look.method;
    /* One evaluation of a long text takes seconds, and a key that is pressed waits for it. */
    const atomic_bool *before = ht_cancel_by(ht_mailbox_poked_flag(self->box));
    ht_code code =
        ht_analysis_method(&self->report, l->snapshot->capture->net, &l->samples, &spec, leads, &ignored);
    ht_cancel_by(before);
    if (code != HT_OK) return false;
    double cost = ht_thread_now() - start;
    double share = (method != HT_PRUNE_NODE        ? self->pace.method
                    : l->snapshot->request.watched ? self->pace.curve_watched
                                                   : self->pace.curve) *
                   self->cores;
    self->method_due[method] =
        ht_watch_due(l->snapshot->settled, began, cost, share, self->pace.curve_period);
    l->wanted &= ~(1u << method);
    if (l->thorough) self->current |= 1u << method;
    if (method == HT_PRUNE_NODE && !l->thorough) pay(l, cost, share);
    return true;
}

/* Other weights than before, or other settings? The report then begins anew where it is of another run. */
static void begin(look *l)
{
    ht_analyst *self = l->self;
    const ht_weight_snapshot *snapshot = l->snapshot;
    ht_report *report = &self->report;
    uint64_t count = report->count;
    bool same = count > 0 && report->step == snapshot->step && report->generation == snapshot->generation &&
                self->revision == snapshot->revision;
    if (!same) self->current = 0;
    if (!same) memset(self->ahead, 0, sizeof self->ahead);
    if (self->revision != snapshot->revision) self->tail_due = 0; /* the answer is waited for */
    if (report->generation != snapshot->generation) {
        memset(report, 0, sizeof *report);
        self->tail_due = self->text_due = 0;
        memset(self->method_due, 0, sizeof self->method_due);
    }
    if (!same) report->speed_up = (double)NAN;
    report->count = count;
    report->step = snapshot->step;
    report->seconds = snapshot->seconds;
    report->generation = snapshot->generation;
    report->samples_of = (int)self->data->test.count;
    report->samples_next = 0;
    self->revision = snapshot->revision;
}

static bool is_due(const look *l, double due)
{
    return l->thorough || ht_now() >= due;
}

static bool look_at_tail(look *l)
{
    ht_error ignored;
    ht_analyst *self = l->self;
    const ht_weight_snapshot *snapshot = l->snapshot;
    const ht_tail_order order = {snapshot->layer,      snapshot->step,    snapshot->seconds,
                                 snapshot->generation, snapshot->watched, l->thorough};
    bool done = ht_tail_watch_look(&self->tail, snapshot->capture->net, &order, &ignored) == HT_OK;
    self->report.tail = self->tail.latest;
    self->tail_watched = snapshot->watched;
    return done;
}

static bool look_at_weights(look *l)
{
    ht_analyst *self = l->self;
    double began = ht_now(), start = ht_thread_now();
    ht_analysis_weights(&self->report, l->snapshot->capture->net);
    if (!look_at_tail(l)) return false;
    double cost = ht_thread_now() - start;
    double share = l->snapshot->request.watched ? self->pace.tail_watched : self->pace.tail;
    self->tail_due =
        ht_watch_due(l->snapshot->settled, began, cost, share * self->cores, self->pace.tail_period);
    return true;
}

/* Another layer was picked: its units, at once; the curve brings them again. */
static bool look_at_units(look *l)
{
    ht_error ignored;
    const ht_network *net = l->snapshot->capture->net;
    int layer = ht_analysis_drawn(net, ht_layer_picked(l->snapshot->layer, ht_network_hidden(net)));
    ht_report *report = &l->self->report;
    bool same = report->strongest.layer == layer;
    if (same || report->look[HT_PRUNE_NODE].count == 0) {
        report->strongest.layer = layer;
        return true;
    }
    if (ht_analysis_units(report, net, &l->snapshot->look, layer, &ignored) != HT_OK) return false;
    publish(l);
    return true;
}

/* Not for these weights again, unless it is another layer's tail that is asked for. */
static bool weights_wanted(const look *l, bool known)
{
    const ht_weight_snapshot *snapshot = l->snapshot;
    int layer = ht_layer_picked(snapshot->layer, ht_network_hidden(snapshot->capture->net));
    bool asked = layer != l->self->tail.latest.layer || (snapshot->watched && !l->self->tail_watched);
    return asked || (!known && is_due(l, l->self->tail_due));
}

/* A method is due by its own pace; of the same weights never twice. */
static bool method_wanted(const look *l, ht_prune_method method, bool known)
{
    return !known && is_due(l, l->self->method_due[method]);
}

/* The cheapest method that is wanted, of those in `left`; HT_PRUNE_METHODS when none is. */
static ht_prune_method cheapest(unsigned left)
{
    ht_prune_method best = HT_PRUNE_METHODS;
    for (int m = 0; m < HT_PRUNE_METHODS; m++)
        if (left >> m & 1 &&
            (best == HT_PRUNE_METHODS || ht_prune_at((ht_prune_method)m)->cost < ht_prune_at(best)->cost))
            best = (ht_prune_method)m;
    return best;
}

/* These methods, as while training runs, on so many samples, unless more are known of them. */
static bool look_on(look *l, unsigned methods, size_t samples)
{
    ht_prune_method m;
    bool again;
    l->samples.count = samples;
    for (unsigned left = methods; (m = cheapest(left)) < HT_PRUNE_METHODS;) {
        left &= ~(1u << m);
        if (l->self->current >> m & 1 || l->self->ahead[m] >= samples) continue;
        unsigned wanted = l->wanted;
        l->self->report.samples_next = (int)samples;
        publish(l);
        bool done = look_at_method(l, m);
        l->wanted = wanted;
        if (done) l->self->ahead[m] = samples;
        if (done) publish(l);
        ht_mailbox_asked(l->self->box, &again);
        if (disturbed(l) || (again && !done)) return false;
    }
    return true;
}

/* On all samples it takes its time, of a long text minutes: first all that is wanted on few, then on more and
 * more, so that something is there and becomes better. False when other weights are to be looked at. */
static bool look_ahead(look *l)
{
    ht_samples all = l->samples;
    unsigned methods = l->wanted | 1u << HT_PRUNE_NODE | 1u << l->snapshot->look.method;
    bool good = true;
    if (!l->thorough || !l->evaluating || all.count <= l->self->live) return true;
    l->thorough = false;
    for (size_t count = l->self->live; good && count < all.count; count *= MORE_AT_ONCE)
        good = look_on(l, methods, count);
    l->thorough = true;
    l->samples = all;
    l->self->report.samples_next = (int)all.count;
    if (good) publish(l);
    return good;
}

/* What is always looked at, each at its own pace: the tail, the node curve, the method of the settings. What
 * is there first is published first. False when something else is to be looked at before the rest. */
static bool look_always(look *l)
{
    ht_analyst *self = l->self;
    ht_prune_method leading = l->snapshot->look.method;
    bool known = self->current >> leading & 1; /* of these very weights; then the rest is, too */
    bool curve = method_wanted(l, HT_PRUNE_NODE, known);
    if (!look_at_units(l)) return false;
    if (weights_wanted(l, known)) {
        if (!look_at_weights(l)) return false;
        if (curve && !l->thorough) publish(l);
    }
    if (curve && (!look_ahead(l) || !look_at_method(l, HT_PRUNE_NODE))) return false;
    return leading == HT_PRUNE_NODE || !method_wanted(l, leading, known) || look_at_method(l, leading);
}

static void measure_speed(look *l)
{
    ht_error ignored;
    ht_samples some = l->samples;
    const ht_analysis_request *request = &l->snapshot->request;
    const ht_report *r = &l->self->report;
    bool known = !isnan(r->speed_up) && r->speed_method == request->speed &&
                 (isnan(request->ratio) ? r->speed_at_kappa : fabs(r->speed_ratio - request->ratio) < 1e-9);
    if (!request->timed || !l->thorough || known || disturbed(l)) return;
    ht_prune_spec spec = spec_of(l, request->speed);
    if (!isnan(request->ratio)) spec.ratio = request->ratio;
    l->self->report.speed_at_kappa = isnan(request->ratio);
    if (some.count > LIVE_SAMPLES) some.count = LIVE_SAMPLES;
    if (ht_analysis_speed(&l->self->report, l->snapshot->capture->net, &some, &spec, &ignored) == HT_OK)
        publish(l);
}

/* What is asked for is another text than the one there is, or more of it. */
static bool text_wanted(const look *l)
{
    const ht_text_look *text = &l->self->report.text;
    const ht_weight_snapshot *s = l->snapshot;
    bool same = text->looked && text->step == s->step && l->self->text_revision == s->revision;
    if (!s->request.text || s->capture->net->positions == 0) return false;
    if (text->temperature != s->request.temperature) return true;
    return same ? l->thorough && text->count < HT_TEXT_TOKENS : is_due(l, l->self->text_due);
}

/* Text, where it is shown, as much as a moment gives; `whole`: when training stands still the rest of it,
 * too, piece by piece. Then a rest by its share. */
static void look_at_text(look *l, bool whole)
{
    static const double moment = 0.25, period = 1;
    ht_analyst *self = l->self;
    const ht_weight_snapshot *s = l->snapshot;
    ht_text_look *text = &self->report.text;
    double began = ht_now(), start = ht_thread_now();
    bool again = false;
    if (!text_wanted(l)) return;
    if (self->text_revision != s->revision) *text = (ht_text_look){0};
    self->text_revision = s->revision;
    do {
        ht_error ignored;
        const ht_text_order order = {s->step, s->seconds, s->request.temperature, ht_text_prompt(self->data),
                                     ht_now() + moment};
        if (ht_text_look_make(text, s->capture->net, &order, &ignored) != HT_OK) break;
        publish(l);
        ht_mailbox_asked(self->box, &again);
    } while (whole && l->thorough && text->count < HT_TEXT_TOKENS && !again && !disturbed(l));
    self->text_due =
        ht_watch_due(s->settled, began, ht_thread_now() - start, self->pace.text * self->cores, period);
}

/* By rising cost. Ends when something else is asked for: the next snapshot then says what. */
static void look_at_the_rest(look *l)
{
    bool again = false;
    ht_prune_method m;
    for (unsigned left = l->wanted; (m = cheapest(left)) < HT_PRUNE_METHODS && !again && !disturbed(l);) {
        left &= ~(1u << m);
        if (look_at_method(l, m)) publish(l);
        ht_mailbox_asked(l->self->box, &again);
    }
}

/* The methods that the network can be pruned by. */
static unsigned possible(const ht_network *net)
{
    unsigned all = 0;
    for (int m = 0; m < HT_PRUNE_METHODS; m++)
        if (!ht_prune_refuses(net, (ht_prune_method)m)) all |= 1u << m;
    return all;
}

/* Cheap things first; each is published as soon as it is there. */
static void look_at(ht_analyst *self, const ht_weight_snapshot *snapshot)
{
    bool thorough = snapshot->settled || snapshot->request.thorough;
    const ht_network *net = snapshot->capture->net;
    bool evaluating = ht_network_hidden(net) > 1 || !ht_network_is_dense(net);
    look l = {self, snapshot, self->data->test, thorough, evaluating, 0, HT_PRUNE_NODE, ht_thread_now()};
    if (self->live == 0) self->live = evaluating ? FEW_SAMPLES : LIVE_SAMPLES;
    if (!thorough && l.samples.count > self->live) l.samples.count = self->live;
    self->pace = ht_watch_at(snapshot->effort, snapshot->fresh);
    if (evaluating) self->pace = ht_watch_evaluating(self->pace);
    begin(&l);
    self->report.refused = ((1u << HT_PRUNE_METHODS) - 1) & ~possible(net);
    /* While training runs only what is new in the request: it costs more than its share, but only once. */
    l.wanted = snapshot->request.methods & ~(thorough ? self->current : self->requested) & possible(net);
    look_at_text(&l, false);
    if (!look_always(&l)) return;
    publish(&l);
    look_at_text(&l, true);
    look_at_the_rest(&l);
    self->requested = snapshot->request.methods & ~l.wanted;
    if (self->report.samples_next > 0) {
        self->report.samples_next = 0;
        publish(&l);
    }
    measure_speed(&l);
}

/* Seconds until the next look is due while training runs. */
static double rest(const ht_analyst *self, const ht_weight_snapshot *snapshot)
{
    static const double least = 0.005;
    if (snapshot->request.thorough) return thorough_stays;
    return fmax(least, fmin(self->tail_due, self->method_due[HT_PRUNE_NODE]) - ht_now());
}

static void *analyst_main(void *argument)
{
    ht_analyst *self = argument;
    ht_weight_snapshot *snapshot;
    setpriority(PRIO_PROCESS, (id_t)gettid(), HT_WATCH_NICE);
    ht_cancel_by(ht_mailbox_closed(self->box));
    while ((snapshot = ht_mailbox_wait(self->box))) {
        look_at(self, snapshot);
        if (!snapshot->settled) ht_mailbox_sleep(self->box, rest(self, snapshot));
    }
    return NULL;
}

ht_analyst *ht_analyst_start(ht_mailbox *box, const ht_dataset *data, ht_triple *reports, int cores,
                             ht_error *err)
{
    ht_analyst *self = ht_alloc(1, sizeof *self, "the analyst", err);
    if (!self) return NULL;
    self->box = box;
    self->data = data;
    self->reports = reports;
    self->cores = cores;
    if (ht_thread_start(&self->thread, analyst_main, self, "the analyst's thread", err) == HT_OK) return self;
    ht_free(self);
    return NULL;
}

bool ht_analyst_gone(ht_analyst *self, double seconds)
{
    if (!self || self->gone) return true;
    ht_mailbox_close(self->box);
    self->gone = ht_thread_join_within(self->thread, seconds);
    return self->gone;
}

void ht_analyst_stop(ht_analyst *self)
{
    if (!self) return;
    ht_mailbox_close(self->box);
    if (!self->gone) pthread_join(self->thread, NULL);
    ht_free(self);
}
