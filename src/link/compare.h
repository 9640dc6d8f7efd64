/* compare.h - the methods side by side, as data: the same network and samples, one run a method. */
#ifndef HT_LINK_COMPARE_H
#define HT_LINK_COMPARE_H

#include <stdbool.h>

#include "heavytail/params.h"
#include "heavytail/prune.h"

enum { HT_METHODS = 10, HT_METHOD_POINTS = 64 };

typedef enum ht_method_stage {
    HT_METHOD_WAITING,
    HT_METHOD_RUNNING,
    HT_METHOD_DONE,
    HT_METHOD_DIVERGED, /* its numbers are those of the last finite weights */
    HT_METHOD_STOPPED,
} ht_method_stage;

typedef struct ht_method_state {
    const char *name, *title; /* static: "factors-2", "two factors a weight" */
    ht_prune_method pruning;  /* how its network is pruned */
    ht_method_stage stage;
    double fraction;         /* of its steps */
    ht_score train, test;    /* from here on: once it is done */
    double one_point;        /* share of the parameters down to which the test accuracy stays within 0.01 */
    double kappa;            /* share of the neurons that go at prune.error; NaN: not measured */
    double above_1e4;        /* share of the weights larger than 1e-4 */
    double rows, eta_over_b; /* tail index of the first layer's rows */
    int points;
    /* By falling share of the parameters (`weights`): without the rows and columns of removed neurons. */
    ht_prune_point curve[HT_METHOD_POINTS];
} ht_method_state;

typedef struct ht_compare_state {
    ht_params params; /* what the methods have in common */
    size_t samples;   /* of the training part */
    double steps;     /* of each method */
    int count, done;
    bool running, stopped; /* stopped: before its end */
    char fault[200];       /* why it could not go on; else empty */
    ht_method_state method[HT_METHODS];
} ht_compare_state;

#endif
