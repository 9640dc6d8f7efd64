/* prune_reach.h - which weights read a unit of a hidden weight matrix, whatever stands between: what goes
 * with a unit that is left out, and which units nobody can leave out. */
#ifndef HT_PRUNE_PRUNE_REACH_H
#define HT_PRUNE_PRUNE_REACH_H

#include "heavytail/network.h"

/* Of weight matrix w of the network's list. */
typedef struct ht_prune_reach {
    int from[HT_WEIGHTS_MAX]; /* the matrix whose units its columns are of, unit by unit; -1: of none, or of
                                 more than one */
    int each[HT_WEIGHTS_MAX]; /* columns of such a unit: 1; of filters k·k; after flattening height × width */
    bool held[HT_WEIGHTS_MAX]; /* its units go into a sum with others or a norm: without one that gives 0 the
                                  network would be another */
    uint64_t read_by[HT_WEIGHTS_MAX]; /* a bit for each matrix that reads the channels its units are, also as
                                         a part of a sum, or as a norm leaves them */
} ht_prune_reach;

/* Pure. */
ht_prune_reach ht_prune_reach_of(const ht_network *net);

/* Units of matrix w that are left when `removed` of them go from it: held ones stay, with zeros. */
static inline int64_t ht_prune_units_left(const ht_network *net, const ht_prune_reach *reach, int w,
                                          int64_t removed)
{
    return net->weights[w]->rows - (reach->held[w] ? 0 : removed);
}

#endif
