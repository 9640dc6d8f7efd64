/* trial.h - one training run from step 0 to its goal, without a screen: what sweeps and ladders are made of.
 */
#ifndef HT_APP_TRIAL_H
#define HT_APP_TRIAL_H

#include "app/results.h"

/* train.steps of a run without a screen: a thousand if neither it nor train.stop_accuracy is set. */
double ht_trial_steps(const ht_params *params);

/* Asked before each step: has somebody called it off? `step` is the number of steps done. */
typedef bool ht_trial_stop(void *context, uint64_t step);

/* Trains to the goal, to divergence, or until `stop` (may be NULL) says so; then evaluates the network as it
 * stands: of a diverged run the last finite one. results->status says which end it was. */
ht_code ht_trial_run(ht_results *results, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                     ht_trial_stop *stop, void *context, ht_error *err);

#endif
