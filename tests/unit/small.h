/* small.h - training runs small enough to be made by the dozen. Failures end the test. */
#ifndef TESTS_UNIT_SMALL_H
#define TESTS_UNIT_SMALL_H

#include <stdbool.h>

#include "engine/run/rundir.h"
#include "engine/trainer.h"
#include "heavytail/dataset.h"
#include "heavytail/network.h"
#include "heavytail/params.h"

/* ecg-synth with so many samples; ht_dataset_free. */
ht_dataset *small_data(int train, int test);

/* Normal inputs of this shape, labels in turn: always the same ones. small_samples_free. */
ht_samples small_samples(int count, ht_shape shape, int classes);
void small_samples_free(ht_samples *samples);

/* Width 64, batch 32, no noise, seed 1. */
ht_params small_params(void);

/* Pool may be NULL. ht_trainer_free. */
ht_trainer *small_trainer(const ht_params *params, const ht_dataset *data, ht_pool *pool);
ht_pool *small_pool(int threads);

/* The run directory of that name (scratch.h), whose run the trainer takes up, or begins with its parameters.
 * ht_rundir_close. */
ht_rundir *small_rundir(const char *name, ht_trainer *t, const ht_params *params);

void small_train(ht_trainer *t, int steps); /* none may be refused */
void small_set(ht_trainer *t, ht_param p, double value);

/* A copy of the network; ht_network_free. */
ht_network *small_copy(ht_trainer *t);
bool small_same(const ht_network *a, const ht_network *b); /* bit for bit */
bool small_finite(const ht_network *net);

#endif
