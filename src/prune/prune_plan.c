/* prune_plan.c - what a plan measures of its cuts, whatever the method. */
#include "prune/prune_plan.h"

#include <math.h>

#include "base/alloc.h"
#include "base/cancel.h"

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
    for (int l = 0; l < plan->net->weight_count; l++) plan->ops->measure(plan, l, removed, r);
}

ht_prune_result ht_prune_plan_result(const ht_prune_plan *plan, const int64_t removed[HT_WEIGHTS_MAX],
                                     const double lost2[HT_WEIGHTS_MAX])
{
    ht_prune_result r = {.unit = ht_prune_unit(plan->net, plan->spec.method), .layer_count = plan->layers};
    double lost = 0, total = 0;
    for (int l = 0; l < plan->layers; l++) {
        double share = ht_prune_lost(lost2[l], plan->norm2[l]);
        int64_t held = plan->ops->masks && plan->reach.held[l] ? removed[l] : 0;
        r.layers[l] =
            (ht_prune_layer){ht_prune_layer_unit(plan->net->weights[l], plan->spec.method), plan->units[l],
                             removed[l], held, ht_prune_error(plan->spec.metric, share)};
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
