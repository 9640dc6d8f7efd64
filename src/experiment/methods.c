#include "experiment/methods.h"

#include "link/compare.h"
#include "params/batch.h"

typedef struct change {
    ht_param param;
    char how; /* '=' sets, '*' multiplies; 0 ends the list */
    double value;
} change;

typedef struct method {
    ht_method info;
    change changes[8];
} method;

/* Factors need a larger step size (2502.02496); 1e-3 is a penalty at which D = 2 loses little. */
#define FACTORS(d, eta)                                                                                      \
    {                                                                                                        \
        {HT_P_NOISE_TYPE, '=', HT_NOISE_NONE}, {HT_P_MODEL_FACTORS, '=', d}, {HT_P_TRAIN_LR, '=', eta},      \
            {HT_P_TRAIN_DECAY, '=', 1e-3}, {HT_P_TRAIN_MOMENTUM, '=', 0}, {HT_P_TRAIN_SCHEDULE, '=', 1},     \
            {HT_P_TRAIN_OPTIMIZER, '=', 0},                                                                  \
    }
#define NOISE(type)                                                                                          \
    {                                                                                                        \
        {HT_P_NOISE_TYPE, '=', type},                                                                        \
    }

enum { DEFAULT_STEPS = 1000 };

/* Noise gathers the norm in few neurons, so whole neurons go; the other methods empty single weights. Those
 * that train come first. */
static const method table[HT_METHODS] = {
    {{"plain", "plain SGD", HT_PRUNE_MAGNITUDE, 0}, NOISE(HT_NOISE_NONE)},
    {{"shared", "noise, one draw a neuron (type I)", HT_PRUNE_NODE, 1}, NOISE(HT_NOISE_SHARED)},
    {{"iid", "noise, one draw a weight (type II)", HT_PRUNE_NODE, 2}, NOISE(HT_NOISE_IID)},
    {{"isotropic", "noise, isotropic (type III)", HT_PRUNE_NODE, 3}, NOISE(HT_NOISE_ISOTROPIC)},
    {{"eta-over-b", "η/b sixteen times as large", HT_PRUNE_MAGNITUDE, 4},
     {{HT_P_NOISE_TYPE, '=', HT_NOISE_NONE}, {HT_P_TRAIN_LR, '*', 4}, {HT_P_TRAIN_BATCH, '*', 0.25}}},
    {{"factors-2", "two factors a weight", HT_PRUNE_MAGNITUDE, 5}, FACTORS(2, 1)},
    {{"factors-3", "three factors a weight", HT_PRUNE_MAGNITUDE, 6}, FACTORS(3, 1.5)},
    {{"occam", "Occam gradient descent", HT_PRUNE_MAGNITUDE, 7},
     {{HT_P_NOISE_TYPE, '=', HT_NOISE_NONE}, {HT_P_OCCAM_LAMBDA0, '=', 0.3}, {HT_P_OCCAM_HOLDOUT, '=', 0.1}}},
    {{"plain-node", "plain SGD, pruned by neurons", HT_PRUNE_NODE, 0}, NOISE(HT_NOISE_NONE)},
    {{"coreset", "plain SGD, pruned by coresets", HT_PRUNE_CORESET, 0}, NOISE(HT_NOISE_NONE)},
};

int ht_method_count(void)
{
    return HT_METHODS;
}

const ht_method *ht_method_at(int i)
{
    return &table[i].info;
}

/* What a setting stands at: of the batch as much as a step takes, so that a quarter of it is a quarter. */
static double in_force(const ht_params *common, ht_param p, size_t samples)
{
    return p == HT_P_TRAIN_BATCH ? (double)ht_batch_taken(common, samples) : ht_params_get(common, p);
}

void ht_method_params(int i, const ht_params *common, size_t samples, ht_params *params)
{
    *params = *common;
    ht_params_put(params, HT_P_TRAIN_STOP, 0);
    ht_params_put(params, HT_P_TRAIN_STOP_LOSS, 0);
    if (ht_params_get(common, HT_P_TRAIN_STEPS) == 0) ht_params_put(params, HT_P_TRAIN_STEPS, DEFAULT_STEPS);
    for (const change *c = table[i].changes; c->how; c++) {
        double before = in_force(common, c->param, samples);
        ht_params_put(params, c->param, c->how == '*' ? before * c->value : c->value);
    }
}
