#include "nn/loss.h"

#include <math.h>
#include <stddef.h>

/* The class with the largest logit, the lowest on ties; -1 if one is NaN. */
static int argmax(const float *logits, int classes)
{
    int best = 0;
    for (int c = 0; c < classes; c++) {
        if (isnan(logits[c])) return -1;
        if (logits[c] > logits[best]) best = c;
    }
    return best;
}

void ht_softmax_loss(const float *logits, const int32_t *labels, int rows, int classes, float *delta,
                     double *loss, int *correct)
{
    for (int r = 0; r < rows; r++) {
        const float *z = logits + (size_t)r * (size_t)classes;
        int32_t label = labels[r];
        int best = argmax(z, classes);
        float top = best < 0 ? NAN : z[best]; /* subtracted, so that exp cannot overflow */
        float *d = delta ? delta + (size_t)r * (size_t)classes : NULL, own = z[label] - top;
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            float e = expf(z[c] - top);
            sum += (double)e;
            if (d) d[c] = e; /* in the place of z, perhaps */
        }
        /* cppcheck-suppress invalidFunctionArg ; there is at least one class, so the sum is at least 1 */
        *loss += log(sum) - (double)own;
        *correct += best == label;
        float scale = (float)(1.0 / sum);
        for (int c = 0; d && c < classes; c++)
            d[c] = (d[c] * scale - (c == label ? 1.0f : 0.0f)) / (float)rows;
    }
}
