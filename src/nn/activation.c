#include "nn/activation.h"

#include <math.h>

#include "kernel/kernel.h"

static const float leak = 0.01f;

void ht_add_bias(const float *bias, float *x, int rows, int columns)
{
    for (int r = 0; bias && r < rows; r++, x += columns)
        for (int j = 0; j < columns; j++) x[j] += bias[j];
}

float ht_activate(ht_activation activation, float *x, size_t count)
{
    if (activation != HT_TANH) return ht_kernel()->rectify(x, count, activation == HT_RELU ? 0.0f : leak);
    for (size_t i = 0; i < count; i++) x[i] = tanhf(x[i]);
    return ht_kernel()->max_abs(x, count);
}

void ht_activate_gradient(ht_activation activation, float *d, const float *h, size_t count)
{
    if (activation != HT_TANH)
        ht_kernel()->rectify_gradient(d, h, count, activation == HT_RELU ? 0.0f : leak);
    else
        for (size_t i = 0; i < count; i++) d[i] *= 1.0f - h[i] * h[i];
}
