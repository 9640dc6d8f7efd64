#include "link/compare.h"

#include <math.h>

#include "num/summary.h"

ht_method_need ht_method_need_of(const ht_method_state *method)
{
    double kept[HT_METHOD_SEEDS] = {0}, compute[HT_METHOD_SEEDS] = {0}, accuracy[HT_METHOD_SEEDS] = {0};
    ht_method_need need = {0};
    size_t known = 0;
    for (int i = 0; i < HT_METHOD_SEEDS; i++) {
        const ht_method_seed *seed = &method->seed[i];
        if (seed->stage != HT_METHOD_DONE && seed->stage != HT_METHOD_DIVERGED) continue;
        need.seeds++;
        need.diverged += seed->stage == HT_METHOD_DIVERGED;
        if (seed->stage == HT_METHOD_DIVERGED) continue;
        kept[known] = seed->kept;
        compute[known] = seed->compute;
        accuracy[known++] = seed->accuracy;
    }
    need.kept = ht_summarize(kept, known).median;
    need.compute = ht_summarize(compute, known).median;
    need.parameters = round(need.kept * (double)method->parameters);
    need.accuracy = ht_summarize(accuracy, known).median;
    need.reached = need.kept < 1; /* NaN: no */
    return need;
}

static double number_of(const ht_method_seed *seed, ht_method_number number)
{
    switch (number) {
    case HT_METHOD_ACCURACY:
        return seed->accuracy;
    case HT_METHOD_LOSS:
        return seed->loss;
    case HT_METHOD_KEPT:
        return seed->kept;
    case HT_METHOD_COMPUTE:
        return seed->compute;
    case HT_METHOD_KAPPA:
        return seed->kappa;
    case HT_METHOD_ABOVE:
        return seed->above_1e4;
    case HT_METHOD_ROWS:
    case HT_METHOD_NUMBERS:
        break;
    }
    return seed->rows;
}

ht_method_spread ht_method_spread_of(const ht_method_state *method, ht_method_number number)
{
    double value[HT_METHOD_SEEDS] = {0};
    ht_method_need need = ht_method_need_of(method);
    ht_method_stage stage = need.diverged < need.seeds ? HT_METHOD_DONE : HT_METHOD_DIVERGED;
    size_t count = 0;
    for (int i = 0; i < HT_METHOD_SEEDS; i++)
        if (method->seed[i].stage == stage) value[count++] = number_of(&method->seed[i], number);
    ht_summary all = ht_summarize(value, count); /* sorts them, the finite ones first */
    return (ht_method_spread){count,
                              all.median,
                              all.low,
                              all.high,
                              all.count ? value[0] : (double)NAN,
                              all.count ? value[all.count - 1] : (double)NAN};
}

void ht_methods_sorted(const ht_compare_state *state, bool by_compute, int order[HT_METHODS])
{
    double key[HT_METHODS] = {0};
    for (int i = 0; i < state->count; i++) {
        ht_method_need need = ht_method_need_of(&state->method[i]);
        int at = i;
        key[i] = !need.reached ? (double)INFINITY : by_compute ? need.compute : need.kept;
        for (; at > 0 && key[order[at - 1]] > key[i]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
}
