/* checkpoint.h - a training run as one safetensors file: layers.0.weight …, layers.0.momentum …, counters as
 * metadata. Loads in PyTorch and NumPy as is (row = neuron). */
#ifndef HT_ENGINE_CHECKPOINT_H
#define HT_ENGINE_CHECKPOINT_H

#include "engine/trainer.h"

ht_code ht_checkpoint_write(const char *path, ht_trainer *trainer, ht_error *err);

/* Restores weights, momentum and counters: training goes on bit by bit as if it had never stopped. The
 * trainer must have the shape of the saved one. On failure the trainer is to be thrown away. */
ht_code ht_checkpoint_read(const char *path, ht_trainer *trainer, ht_error *err);

#endif
