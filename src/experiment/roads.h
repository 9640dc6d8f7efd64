/* roads.h - THE table of roads to compressibility: what each changes in settings that all have in common. */
#ifndef HT_EXPERIMENT_ROADS_H
#define HT_EXPERIMENT_ROADS_H

#include "heavytail/params.h"

typedef struct ht_road {
    const char *name;       /* as in JSON and pictures: "factors-2" */
    const char *title;      /* for people */
    ht_prune_method method; /* how its network is pruned for the curve */
    int shares;             /* the road whose trained network it takes, one before it; itself: it trains */
} ht_road;

int ht_road_count(void);
const ht_road *ht_road_at(int road); /* static storage */

/* The settings of a road: noise of one kind or none, its own parameters, and a goal that all roads share: so
 * many steps, whatever the accuracy. `samples`: of the training part; a fraction of the batch is one of what
 * a step takes. */
void ht_road_params(int road, const ht_params *common, size_t samples, ht_params *params);

#endif
