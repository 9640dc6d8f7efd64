/* prune_further.c - a share of what is left, again and again: what Occam gradient descent does between
 * epochs. */
#include <string.h>

#include "base/alloc.h"
#include "prune/prune_plan.h"

/* ---- what is gone ---- */

static bool is_zero(const ht_tensor *weight, size_t row)
{
    const float *w = weight->data + row * (size_t)weight->columns;
    for (int j = 0; j < weight->columns; j++)
        if (w[j] != 0) return false;
    return true;
}

static int64_t zero_weights(const ht_tensor *weight)
{
    int64_t count = 0;
    for (size_t i = 0; i < ht_tensor_size(weight); i++) count += weight->data[i] == 0;
    return count;
}

/* Puts the rows of zeros first in the order, each part as it was. Returns how many they are; -1: no memory.
 */
static int64_t gone_first(const ht_tensor *weight, ht_prune_order *order, ht_error *err)
{
    ht_prune_order sorted;
    int to = 0, gone = 0;
    if (ht_prune_order_alloc(&sorted, order->count, err) != HT_OK) return -1;
    for (int zero = 1; zero >= 0; zero--) {
        for (int i = 0; i < order->count; i++) {
            if (is_zero(weight, (size_t)order->neuron[i]) != zero) continue;
            sorted.neuron[to] = order->neuron[i];
            sorted.key[to] = order->key[i];
            sorted.norm2[to++] = order->norm2[i];
        }
        if (zero) gone = to;
    }
    ht_prune_order_free(order);
    *order = sorted;
    return gone;
}

/* ---- how far ---- */

static int64_t further(int64_t units, int64_t gone, double share)
{
    return gone + ht_prune_floor(share, units - gone);
}

/* A ratio of which ht_prune_floor makes `count`. */
static double ratio_of(int64_t count, int64_t units)
{
    return count == units ? 1 : ((double)count + 0.5) / (double)units;
}

/* Rows, in the order that the plan has. */
static ht_code cut_rows(ht_prune_plan *plan, double share, ht_prune_cut cut[HT_WEIGHTS_MAX], ht_error *err)
{
    for (int l = 0; l < plan->layers; l++) {
        int64_t gone = gone_first(plan->net->weights[l], &plan->orders[l], err);
        if (gone < 0) return err->code;
        cut[l].removed = further(plan->units[l], gone, share);
    }
    return HT_OK;
}

/* Weights by their scores, which are least for zeros; each layer has a ratio of its own. */
static ht_code cut_weights(ht_prune_plan *plan, double share, ht_prune_cut cut[HT_WEIGHTS_MAX], ht_error *err)
{
    int64_t units = 0, gone = 0;
    for (int l = 0; l < plan->layers; l++)
        units += plan->units[l], gone += zero_weights(plan->net->weights[l]);
    if (plan->joint) return plan->ops->cut(plan, ratio_of(further(units, gone, share), units), cut, err);
    for (int l = 0; l < plan->layers; l++) {
        ht_prune_cut all[HT_WEIGHTS_MAX] = {{0}};
        int64_t goes = further(plan->units[l], zero_weights(plan->net->weights[l]), share);
        if (plan->ops->cut(plan, ratio_of(goes, plan->units[l]), all, err) != HT_OK) return err->code;
        cut[l] = all[l];
    }
    return HT_OK;
}

/* ---- what goes along ---- */

/* The columns that read nothing but units which give 0. */
static void clear_readers(const ht_prune_plan *plan, ht_network *net)
{
    for (int w = 0; w < net->weight_count; w++) {
        ht_tensor *reader = net->weights[w];
        int from = plan->reach.from[w];
        size_t each = (size_t)plan->reach.each[w], columns = (size_t)reader->columns;
        for (size_t u = 0; from >= 0 && u < (size_t)net->weights[from]->rows; u++) {
            const ht_tensor *unit = net->weights[from];
            if (!is_zero(unit, u) || (unit->bias && unit->bias->data[u] != 0)) continue;
            for (size_t r = 0; r < (size_t)reader->rows; r++)
                memset(reader->data + r * columns + u * each, 0, each * sizeof(float));
        }
    }
}

ht_code ht_prune_further(ht_network *net, const ht_prune_spec *spec, double share, struct ht_pool *pool,
                         ht_error *err)
{
    ht_prune_plan plan;
    ht_prune_cut cut[HT_WEIGHTS_MAX] = {{0}};
    int64_t removed[HT_WEIGHTS_MAX] = {0};
    double lost2[HT_WEIGHTS_MAX] = {0};
    const char *unlasting = ht_prune_unlasting(spec->method);
    if (unlasting)
        return ht_error_set(err, HT_USAGE, "pruning by %s step by step is not possible: %s",
                            ht_prune_at(spec->method)->name, unlasting);
    ht_code code = ht_prune_plan_make(&plan, net, spec, pool, err);
    bool rows = code == HT_OK && plan.ops->masks;
    if (code == HT_OK) code = (rows ? cut_rows : cut_weights)(&plan, share, cut, err);
    if (code == HT_OK) code = plan.ops->project(&plan, cut, net, removed, lost2, err);
    if (code == HT_OK && rows) clear_readers(&plan, net);
    ht_prune_plan_free(&plan);
    return code;
}
