#include "nn/schedule.h"

#include <math.h>

double ht_schedule_step_size(const ht_params *params, double done)
{
    double lr = ht_params_get(params, HT_P_TRAIN_LR), steps = ht_params_get(params, HT_P_TRAIN_STEPS);
    double warmup = ht_params_get(params, HT_P_TRAIN_WARMUP);
    if (done < warmup) return lr * ((done + 1) / warmup);
    if (ht_params_get(params, HT_P_TRAIN_SCHEDULE) == 0 || steps <= 0) return lr;
    double part = steps > warmup ? (done - warmup) / (steps - warmup) : 1;
    return lr * 0.5 * (1 + cos(M_PI * fmin(part, 1)));
}
