/* optimizer.h - what a step does with a gradient: params/optimizers.def is the table. Noise and masks come
 * after, whatever the optimizer. */
#ifndef HT_NN_OPTIMIZER_H
#define HT_NN_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

#include "heavytail/params.h"

/* What holds for all weights of a step. */
typedef struct ht_pace {
    double lr, weight_decay;
    uint64_t number; /* of the step, the first is 1 */
} ht_pace;

/* Arrays like each tensor that a step may keep: the gradient (sgd: the momentum, which takes the gradient
 * in), and the means of the gradient and of its square. */
enum { HT_STEP_GRADIENT, HT_STEP_MEAN, HT_STEP_SQUARE, HT_STEP_ARRAYS };

typedef struct ht_optimizer {
    /* New values of w and of the two means for `count` weights in a row, given their gradient. NULL: plain
     * descent, for which one product does it all (nn/step_update.c). Pure. */
    void (*follow)(const ht_pace *pace, const float *gradient, float *w, float *mean, float *square,
                   size_t count);
    /* How far a weight can go in a step, at most, when no gradient is larger than this and no weight than
     * that; +Inf where a number on the way would not be finite. NULL with `follow`. */
    double (*reach)(const ht_pace *pace, double gradient, double weight);
} ht_optimizer;

#define HT_OPTIMIZER(id, name, operations, what) extern const ht_optimizer ht_optimizer_##operations;
#include "params/optimizers.def"

/* Of train.optimizer; static storage. */
const ht_optimizer *ht_optimizer_of(const ht_params *params);

/* How many of those arrays a step of these parameters needs: 0, 1 (momentum, or the gradient that factors
 * follow) or all. */
int ht_optimizer_arrays(const ht_params *params);

#endif
