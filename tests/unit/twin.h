/* twin.h - a slow reference implementation of the network (a twin): doubles, one loop a sum. Shapes as in
 * heavytail/network.h. */
#ifndef TESTS_UNIT_TWIN_H
#define TESTS_UNIT_TWIN_H

#include "heavytail/network.h"

typedef struct twin {
    int depth, rows[HT_WEIGHTS_MAX], columns[HT_WEIGHTS_MAX];
    ht_activation activation;
    int mean_field;
    double *weight[HT_WEIGHTS_MAX], *gradient[HT_WEIGHTS_MAX], *velocity[HT_WEIGHTS_MAX];
} twin;

twin *twin_of(const ht_network *net);
void twin_free(twin *t);

/* Mean loss over (count × inputs) samples; fills the gradients (mean field: hidden ones multiplied by n) when
 * `learn`. */
double twin_loss(twin *t, const float *x, const int32_t *labels, int count, int learn, double *accuracy);

/* v = mu v + g + decay w; w -= lr v */
void twin_descend(twin *t, double lr, double mu, double decay);

/* Largest |difference| between the twin's weights and the network's. */
double twin_distance(const twin *t, const ht_network *net);

#endif
