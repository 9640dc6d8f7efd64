/* optimizer_sgd.c - plain descent, and the table of optimizers. */
#include "nn/optimizers/optimizer.h"

const ht_optimizer ht_optimizer_sgd = {0};

const ht_optimizer *ht_optimizer_of(const ht_params *params)
{
    static const ht_optimizer *const rows[] = {
#define HT_OPTIMIZER(id, name, operations, what) &ht_optimizer_##operations,
#include "params/optimizers.def"
    };
    return rows[(int)ht_params_get(params, HT_P_TRAIN_OPTIMIZER)];
}

int ht_optimizer_arrays(const ht_params *params)
{
    if (ht_optimizer_of(params)->follow) return HT_STEP_ARRAYS;
    return ht_params_get(params, HT_P_TRAIN_MOMENTUM) > 0 || ht_params_get(params, HT_P_MODEL_FACTORS) > 1;
}
