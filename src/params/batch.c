#include "params/batch.h"

size_t ht_held_back(const ht_params *params, size_t samples)
{
    double share = ht_params_get(params, HT_P_OCCAM_HOLDOUT), all = (double)samples;
    if (share > 0 && ht_params_get(params, HT_P_OCCAM_RULE) == HT_OCCAM_PUBLISHED)
        return samples - (size_t)(all * (1.0 - share));
    return (size_t)(share * all);
}

size_t ht_batch_taken(const ht_params *params, size_t samples)
{
    size_t batch = (size_t)ht_params_get(params, HT_P_TRAIN_BATCH),
           most = samples - ht_held_back(params, samples);
    return batch < most ? batch : most;
}

double ht_eta_over_b(const ht_params *params, size_t samples)
{
    return ht_params_get(params, HT_P_TRAIN_LR) / (double)ht_batch_taken(params, samples);
}
