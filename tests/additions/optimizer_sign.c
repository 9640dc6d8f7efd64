/* optimizer_sign.c - steps of one length, by the sign of the gradient alone: an optimizer in one file, for
 * addition_cost.sh. */
#include "nn/optimizers/optimizer.h"

static void follow(const ht_pace *pace, const float *gradient, float *w, float *mean, float *square,
                   size_t count)
{
    (void)mean, (void)square;
    for (size_t i = 0; i < count; i++)
        w[i] -= (float)pace->lr * (gradient[i] > 0 ? 1.0f : gradient[i] < 0 ? -1.0f : 0.0f);
}

static double reach(const ht_pace *pace, double gradient, double weight)
{
    (void)gradient, (void)weight;
    return pace->lr;
}

const ht_optimizer ht_optimizer_sign = {.follow = follow, .reach = reach};
