/* trial.h - one training run from step 0 to its stopping criterion, without a screen: what sweeps and width
 * sweeps are made of. */
#ifndef HT_EXPERIMENT_TRIAL_H
#define HT_EXPERIMENT_TRIAL_H

#include "experiment/results.h"

/* train.steps of a run without a screen: a thousand if neither it nor train.stop_accuracy or train.stop_loss
 * is set. */
double ht_trial_steps(const ht_params *params);

/* Told before each step how many were done. */
typedef void ht_trial_progress(void *context, uint64_t step);

/* Trains until the stopping criterion holds or the run diverges, telling `progress` (may be NULL). */
ht_code ht_trial_train(ht_trainer *trainer, ht_end *end, ht_trial_progress *progress, void *context,
                       ht_error *err);

/* The same; then evaluates the network as it stands: of a diverged run the last finite one. results->status
 * says which end it was. HT_FAIL also when the thread's work was cancelled (base/cancel.h): there are no
 * results then. */
ht_code ht_trial_run(ht_results *results, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                     ht_trial_progress *progress, void *context, ht_error *err);

#endif
