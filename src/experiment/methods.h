/* methods.h - THE table of methods that lead to compressible networks: what each changes in settings that all
 * have in common. */
#ifndef HT_EXPERIMENT_METHODS_H
#define HT_EXPERIMENT_METHODS_H

#include "heavytail/params.h"

typedef struct ht_method {
    const char *name;        /* as in JSON and pictures: "factors-2" */
    const char *title;       /* for people */
    ht_prune_method pruning; /* how its network is pruned for the curve */
    int shares;              /* the method whose trained network it takes, one before it; itself: it trains */
} ht_method;

int ht_method_count(void);
const ht_method *ht_method_at(int method); /* static storage */

/* The settings of a method: noise of one kind or none, its own parameters, and the stopping criterion of all:
 * so many steps, whatever the accuracy. `samples`: of the training part; a fraction of the batch is one of
 * what a step takes. */
void ht_method_params(int method, const ht_params *common, size_t samples, ht_params *params);

#endif
