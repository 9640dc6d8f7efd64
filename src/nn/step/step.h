/* step.h - one step of SGD with α-stable noise, by neuron shards:
 *   v ← μ v + ∇L + λ W,   W ← W - η v + σ η^(1/α) X      (noise on the tensors that are noisy; arXiv
 * 2306.08125, eq. 4), or with another optimizer in the place of the first two terms. The result is
 * bit-identical for any number of threads. One thread owns an ht_step; the pool works for it. */
#ifndef HT_NN_STEP_H
#define HT_NN_STEP_H

#include "heavytail/network.h"
#include "nn/factor.h"
#include "nn/mask.h"
#include "nn/noise.h"
#include "nn/capture.h"
#include "nn/optimizers/optimizer.h"

typedef struct ht_step ht_step;

typedef struct ht_hyper {
    double lr, momentum, weight_decay;
    const ht_optimizer *optimizer; /* NULL: plain descent */
    uint64_t number;               /* of the step, the first is 1; for optimizers that have a beginning */
    bool train_output;
    ht_noise noise;       /* type, alpha, seed, step; the layer and the law are filled in */
    double noise_scale;   /* σ */
    bool noise_by_kernel; /* of convolutions: a kernel is a row to the noise, not a filter */
    bool noise_by_head;   /* of attention: the rows of a head have one draw together, its queries, keys and
                             values;   where heads are projected a row has one for each head, not one */
    const ht_mask *mask;  /* NULL, or which weights stay zero: under updates, momentum, decay and noise */
    ht_capture *capture;  /* NULL, or where the new weights are also put (not when the step is refused) */
    ht_factors *factors; /* NULL, or what the weights are products of: these are trained (no momentum then) */
    float input_bound;   /* largest |x| of the training set: for the overflow guard */
} ht_hyper;

typedef struct ht_step_result {
    double loss, accuracy; /* of the batch, before the update */
    double guard;          /* the number that left the safe range when the step was refused */
    const char
        *refused;  /* NULL, or what would have left the finite numbers; the weights are then unchanged */
    bool left_off; /* the thread's work was cancelled (base/cancel.h): refused is set, nothing changed */
} ht_step_result;

/* Scratch for a network, batches of up to `batch` samples and pools of up to `threads` threads (those of a
 * larger pool stay idle), with so many arrays like each tensor
 * (ht_optimizer_arrays): none; 1: the momentum, or with factors the gradients; or all. NULL with *err set. */
ht_step *ht_step_new(const ht_network *net, int batch, int arrays, int threads, ht_error *err);
void ht_step_free(ht_step *step);
int ht_step_capacity(const ht_step *step); /* largest batch */

/* Array number `array` (HT_STEP_GRADIENT …) of the network's tensor number `tensor`, like it, or NULL when
 * there is none. */
float *ht_step_array(const ht_step *step, int array, int tensor);

/* x is (batch × inputs), labels (batch). No allocation, no lock. */
ht_step_result ht_step_run(ht_step *step, ht_network *net, const float *x, const int32_t *labels, int batch,
                           const ht_hyper *hyper, struct ht_pool *pool);

#endif
