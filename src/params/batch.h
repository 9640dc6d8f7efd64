/* batch.h - what a step takes: train.batch is what is asked for, but an epoch has only so many samples. Pure.
 * `samples`: the training part of the data set. */
#ifndef HT_PARAMS_BATCH_H
#define HT_PARAMS_BATCH_H

#include "heavytail/params.h"

/* Samples that are not trained on: ⌊occam.holdout · samples⌋; where occam.rule is published, all but the
 * first ⌊samples · (1 - occam.holdout)⌋, in double. */
size_t ht_held_back(const ht_params *params, size_t samples);

/* b: train.batch, at most the samples that are trained on. */
size_t ht_batch_taken(const ht_params *params, size_t samples);

/* η/b with the batch that is really taken. */
double ht_eta_over_b(const ht_params *params, size_t samples);

#endif
