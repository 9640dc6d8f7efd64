#include "engine/analyst.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/thread.h"
#include "math/select.h"

/* Samples the pruning curve is evaluated on while training runs; all of them once it stands still. */
enum { LIVE_SAMPLES = 1000 };
static const double share = 0.006; /* of the machine that analysis may take from training: with the screen
                                      and the evaluations less than 3 % */

struct ht_analyst {
    pthread_t thread;
    ht_mailbox *box;
    const ht_dataset *data;
    ht_triple *reports;
    int cores;
};

/* P(‖w‖ > x) at ranks spaced evenly in the logarithm, so that the tail has as many points as the bulk. */
static ht_code norms(ht_report *report, const ht_tap *tap, ht_error *err)
{
    size_t n = (size_t)tap->net->layers[0].rows;
    double *norm = ht_alloc(n, sizeof *norm, "the neuron norms", err);
    if (!norm) return HT_FAIL;
    for (size_t i = 0; i < n; i++) norm[i] = sqrt(tap->norm2[i]);
    qsort(norm, n, sizeof *norm, ht_by_double);
    size_t last = 0;
    for (int i = 0; i < HT_REPORT_NORMS; i++) {
        /* `above` norms are at least as large as the one shown: from all n down to 1. */
        double position = (double)i / (HT_REPORT_NORMS - 1);
        size_t above = (size_t)llround(pow((double)n, 1 - position));
        if (above == last || norm[n - above] <= 0) continue;
        last = above;
        report->norm[report->norms] = norm[n - above];
        report->norm_above[report->norms++] = (double)above / (double)n;
    }
    ht_free(norm);
    return HT_OK;
}

/* At most HT_REPORT_CURVE points of the curve, with both ends and the one at κ. */
static void thin_curve(ht_report *report, const ht_prune_curve *curve, int kappa)
{
    int wanted = HT_REPORT_CURVE - 1, last = curve->count - 1;
    if (curve->count <= HT_REPORT_CURVE) wanted = curve->count;
    bool has_kappa = false;
    for (int i = 0; i < wanted; i++) {
        int k = wanted > 1 ? (int)((long long)last * i / (wanted - 1)) : 0;
        if (!has_kappa && k > kappa) report->curve[report->curve_count++] = curve->points[kappa];
        has_kappa = has_kappa || k >= kappa;
        report->curve[report->curve_count++] = curve->points[k];
    }
}

static ht_code pruning(ht_report *report, const ht_network *net, const ht_samples *samples,
                       const ht_prune_spec *look, ht_error *err)
{
    ht_prune_curve curve;
    if (ht_prune_curve_make(&curve, net, samples, look, NULL, err) != HT_OK) return err->code;
    thin_curve(report, &curve, (int)(ht_prune_curve_at(&curve, curve.at.ratio) - curve.points));
    report->full = curve.points[0];
    report->pruned = curve.at;
    report->width = (int)curve.units;
    report->removed = (int)curve.at.removed;
    report->samples = (int)samples->count;
    report->method = look->method;
    report->metric = look->metric;
    report->error = look->error;
    ht_prune_curve_free(&curve);
    return HT_OK;
}

ht_code ht_analyze(ht_report *report, const ht_tap *tap, const ht_samples *samples, const ht_prune_spec *look,
                   ht_error *err)
{
    const ht_layer *first = &tap->net->layers[0];
    memset(report, 0, sizeof *report);
    ht_sizes sizes = ht_network_sizes(tap->net);
    report->histogram = tap->histogram[0];
    report->left = (double)sizes.above_epsilon / (double)sizes.weights;
    report->tail = ht_tail_summarize(first->weight, ht_layer_size(first));
    ht_code code = norms(report, tap, err);
    return code == HT_OK ? pruning(report, tap->net, samples, look, err) : code;
}

static void *analyst_main(void *argument)
{
    ht_analyst *self = argument;
    ht_letter *letter;
    uint64_t count = 0;
    setpriority(PRIO_PROCESS, (id_t)gettid(), 10);
    while ((letter = ht_mailbox_wait(self->box))) {
        ht_error err;
        ht_samples samples = self->data->test;
        ht_report *report = ht_triple_back(self->reports);
        double start = ht_thread_now();
        if (!letter->settled && samples.count > LIVE_SAMPLES) samples.count = LIVE_SAMPLES;
        letter->look.calibration = &self->data->train;
        if (ht_analyze(report, letter->tap, &samples, &letter->look, &err) == HT_OK) {
            report->count = ++count;
            report->step = letter->step;
            report->generation = letter->generation;
            report->samples_of = (int)self->data->test.count;
            report->milliseconds = 1e3 * (ht_thread_now() - start);
            ht_triple_publish(self->reports);
        }
        double cost = ht_thread_now() - start;
        if (!letter->settled) ht_mailbox_sleep(self->box, cost / (share * self->cores));
    }
    return NULL;
}

ht_analyst *ht_analyst_start(ht_mailbox *box, const ht_dataset *data, ht_triple *reports, int cores,
                             ht_error *err)
{
    ht_analyst *self = ht_alloc(1, sizeof *self, "the analyst", err);
    if (!self) return NULL;
    *self = (ht_analyst){.box = box, .data = data, .reports = reports, .cores = cores};
    if (ht_thread_start(&self->thread, analyst_main, self, "the analyst's thread", err) == HT_OK) return self;
    ht_free(self);
    return NULL;
}

void ht_analyst_stop(ht_analyst *self)
{
    if (!self) return;
    ht_mailbox_close(self->box);
    pthread_join(self->thread, NULL);
    ht_free(self);
}
