/* schedule.h - the step size over time, as train.lr, train.warmup and train.schedule say. Pure. */
#ifndef HT_NN_SCHEDULE_H
#define HT_NN_SCHEDULE_H

#include "heavytail/params.h"

/* Of the step that follows after `done` steps. */
double ht_schedule_step_size(const ht_params *params, double done);

#endif
