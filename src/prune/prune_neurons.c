/* prune_neurons.c - node and random: whole neurons, by the norm of their rows or by lot. With prune.unit =
 * column it is prune_columns.c. */
#include <string.h>

#include "prune/prune_plan.h"

static ht_code prepare(ht_prune_plan *plan, ht_error *err)
{
    const ht_prune_spec *s = &plan->spec;
    for (int l = 0; l < plan->layers; l++) {
        plan->units[l] = plan->net->weights[l]->rows;
        if (ht_prune_order_rank(&plan->orders[l], plan->net->weights[l]->rows, plan->row_norm2[l], s->method,
                                s->metric, s->seed + (uint64_t)l, err) != HT_OK)
            return err->code;
    }
    return HT_OK;
}

static void release(ht_prune_plan *plan)
{
    (void)plan;
}

static ht_code project(const ht_prune_plan *plan, const ht_prune_cut cut[HT_WEIGHTS_MAX], ht_network *net,
                       int64_t removed[HT_WEIGHTS_MAX], double lost2[HT_WEIGHTS_MAX], ht_error *err)
{
    (void)err;
    for (int l = 0; l < plan->layers; l++) {
        size_t d = (size_t)net->weights[l]->columns;
        removed[l] = cut[l].removed;
        for (int64_t i = 0; i < removed[l]; i++) {
            size_t neuron = (size_t)plan->orders[l].neuron[i];
            memset(net->weights[l]->data + neuron * d, 0, d * sizeof(float));
            if (net->weights[l]->bias) net->weights[l]->bias->data[neuron] = 0;
            lost2[l] += plan->orders[l].norm2[i];
        }
    }
    return HT_OK;
}

/* Rows that are left, with the columns of what they read. */
static void measure(const ht_prune_plan *plan, int l, const int64_t removed[HT_WEIGHTS_MAX],
                    ht_prune_result *r)
{
    const ht_prune_reach *reach = &plan->reach;
    const ht_tensor *layer = plan->net->weights[l];
    int from = reach->from[l];
    int64_t rows = ht_prune_units_left(plan->net, reach, l, l < plan->layers ? removed[l] : 0);
    int64_t columns = layer->columns;
    if (from >= 0) columns = reach->each[l] * ht_prune_units_left(plan->net, reach, from, removed[from]);
    ht_prune_add_weights(r, (size_t)rows * (size_t)columns);
}

const ht_prune_ops ht_prune_neuron_ops = {
    .prepare = prepare,
    .release = release,
    .cut = ht_prune_cut_orders,
    .project = project,
    .measure = measure,
    .curve = ht_prune_exact_curve,
    .masks = true,
    .columns = &ht_prune_column_ops,
};
