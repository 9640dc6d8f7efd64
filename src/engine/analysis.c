#include "engine/analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "prune/prune_plan.h"

/* ---- weights ---- */

/* P(‖w‖ > x) at ranks spaced evenly in the logarithm, so that the tail has as many points as the bulk. */
static void fill_norms(ht_glimpse *glimpse, const double *norm2, size_t n)
{
    size_t last = 0;
    glimpse->norms = 0;
    for (int i = 0; i < HT_REPORT_NORMS; i++) {
        /* `above` norms are at least as large as the one shown: from all n down to 1. */
        double position = (double)i / (HT_REPORT_NORMS - 1);
        size_t above = (size_t)llround(pow((double)n, 1 - position));
        if (above == last || norm2[n - above] <= 0) continue;
        last = above;
        glimpse->norm[glimpse->norms] = sqrt(norm2[n - above]);
        glimpse->norm_above[glimpse->norms++] = (double)above / (double)n;
    }
}

/* What ht_prune_try would say of these norms, and what of it falls on each layer: no evaluation is needed. */
static ht_code fill_kappa(ht_glimpse *glimpse, const ht_prune_plan *plan, ht_error *err)
{
    ht_prune_cut cut[HT_WEIGHTS_MAX] = {{0}};
    double lost = 0, total = 0;
    if (ht_prune_cut_orders(plan, plan->spec.ratio, cut, err) != HT_OK) return HT_FAIL;
    for (int l = 0; l < plan->layers; l++) {
        const ht_prune_order *order = &plan->orders[l];
        int removed = (int)cut[l].removed;
        glimpse->of[l].removed = removed;
        glimpse->of[l].error = order->error[removed];
        glimpse->kappa.units += order->count;
        glimpse->kappa.removed += removed;
        glimpse->kappa.error = fmax(glimpse->kappa.error, order->error[removed]);
        for (int k = 0; k < removed; k++) lost += order->norm2[k];
        total += plan->norm2[l];
    }
    if (plan->joint) glimpse->kappa.error = ht_prune_error(plan->spec.metric, ht_prune_lost(lost, total));
    return HT_OK;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The norms of the picked layer, or of all units together. */
static ht_code take_norms(ht_glimpse *glimpse, const ht_prune_plan *plan, const ht_capture *capture,
                          ht_error *err)
{
    if (capture->layer != HT_ALL_LAYERS) {
        const ht_prune_order *order = &plan->orders[capture->layer];
        if (order->norm2) fill_norms(glimpse, order->norm2, (size_t)order->count);
        return HT_OK;
    }
    size_t count = (size_t)capture->first[capture->hidden];
    double *norm2 = ht_alloc(count, sizeof *norm2, "the norms of units", err);
    if (!norm2) return HT_FAIL;
    memcpy(norm2, capture->norm2, count * sizeof *norm2);
    qsort(norm2, count, sizeof *norm2, rising);
    fill_norms(glimpse, norm2, count);
    ht_free(norm2);
    return HT_OK;
}

/* Each layer's units by their norms; a plan of nothing but these. */
static ht_code rank_layers(ht_prune_plan *plan, const ht_capture *capture, const ht_prune_spec *look,
                           ht_error *err)
{
    *plan = (ht_prune_plan){.spec = *look, .joint = look->scope == HT_PRUNE_GLOBAL};
    for (; plan->layers < capture->hidden; plan->layers++) {
        int l = plan->layers, count = capture->first[l + 1] - capture->first[l];
        ht_prune_order *order = &plan->orders[l];
        const double *norm2 = capture->norm2 + capture->first[l];
        if (ht_prune_order_rank(order, count, norm2, norm2, look->metric, err) != HT_OK) return HT_FAIL;
        plan->units[l] = count;
        for (int i = 0; i < count; i++) plan->norm2[l] += order->norm2[i];
    }
    return HT_OK;
}

ht_code ht_analysis_glimpse(ht_glimpse *glimpse, const ht_capture *capture, const ht_prune_spec *look,
                            ht_error *err)
{
    ht_prune_plan plan;
    glimpse->layer = capture->layer;
    glimpse->histogram = capture->histogram[0];
    glimpse->wanted = look->error;
    glimpse->metric = look->metric;
    glimpse->kappa.units = glimpse->kappa.removed = 0;
    glimpse->kappa.error = 0;
    glimpse->layers = capture->hidden;
    for (int l = 0; l < capture->hidden; l++)
        glimpse->of[l] = (ht_glimpse_layer){.units = capture->first[l + 1] - capture->first[l],
                                            .columns = capture->columns[l],
                                            .window = {capture->window[l][0], capture->window[l][1]},
                                            .heads = capture->heads[l],
                                            .no_units = !capture->prunable[l]};
    ht_code code = rank_layers(&plan, capture, look, err);
    if (code == HT_OK) code = take_norms(glimpse, &plan, capture, err);
    bool known = look->method == HT_PRUNE_NODE && look->side == HT_PRUNE_ROWS;
    if (code == HT_OK && known && (capture->units || !plan.joint)) code = fill_kappa(glimpse, &plan, err);
    if (!capture->units)
        glimpse->kappa.units = glimpse->kappa.removed = 0; /* of the layers with units alone */
    for (int l = 0; l < plan.layers; l++) ht_prune_order_free(&plan.orders[l]);
    return code;
}

void ht_analysis_weights(ht_report *report, const ht_network *net)
{
    ht_sizes sizes = ht_network_sizes(net);
    report->left = (double)sizes.above_epsilon / (double)sizes.weights;
    report->large = (double)sizes.above_1e4 / (double)sizes.weights;
    report->parameters = ht_network_parameters(net);
}

/* ---- methods ---- */

/* At most HT_REPORT_CURVE points of the curve, with both ends and the one at κ; those that have a loss, where
 * there are more. */
static void thin_curve(ht_prune_look *look, const ht_prune_curve *curve, int kappa)
{
    bool all = curve->count <= HT_REPORT_CURVE;
    int with_loss = 0, seen = 0, taken = 0;
    for (int k = 0; k < curve->count; k++) with_loss += isfinite(curve->points[k].loss);
    int wanted = with_loss < HT_REPORT_CURVE ? with_loss : HT_REPORT_CURVE - 1;
    look->count = 0;
    for (int k = 0; k < curve->count; k++) {
        bool lossy = isfinite(curve->points[k].loss), end = k == 0 || k == curve->count - 1;
        bool due = lossy && wanted > 1 && seen >= (long)(with_loss - 1) * taken / (wanted - 1);
        seen += lossy;
        taken += due;
        if (all || end || due || k == kappa) look->points[look->count++] = curve->points[k];
    }
}

/* What is drawn of the units of this layer, and how large it is. */
static void choose_drawn(ht_strongest *s, const ht_network *net)
{
    const ht_tensor *layer = net->weights[s->layer];
    int places = layer->window[0] * layer->window[1], channels = places ? layer->columns / places : 0;
    bool of_input = s->layer == 0 && channels == net->input.channels && channels == 3;
    s->drawn = !places         ? HT_DRAWN_WEIGHTS
               : channels == 1 ? HT_DRAWN_KERNEL
               : of_input      ? HT_DRAWN_COLOURS
                               : HT_DRAWN_NORMS;
    s->values = s->drawn == HT_DRAWN_NORMS ? places : layer->columns;
    if (s->values > HT_REPORT_INPUTS) s->values = 0;
    s->height = layer->window[0];
    s->width = layer->window[1];
    int room = s->values ? HT_REPORT_VALUES / s->values : HT_REPORT_UNITS,
        most = s->drawn == HT_DRAWN_WEIGHTS ? HT_REPORT_NEURONS : HT_REPORT_UNITS;
    if (most > room) most = room;
    s->of = layer->rows;
    s->count = layer->rows < most ? layer->rows : most;
}

static void draw_unit(const ht_strongest *s, const ht_tensor *layer, int unit, float *to)
{
    const float *w = layer->data + (size_t)unit * (size_t)layer->columns;
    if (s->drawn != HT_DRAWN_NORMS) {
        memcpy(to, w, (size_t)s->values * sizeof *to);
        return;
    }
    for (int i = 0; i < s->values; i++) {
        double sum = 0;
        for (int j = i; j < layer->columns; j += s->values) sum += (double)w[j] * (double)w[j];
        to[i] = (float)sqrt(sum);
    }
}

/* The last to go by norm. What other methods had of the strongest before is of other units. */
static void fill_strongest(ht_report *report, const ht_prune_order *order, const ht_network *net)
{
    ht_strongest *s = &report->strongest;
    choose_drawn(s, net);
    for (int i = 0; i < s->count; i++) {
        int k = order->count - 1 - i;
        s->unit[i] = order->neuron[k];
        s->norm[i] = (float)sqrt(order->norm2[k]);
        draw_unit(s, net->weights[s->layer], s->unit[i], s->value + (size_t)i * (size_t)s->values);
    }
    for (int m = 0; m < HT_PRUNE_METHODS; m++)
        for (int i = 0; i < HT_REPORT_UNITS; i++) report->look[m].goes[i] = (double)INFINITY;
}

/* Units in the order in which the method takes them. */
static void fill_order(ht_prune_look *look, const ht_strongest *strongest, const ht_prune_order *order)
{
    int n = order->count;
    look->groups = n < HT_REPORT_STRIP ? n : HT_REPORT_STRIP;
    memset(look->group, 0, sizeof look->group);
    for (int k = 0; k < n; k++) {
        float *group = &look->group[(long long)k * look->groups / n];
        *group = fmaxf(*group, (float)sqrt(order->norm2[k]));
        for (int i = 0; i < strongest->count; i++)
            if (order->neuron[k] == strongest->unit[i]) look->goes[i] = (double)(k + 1) / n;
    }
}

/* Of all layers the first whose rows are units. */
int ht_analysis_drawn(const ht_network *net, int layer)
{
    if (layer != HT_ALL_LAYERS) return layer;
    for (int l = 0; l < ht_network_hidden(net); l++)
        if (net->weights[l]->flags & HT_TENSOR_PRUNABLE) return l;
    return 0;
}

static ht_code analysis_order(ht_report *report, const ht_network *net, const ht_prune_spec *spec,
                              ht_error *err)
{
    ht_prune_order order;
    int layer = report->strongest.layer;
    if (!ht_prune_ranks_rows(spec->method)) return HT_OK;
    if (ht_prune_order_make(&order, net->weights[layer], spec->method, spec->metric,
                            spec->seed + (uint64_t)layer, err) != HT_OK)
        return err->code;
    if (spec->method == HT_PRUNE_NODE) fill_strongest(report, &order, net);
    if (spec->side == HT_PRUNE_ROWS)
        fill_order(&report->look[spec->method], &report->strongest, &order);
    else
        report->look[spec->method].groups = 0; /* no neuron goes */
    ht_prune_order_free(&order);
    return HT_OK;
}

ht_code ht_analysis_units(ht_report *report, const ht_network *net, const ht_prune_spec *spec, int layer,
                          ht_error *err)
{
    ht_prune_spec own = *spec;
    report->strongest.layer = ht_analysis_drawn(net, layer);
    own.method = HT_PRUNE_NODE;
    if (analysis_order(report, net, &own, err) != HT_OK) return err->code;
    own.method = HT_PRUNE_RANDOM;
    bool known = report->look[HT_PRUNE_RANDOM].groups > 0;
    return known ? analysis_order(report, net, &own, err) : HT_OK;
}

static void lead(ht_report *report, const ht_prune_curve *curve, const ht_prune_spec *spec, int samples)
{
    report->full = curve->points[0];
    report->pruned = curve->at;
    report->width = (int)curve->units;
    report->removed = (int)curve->at.removed;
    report->samples = samples;
    report->method = spec->method;
    report->metric = spec->metric;
    report->error = spec->error;
}

ht_code ht_analysis_method(ht_report *report, const ht_network *net, const ht_samples *samples,
                           const ht_prune_spec *spec, bool leads, ht_error *err)
{
    ht_prune_curve curve;
    ht_prune_look *look = &report->look[spec->method];
    if (ht_prune_curve_make(&curve, net, samples, spec, NULL, err) != HT_OK) return err->code;
    ht_code code = analysis_order(report, net, spec, err);
    if (code == HT_OK) {
        thin_curve(look, &curve, (int)(ht_prune_curve_at(&curve, curve.at.ratio) - curve.points));
        look->at = curve.at;
        look->reading = ht_prune_read(&curve);
        look->units = curve.units;
        look->unit = curve.unit;
        look->samples = (int)samples->count;
        look->step = report->step;
        look->seconds = report->seconds;
        if (leads) lead(report, &curve, spec, look->samples);
    }
    ht_prune_curve_free(&curve);
    return code;
}

/* ---- speed ---- */

ht_code ht_analysis_speed(ht_report *report, const ht_network *net, const ht_samples *samples,
                          const ht_prune_spec *spec, ht_error *err)
{
    ht_prune_result result = {0};
    ht_network *small = NULL;
    double seconds[2] = {0};
    ht_code code = ht_prune_try(&result, net, NULL, NULL, spec, NULL, &small, err);
    if (code == HT_OK) code = ht_prune_speed(net, small, samples, NULL, seconds, err);
    ht_network_free(small);
    if (code != HT_OK) return code;
    report->speed_method = spec->method;
    report->speed_ratio = result.ratio;
    report->speed_up = seconds[0] / seconds[1];
    return HT_OK;
}
