/* evaluation.h - loss and accuracy of a sample set, a piece at a time: the bits are those of
 * ht_network_evaluate, however the work is cut into pieces and on how many threads. One thread at a time. */
#ifndef HT_NN_EVALUATION_H
#define HT_NN_EVALUATION_H

#include <stddef.h>

#include "heavytail/network.h"

typedef struct ht_evaluation ht_evaluation;

/* Room for evaluations of this network, which is borrowed, and so is the pool. NULL with *err set. */
ht_evaluation *ht_evaluation_new(const ht_network *net, struct ht_pool *pool, ht_error *err);
void ht_evaluation_free(ht_evaluation *e);

/* What is to be evaluated; borrowed until the end, and the weights may not change until then. */
typedef struct ht_evaluation_of {
    ht_samples samples;
    const float *const *keep; /* as in ht_network_evaluate */
    float *losses;        /* (samples.count): the loss of each, of a sequence its positions' mean, or NULL */
    float *const *inputs; /* NULL, or of each weight matrix: where what its layer reads is put, (samples.count
                             × inputs of the layer) */
} ht_evaluation_of;

/* Begins an evaluation; one that was not finished is given up. HT_FAIL when memory is short: only where there
 * are more samples than ever before. */
ht_code ht_evaluation_begin(ht_evaluation *e, const ht_evaluation_of *of, ht_error *err);

/* Units of work, each some products of a chunk of samples with a shard of neurons: about 1 ms with a thousand
 * inputs. 0 when the evaluation is done. */
size_t ht_evaluation_left(const ht_evaluation *e);

/* Makes so many units, and more while the clock (base/clock.h) is before `until`. HT_FAIL when cancelled:
 * less was done, and the next piece goes on. */
ht_code ht_evaluation_piece(ht_evaluation *e, size_t units, double until, ht_error *err);

/* When none is left. */
ht_score ht_evaluation_score(const ht_evaluation *e);

#endif
