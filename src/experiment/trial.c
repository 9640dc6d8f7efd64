#include "experiment/trial.h"

#include "base/cancel.h"
#include "base/clock.h"

double ht_trial_steps(const ht_params *p)
{
    enum { DEFAULT_STEPS = 1000 };
    double steps = ht_params_get(p, HT_P_TRAIN_STEPS);
    bool ends = ht_params_get(p, HT_P_TRAIN_STOP) > 0 || ht_params_get(p, HT_P_TRAIN_STOP_LOSS) > 0;
    return steps > 0 || ends ? steps : DEFAULT_STEPS;
}

ht_code ht_trial_train(ht_trainer *trainer, ht_end *end, ht_trial_progress *progress, void *context,
                       ht_error *err)
{
    *end = HT_END_NOT;
    double steps = ht_trial_steps(ht_trainer_params(trainer));
    if (ht_trainer_set(trainer, HT_P_TRAIN_STEPS, steps, err) != HT_OK) return err->code;
    while (*end == HT_END_NOT) {
        if (ht_still_wanted(err) != HT_OK || ht_trainer_stop(trainer, end, err) != HT_OK) return err->code;
        if (progress) progress(context, ht_trainer_steps(trainer));
        if (*end == HT_END_NOT && ht_trainer_step(trainer).refused) *end = HT_END_DIVERGED;
    }
    return HT_OK;
}

ht_code ht_trial_run(ht_results *results, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                     ht_trial_progress *progress, void *context, ht_error *err)
{
    double start = ht_now();
    *results = (ht_results){0};
    if (ht_trial_train(trainer, &results->end, progress, context, err) != HT_OK) return err->code;
    results->seconds = ht_now() - start;
    results->trained = ht_trainer_steps(trainer);
    ht_code code = ht_results_make(results, trainer, data, pool, err);
    return code == HT_OK ? ht_still_wanted(err) : code;
}
