#include "nn/activation.h"

#include <math.h>

#include "kernel/kernel.h"

static const float leak = 0.01f;

void ht_add_bias(const float *bias, float *x, int rows, int columns)
{
    for (int r = 0; bias && r < rows; r++, x += columns)
        for (int j = 0; j < columns; j++) x[j] += bias[j];
}

static float slope_of(ht_activation rectifier)
{
    return rectifier == HT_RELU ? 0.0f : leak;
}

float ht_activate_keeping(ht_activation activation, float *x, float *slope, size_t count)
{
    switch (activation) {
    case HT_RELU:
    case HT_LEAKY_RELU:
        return ht_kernel()->rectify(x, count, slope_of(activation));
    case HT_TANH:
        for (size_t i = 0; i < count; i++) x[i] = tanhf(x[i]);
        break;
    case HT_GELU:
        ht_kernel()->places->gelu(x, slope, count);
        break;
    default: /* linear */
        break;
    }
    return ht_kernel()->max_abs(x, count);
}

float ht_activate(ht_activation activation, float *x, size_t count)
{
    return ht_activate_keeping(activation, x, NULL, count);
}

bool ht_activation_keeps_slope(ht_activation activation)
{
    return activation == HT_GELU;
}

void ht_activate_gradient(ht_activation activation, float *d, const float *h, size_t count)
{
    switch (activation) {
    case HT_RELU:
    case HT_LEAKY_RELU:
        ht_kernel()->rectify_gradient(d, h, count, slope_of(activation));
        break;
    case HT_TANH:
        for (size_t i = 0; i < count; i++) d[i] *= 1.0f - h[i] * h[i];
        break;
    case HT_GELU:
        ht_kernel()->places->multiply(d, h, count);
        break;
    default: /* linear */
        break;
    }
}
