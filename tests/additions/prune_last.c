/* prune_last.c - last: neurons from the last to the first. */
#include <string.h>

#include "prune/prune_plan.h"

static ht_code prepare(ht_prune_plan *plan, ht_error *err)
{
    for (int l = 0; l < plan->layers; l++) {
        ht_prune_order *order = &plan->orders[l];
        int rows = plan->net->weights[l]->rows;
        double total = 0;
        plan->units[l] = rows;
        if (ht_prune_order_alloc(order, rows, err) != HT_OK) return err->code;
        for (int i = 0; i < rows; i++) {
            order->neuron[i] = rows - 1 - i;
            order->key[i] = i;
            order->norm2[i] = plan->row_norm2[l][rows - 1 - i];
            total += order->norm2[i];
        }
        ht_prune_order_errors(order, total, plan->spec.metric);
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
        size_t columns = (size_t)net->weights[l]->columns;
        removed[l] = cut[l].removed;
        for (int64_t i = 0; i < removed[l]; i++) {
            size_t neuron = (size_t)plan->orders[l].neuron[i];
            memset(net->weights[l]->data + neuron * columns, 0, columns * sizeof(float));
            lost2[l] += plan->orders[l].norm2[i];
        }
    }
    return HT_OK;
}

static void measure(const ht_prune_plan *plan, int l, const int64_t removed[HT_WEIGHTS_MAX],
                    ht_prune_result *r)
{
    const ht_tensor *layer = plan->net->weights[l];
    size_t rows = (size_t)layer->rows - (l < ht_network_hidden(plan->net) ? (size_t)removed[l] : 0);
    ht_prune_add_weights(r, rows * (size_t)layer->columns);
}

const ht_prune_ops ht_prune_last_ops = {
    .prepare = prepare,
    .release = release,
    .cut = ht_prune_cut_orders,
    .project = project,
    .measure = measure,
};
