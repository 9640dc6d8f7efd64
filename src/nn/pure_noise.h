/* pure_noise.h - the limit of the pruning ratio when noise is all there is.
 *
 * If the rows of a layer were nothing but noise of a type (sums of stable draws are stable, so the number of
 * steps does not matter), κ would be a random number that depends on type, α, the width n and, but for type
 * shared, the inputs d. For every α < 2 it rises with n (arXiv 2306.08125): what a network whose noise
 * dominates its weights must follow. Made with the draws that training adds. */
#ifndef HT_NN_PURE_NOISE_H
#define HT_NN_PURE_NOISE_H

#include <stdint.h>

#include "heavytail/params.h"
#include "heavytail/status.h"

struct ht_pool;

typedef struct ht_pure_noise {
    ht_noise_type type; /* not NONE */
    double alpha;
    int inputs, width; /* d, n */
    ht_prune_metric metric;
    double error; /* the relative error at which κ is read off */
    uint64_t seed;
} ht_pure_noise;

/* κ of `count` layers of noise, into ratios (count), in the order of their draws. The result does not depend
 * on the pool (NULL runs on the caller). HT_FAIL when memory is short. */
ht_code ht_pure_noise_ratios(const ht_pure_noise *limit, int count, double *ratios, struct ht_pool *pool,
                             ht_error *err);

/* How many layers give quartiles in about `seconds` on one core: 20 to 400. */
int ht_pure_noise_count(const ht_pure_noise *limit, double seconds);

#endif
