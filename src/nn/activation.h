/* activation.h - the bias before the hidden layers' activation, the activation, and its derivative, which
 * most allow to be read off the output. */
#ifndef HT_NN_ACTIVATION_H
#define HT_NN_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/params.h"

/* x (rows × columns) += bias (columns) in every row; NULL: there is none, and x keeps its bits. */
void ht_add_bias(const float *bias, float *x, int rows, int columns);

/* x = act(x); returns the largest |x| after it (+Inf if one is NaN). */
float ht_activate(ht_activation activation, float *x, size_t count);

/* Is the derivative one of what comes in (GELU), not of what comes out? */
bool ht_activation_keeps_input(ht_activation activation);

/* d *= act'(z), given h = act(z), or z itself where that is kept; relu'(0) = 0. */
void ht_activate_gradient(ht_activation activation, float *d, const float *h, size_t count);

#endif
