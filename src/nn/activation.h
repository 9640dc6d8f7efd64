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

/* Can the derivative not be read off what comes out (GELU)? Then it is kept. */
bool ht_activation_keeps_slope(ht_activation activation);

/* ht_activate; where the slope is kept it goes into slope (count), unless that is NULL. */
float ht_activate_keeping(ht_activation activation, float *x, float *slope, size_t count);

/* d *= act'(z), given h = act(z), or the slope where that is kept; relu'(0) = 0. */
void ht_activate_gradient(ht_activation activation, float *d, const float *h, size_t count);

#endif
