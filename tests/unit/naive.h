/* naive.h - networks with biases and layers of any widths, and the obvious way to evaluate and prune them:
 * doubles, one loop a sum, every sort a full one. Failures end the test. */
#ifndef TESTS_UNIT_NAIVE_H
#define TESTS_UNIT_NAIVE_H

#include <stdbool.h>

#include "heavytail/network.h"
#include "heavytail/prune.h"

/* Normal weights of size 1/√fan_in; biases too in the layers whose bit of `biased` is set. */
ht_network *naive_network(int inputs, const int *widths, int depth, int classes, ht_activation activation,
                          bool mean_field, unsigned biased, uint64_t seed);

/* Normal samples, random labels; naive_free_samples. */
ht_samples naive_samples(int count, int inputs, int classes, uint64_t seed);
void naive_free_samples(ht_samples *samples);

/* As PyTorch: h = act(W h + b), logits = W h (/ width with a mean field) + b. `gone`, if given, holds 1 for
 * each neuron of a hidden layer that gives 0. */
ht_score naive_score(const ht_network *net, const ht_samples *samples, char *const *gone);

/* The network that a ratio leaves: node and random zero neurons, biases and all; magnitude and
 * magnitude-layer zero weights. Every layer by itself but for magnitude. */
void naive_prune(ht_network *net, ht_prune_method method, double ratio, uint64_t seed);

/* Accuracy is equal, unless a sample is as good as tied; the loss within 2e-5. */
void naive_assert_score(ht_score got, ht_score right, const char *what);

#endif
