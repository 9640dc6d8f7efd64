/* prune_plan.c - what a plan measures of its cuts, whatever the method. */
#include "prune/prune_plan.h"

#include <math.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "nn/layers/multiply_adds.h"

/* Of attention, queries, keys and values. */
static bool has_values(const ht_tensor *weight)
{
    return weight->heads > 0 && weight->rows == 3 * weight->columns;
}

ht_tensor ht_prune_part(const ht_prune_plan *plan, const ht_network *net, int l)
{
    ht_tensor part = *net->weights[l];
    if (!plan->ops->values || !has_values(&part)) return part;
    part.rows /= 3;
    part.data += 2 * ht_tensor_size(&part);
    return part;
}

bool ht_prune_takes_heads(const ht_prune_plan *plan, int l)
{
    return plan->ops->heads && has_values(plan->net->weights[l]);
}

void ht_prune_free_row_norms(ht_prune_plan *plan)
{
    for (int l = 0; l < HT_WEIGHTS_MAX; l++) {
        ht_free(plan->row_norm2[l]);
        plan->row_norm2[l] = NULL;
    }
}

void ht_prune_plan_free(ht_prune_plan *plan)
{
    if (plan->ops) plan->ops->release(plan);
    for (int l = 0; l < HT_WEIGHTS_MAX; l++) ht_prune_order_free(&plan->orders[l]);
    ht_prune_free_row_norms(plan);
    *plan = (ht_prune_plan){0};
}

static const char *unit_word(const ht_tensor *weight, ht_prune_words words)
{
    return weight->flags & HT_TENSOR_FILTERS ? words.filters : words.dense;
}

/* Of one layer. */
static const char *unit_at(const ht_prune_plan *plan, int l)
{
    return ht_prune_takes_heads(plan, l) ? "heads" : unit_word(plan->net->weights[l], plan->words);
}

static const char *units_word(const ht_prune_plan *plan)
{
    const char *first = NULL;
    for (int l = 0; l < plan->layers; l++) {
        if (!plan->acts[l]) continue;
        if (first && unit_at(plan, l) != first) return "units";
        first = unit_at(plan, l);
    }
    return first ? first : plan->words.dense;
}

const char *ht_prune_units_word(const ht_network *net, ht_prune_words words)
{
    const char *first = unit_word(net->weights[0], words);
    for (int w = 1; w < ht_network_hidden(net); w++)
        if (unit_word(net->weights[w], words) != first) return "units";
    return first;
}

void ht_prune_add_weights(ht_prune_result *r, size_t weights)
{
    r->parameters_left += weights;
    r->bytes_left += weights * sizeof(float);
}

static void measure_sizes(const ht_prune_plan *plan, const int64_t removed[HT_WEIGHTS_MAX],
                          ht_prune_result *r)
{
    r->parameters = ht_network_parameters(plan->net);
    r->bytes = r->parameters * sizeof(float);
    r->multiply_adds = ht_multiply_adds_whole(plan->net);
    for (int l = 0; l < plan->net->weight_count; l++) {
        size_t before = r->parameters_left;
        plan->ops->measure(plan, l, removed, r);
        r->multiply_adds_left +=
            (double)(r->parameters_left - before) * (double)ht_weight_places(plan->net, l);
    }
}

ht_prune_result ht_prune_plan_result(const ht_prune_plan *plan, const int64_t removed[HT_WEIGHTS_MAX],
                                     const double lost2[HT_WEIGHTS_MAX])
{
    ht_prune_result r = {.unit = units_word(plan), .layer_count = plan->layers};
    double lost = 0, total = 0;
    for (int l = 0; l < plan->layers; l++) {
        double share = ht_prune_lost(lost2[l], plan->norm2[l]);
        int64_t held = plan->ops->masks && plan->reach.held[l] ? removed[l] : 0;
        if (!plan->acts[l]) continue;
        r.layers[l] = (ht_prune_layer){unit_at(plan, l), plan->units[l], removed[l], held,
                                       ht_prune_error(plan->spec.metric, share)};
        r.units += plan->units[l];
        r.removed += removed[l];
        r.held += held;
        r.error = fmax(r.error, r.layers[l].error);
        lost += lost2[l];
        total += plan->norm2[l];
    }
    if (plan->joint) r.error = ht_prune_error(plan->spec.metric, ht_prune_lost(lost, total));
    r.ratio = (double)r.removed / (double)r.units;
    measure_sizes(plan, removed, &r);
    return r;
}

ht_code ht_prune_plan_apply(const ht_prune_plan *plan, double ratio, ht_network *net, ht_prune_result *result,
                            ht_error *err)
{
    ht_prune_cut cut[HT_WEIGHTS_MAX] = {{0}};
    int64_t removed[HT_WEIGHTS_MAX] = {0};
    double lost2[HT_WEIGHTS_MAX] = {0};
    if (plan->ops->cut(plan, ratio, cut, err) != HT_OK) return err->code;
    if (plan->ops->project(plan, cut, net, removed, lost2, err) != HT_OK) return err->code;
    *result = ht_prune_plan_result(plan, removed, lost2);
    return ht_still_wanted(err);
}

ht_code ht_prune_plan_mask(const ht_prune_plan *plan, double ratio, ht_prune_mask *mask,
                           ht_prune_result *result, ht_error *err)
{
    ht_prune_cut cut[HT_WEIGHTS_MAX] = {{0}};
    int64_t removed[HT_WEIGHTS_MAX] = {0};
    double lost2[HT_WEIGHTS_MAX] = {0};
    size_t total = 0, used = 0;
    if (plan->ops->cut(plan, ratio, cut, err) != HT_OK) return err->code;
    for (int l = 0; l < plan->layers; l++) total += (size_t)plan->units[l];
    if (!mask->block) mask->block = ht_alloc(total, sizeof *mask->block, "the pruning mask", err);
    if (!mask->block) return HT_FAIL;
    for (int l = 0; l < plan->layers; l++) {
        const ht_prune_order *order = &plan->orders[l];
        if (!plan->acts[l]) continue;
        float *keep = mask->block + used;
        mask->keep[l] = keep;
        used += (size_t)order->count;
        removed[l] = cut[l].removed;
        for (int i = 0; i < order->count; i++) {
            keep[order->neuron[i]] = i < removed[l] ? 0.0f : 1.0f;
            lost2[l] += i < removed[l] ? order->norm2[i] : 0;
        }
    }
    *result = ht_prune_plan_result(plan, removed, lost2);
    return HT_OK;
}
