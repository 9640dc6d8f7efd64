/* equal_size.h - Occam's network against others of its size: what arXiv 2405.20194 compares. One seed, the
 * same samples held back, and of each run the network of its best epoch by them: occam    Occam gradient
 * descent, as the parameters say (occam.lambda0 = 0: 0.3, as `compare` has it) pruned   trained without, then
 * pruned by occam.method to at most as many weights, without further training compute  the same to at most as
 * many multiply-adds, which is another network where there are convolutions narrow   trained without from the
 * start, as wide as so many weights allow whole    trained without, unpruned */
#ifndef HT_EXPERIMENT_EQUAL_SIZE_H
#define HT_EXPERIMENT_EQUAL_SIZE_H

#include "heavytail/dataset.h"
#include "heavytail/prune.h"
#include "base/pool.h"

typedef enum ht_equal {
    HT_EQUAL_OCCAM,
    HT_EQUAL_PRUNED,
    HT_EQUAL_COMPUTE,
    HT_EQUAL_NARROW,
    HT_EQUAL_WHOLE,
    HT_EQUALS
} ht_equal;

typedef struct ht_equal_network {
    bool there;    /* narrow: the layers have a width that can be less; compute: it is another than pruned */
    bool diverged; /* its training: the numbers are of the last finite weights */
    double weights, of;    /* that are left, and of the whole network of the parameters */
    double multiply_adds;  /* of a sample forward */
    double accuracy, loss; /* of the test samples */
    double training;       /* multiply-adds of its training, to the last step */
} ht_equal_network;

const char *ht_equal_name(ht_equal equal);  /* "pruned": as in JSON */
const char *ht_equal_title(ht_equal equal); /* for people */

/* Occam's settings for it: those of `common`, or of the method occam where they do not prune; without a
 * stopping criterion but train.steps. */
ht_params ht_equal_params(const ht_params *common, size_t samples);

/* Trains and measures with params->train.seed; `params` are ht_equal_params. HT_FAIL also when the thread's
 * work was cancelled. */
ht_code ht_equal_measure(const ht_params *params, const ht_dataset *data, ht_pool *pool,
                         ht_equal_network found[HT_EQUALS], ht_error *err);

#endif
