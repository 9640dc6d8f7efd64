/* twin.h - a slow reference implementation of the network (a twin): doubles, one loop a sum. Shapes as in
 * heavytail/network.h. */
#ifndef TESTS_UNIT_TWIN_H
#define TESTS_UNIT_TWIN_H

#include "heavytail/network.h"

/* Arrays of numbers: the matrix of layer l at [l], its biases at [TWIN_BIAS + l], NULL where there are none.
 */
enum { TWIN_BIAS = HT_WEIGHTS_MAX, TWIN_PARTS = 2 * HT_WEIGHTS_MAX };

typedef struct twin {
    int depth, rows[HT_WEIGHTS_MAX], columns[HT_WEIGHTS_MAX], steps;
    ht_activation activation[HT_WEIGHTS_MAX];
    int mean_field;
    double *weight[TWIN_PARTS], *gradient[TWIN_PARTS], *velocity[TWIN_PARTS], *square[TWIN_PARTS];
} twin;

twin *twin_of(const ht_network *net);
void twin_free(twin *t);
int twin_size(const twin *t, int part); /* numbers of an array; 0 where there is none */

/* Mean loss over (count × inputs) samples; fills the gradients (mean field: hidden ones multiplied by n) when
 * `learn`. */
double twin_loss(twin *t, const float *x, const int32_t *labels, int count, int learn, double *accuracy);

/* v = mu v + g + decay w; w -= lr v */
void twin_descend(twin *t, double lr, double mu, double decay);

/* Adam as torch.optim.Adam has it, or (apart) AdamW. */
void twin_adapt(twin *t, double lr, double decay, bool apart);

/* Largest |difference| between the twin's weights and the network's, biases too. */
double twin_distance(const twin *t, const ht_network *net);

#endif
