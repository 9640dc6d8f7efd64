/* loss.h - softmax cross-entropy. Pure functions. */
#ifndef HT_NN_LOSS_H
#define HT_NN_LOSS_H

#include <stdint.h>

/* logits is (rows × classes). Adds the cross-entropies (natural logarithm) to *loss and the right answers
 * (the lowest class wins a tie, a NaN is wrong) to *correct. If `delta` is given it becomes ∂(mean
 * loss)/∂logits = (softmax - onehot) / rows; it may be `logits` itself. */
void ht_softmax_loss(const float *logits, const int32_t *labels, int rows, int classes, float *delta,
                     double *loss, int *correct);

#endif
