/* prune_neurons.c - node, norm-l1 and random: whole neurons, by a norm of their rows or by lot. With
 * prune.unit = column it is prune_columns.c. */
#include <string.h>

#include "base/alloc.h"
#include "prune/prune_plan.h"

static ht_code rank(ht_prune_plan *plan, int l, ht_error *err)
{
    const ht_prune_spec *s = &plan->spec;
    const ht_tensor *layer = plan->net->weights[l];
    double *key = ht_alloc((size_t)layer->rows, sizeof *key, "the pruning order", err);
    if (!key) return HT_FAIL;
    ht_prune_row_keys(layer, s->method, s->seed + (uint64_t)l, plan->pool, key);
    ht_code code =
        ht_prune_order_rank(&plan->orders[l], layer->rows, key, plan->row_norm2[l], s->metric, err);
    ht_free(key);
    return code;
}

/* Heads by their rows of queries, keys and values: a head's key is the sum of theirs. */
static ht_code rank_heads(ht_prune_plan *plan, int l, ht_error *err)
{
    const ht_prune_spec *s = &plan->spec;
    const ht_tensor *layer = plan->net->weights[l];
    size_t heads = (size_t)layer->heads, rows = (size_t)layer->rows, own = rows / 3 / heads;
    double *key = ht_alloc(rows + 2 * heads, sizeof *key, "the pruning order", err);
    if (!key) return HT_FAIL;
    double *of_head = key + rows, *norm2 = of_head + heads;
    ht_prune_row_keys(layer, s->method, s->seed + (uint64_t)l, plan->pool, key);
    for (size_t r = 0; r < rows; r++) {
        size_t head = r % (rows / 3) / own;
        of_head[head] += key[r];
        norm2[head] += plan->row_norm2[l][r];
    }
    ht_code code = ht_prune_order_rank(&plan->orders[l], layer->heads, of_head, norm2, s->metric, err);
    ht_free(key);
    return code;
}

static ht_code prepare(ht_prune_plan *plan, ht_error *err)
{
    for (int l = 0; l < plan->layers; l++) {
        const ht_tensor *layer = plan->net->weights[l];
        bool heads = ht_prune_takes_heads(plan, l);
        if (!plan->acts[l]) continue;
        plan->units[l] = heads ? layer->heads : layer->rows;
        if ((heads ? rank_heads : rank)(plan, l, err) != HT_OK) return err->code;
    }
    return HT_OK;
}

static void release(ht_prune_plan *plan)
{
    (void)plan;
}

static void zero_rows(ht_tensor *layer, size_t first, size_t count)
{
    size_t d = (size_t)layer->columns;
    memset(layer->data + first * d, 0, count * d * sizeof(float));
    if (layer->bias) memset(layer->bias->data + first, 0, count * sizeof(float));
}

/* A head gives 0 without its values; what projects it, the matrix behind, no longer reads it. */
static void zero_head(ht_tensor *layer, ht_tensor *projection, size_t head)
{
    size_t d = (size_t)layer->columns, own = d / (size_t)layer->heads;
    for (size_t third = 0; third < 3; third++) zero_rows(layer, third * d + head * own, own);
    for (size_t r = 0; r < (size_t)projection->rows; r++)
        memset(projection->data + r * d + head * own, 0, own * sizeof(float));
}

ht_code ht_prune_project_rows(const ht_prune_plan *plan, const ht_prune_cut cut[HT_WEIGHTS_MAX],
                              ht_network *net, int64_t removed[HT_WEIGHTS_MAX], double lost2[HT_WEIGHTS_MAX],
                              ht_error *err)
{
    (void)err;
    for (int l = 0; l < plan->layers; l++) {
        removed[l] = cut[l].removed;
        for (int64_t i = 0; i < removed[l]; i++) {
            size_t neuron = (size_t)plan->orders[l].neuron[i];
            if (ht_prune_takes_heads(plan, l))
                zero_head(net->weights[l], net->weights[l + 1], neuron);
            else
                zero_rows(net->weights[l], neuron, 1);
            lost2[l] += plan->orders[l].norm2[i];
        }
    }
    return HT_OK;
}

void ht_prune_measure_rows(const ht_prune_plan *plan, int l, const int64_t removed[HT_WEIGHTS_MAX],
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
    .project = ht_prune_project_rows,
    .measure = ht_prune_measure_rows,
    .curve = ht_prune_exact_curve,
    .heads = true,
    .masks = true,
    .columns = &ht_prune_column_ops,
};
