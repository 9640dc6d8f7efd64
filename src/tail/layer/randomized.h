/* randomized.h - a matrix whose entries have changed places: what of its spectrum is due to where they stand.
 * Pure, any thread. */
#ifndef HT_TAIL_RANDOMIZED_H
#define HT_TAIL_RANDOMIZED_H

#include "heavytail/values.h"

/* Any order of the `count` entries is as likely as another (Fisher, Yates), by fixed draws: the same bits for
 * the same matrix. One of the two arrays is set. */
void ht_randomize(float *f32, double *f64, size_t count);

/* √(half the Kullback-Leibler divergences of p and q from their mean), in nats: Jensen and Shannon's distance
 * of two spectra (n), upwards, each divided by its sum, as WeightWatcher has it. */
double ht_jensen_shannon(const double *p, const double *q, size_t n);

#endif
