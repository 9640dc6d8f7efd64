#include "link/compare.h"

#include <math.h>

#include "num/summary.h"

ht_method_need ht_method_need_of(const ht_method_state *method)
{
    double kept[HT_METHOD_SEEDS] = {0}, accuracy[HT_METHOD_SEEDS] = {0};
    ht_method_need need = {0};
    size_t known = 0;
    for (int i = 0; i < HT_METHOD_SEEDS; i++) {
        const ht_method_seed *seed = &method->seed[i];
        if (seed->stage != HT_METHOD_DONE && seed->stage != HT_METHOD_DIVERGED) continue;
        need.seeds++;
        need.diverged += seed->stage == HT_METHOD_DIVERGED;
        if (seed->stage == HT_METHOD_DIVERGED) continue;
        kept[known] = seed->kept;
        accuracy[known++] = seed->accuracy;
    }
    need.kept = ht_summarize(kept, known).median;
    need.parameters = round(need.kept * (double)method->parameters);
    need.accuracy = ht_summarize(accuracy, known).median;
    need.reached = need.kept < 1; /* NaN: no */
    return need;
}

void ht_methods_sorted(const ht_compare_state *state, int order[HT_METHODS])
{
    double key[HT_METHODS] = {0};
    for (int i = 0; i < state->count; i++) {
        ht_method_need need = ht_method_need_of(&state->method[i]);
        int at = i;
        key[i] = need.reached ? need.kept : (double)INFINITY;
        for (; at > 0 && key[order[at - 1]] > key[i]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
}
