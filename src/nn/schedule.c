#include "nn/schedule.h"

#include <math.h>

double ht_schedule_step_size(const ht_params *params, double done)
{
    double lr = ht_params_get(params, HT_P_TRAIN_LR), steps = ht_params_get(params, HT_P_TRAIN_STEPS);
    if (ht_params_get(params, HT_P_TRAIN_SCHEDULE) == 0 || steps <= 0) return lr;
    return lr * 0.5 * (1 + cos(M_PI * fmin(done / steps, 1)));
}
