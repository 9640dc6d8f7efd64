/* optimizer_adam.c - Adam (arXiv 1412.6980) as PyTorch has it, adam.py and adamw.py: means of the gradient
 * and of its square, both corrected for their beginning at 0. */
#include "nn/optimizers/optimizer.h"

#include <math.h>

#include "kernel/kernel.h"

static const double beta_mean = 0.9, beta_square = 0.999, epsilon = 1e-8;

static ht_adaptation adaptation_of(const ht_pace *pace)
{
    double t = (double)pace->number;
    return (ht_adaptation){.keep = 1,
                           .mean = (float)beta_mean,
                           .square = (float)beta_square,
                           .fresh_mean = (float)(1 - beta_mean),
                           .fresh_square = (float)(1 - beta_square),
                           .rate = (float)(pace->lr / (1 - pow(beta_mean, t))),
                           .root = (float)sqrt(1 - pow(beta_square, t)),
                           .epsilon = (float)epsilon};
}

static void follow_adam(const ht_pace *pace, const float *gradient, float *w, float *mean, float *square,
                        size_t count)
{
    ht_adaptation a = adaptation_of(pace);
    a.decay = (float)pace->weight_decay;
    ht_kernel()->adapt(&a, gradient, w, mean, square, count);
}

static void follow_adamw(const ht_pace *pace, const float *gradient, float *w, float *mean, float *square,
                         size_t count)
{
    ht_adaptation a = adaptation_of(pace);
    a.keep = (float)(1 - pace->lr * pace->weight_decay);
    ht_kernel()->adapt(&a, gradient, w, mean, square, count);
}

/* The mean is at most (1 - β) / √((1 - β')(1 - β²/β')) times the root of the mean square, by Cauchy-Schwarz,
 * and the corrections only make that less. Squares must be finite: an infinite one would stop its weight for
 * good. */
static double reach(const ht_pace *pace, double gradient)
{
    static const double largest_square = 1e37;
    double most = (1 - beta_mean) / sqrt((1 - beta_square) * (1 - beta_mean * beta_mean / beta_square));
    return gradient * gradient < largest_square ? pace->lr * most : (double)INFINITY;
}

static double reach_adam(const ht_pace *pace, double gradient, double weight)
{
    return reach(pace, gradient + pace->weight_decay * weight);
}

static double reach_adamw(const ht_pace *pace, double gradient, double weight)
{
    return reach(pace, gradient) + pace->lr * pace->weight_decay * weight;
}

const ht_optimizer ht_optimizer_adam = {.follow = follow_adam, .reach = reach_adam};
const ht_optimizer ht_optimizer_adamw = {.follow = follow_adamw, .reach = reach_adamw};
