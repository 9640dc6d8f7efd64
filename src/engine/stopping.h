/* stopping.h - the stopping criterion: has training reached the accuracy asked for? The whole training set
 * decides, but most of the time a few samples show that it has not: those that a full evaluation found hard,
 * of which more are wrong than the criterion allows. One thread; part of a trainer. */
#ifndef HT_ENGINE_STOPPING_H
#define HT_ENGINE_STOPPING_H

#include "heavytail/dataset.h"
#include "heavytail/network.h"

typedef struct ht_stopping {
    ht_samples hard; /* copies; count 0: none are known, or too many to be of use */
    size_t room;     /* samples there is room for */
    size_t screened; /* how often the hard ones were enough */
} ht_stopping;

/* Is the fraction `wanted` of `train` right? HT_FAIL when memory for an evaluation is short. */
ht_code ht_stopping_reached(ht_stopping *stopping, const ht_network *net, const ht_samples *train,
                            double wanted, struct ht_pool *pool, bool *reached, ht_error *err);
void ht_stopping_free(ht_stopping *stopping);

#endif
