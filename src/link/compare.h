/* compare.h - the methods side by side, as data: the same network and samples, one run a method. */
#ifndef HT_LINK_COMPARE_H
#define HT_LINK_COMPARE_H

#include <stdbool.h>

#include "heavytail/params.h"
#include "heavytail/prune.h"

enum { HT_METHODS = 10, HT_METHOD_POINTS = 64, HT_METHOD_SEEDS = 16 };

typedef enum ht_method_stage {
    HT_METHOD_WAITING,
    HT_METHOD_RUNNING,
    HT_METHOD_DONE,
    HT_METHOD_DIVERGED, /* its numbers are those of the last finite weights */
    HT_METHOD_STOPPED,
} ht_method_stage;

/* What a method gave from one seed. */
typedef struct ht_method_seed {
    ht_method_stage stage;
    double kept;    /* ht_prune_reading's: parameters needed for -1 point, as a share; NaN until it is done */
    double compute; /* the same of the multiply-adds of a sample */
    double accuracy, loss;         /* of the whole network, test samples */
    double kappa, above_1e4, rows; /* as below */
} ht_method_seed;

/* What is told of a method: of one seed its value, of several their median and quartiles. */
typedef enum ht_method_number {
    HT_METHOD_ACCURACY,
    HT_METHOD_LOSS,
    HT_METHOD_KEPT,
    HT_METHOD_COMPUTE,
    HT_METHOD_KAPPA,
    HT_METHOD_ABOVE,
    HT_METHOD_ROWS,
    HT_METHOD_NUMBERS
} ht_method_number;

typedef struct ht_method_state {
    const char *name, *title; /* static: "factors-2", "two factors a weight" */
    ht_prune_method pruning;  /* how its network is pruned */
    double fraction;          /* of the steps of the seed in training */
    ht_method_seed seed[HT_METHOD_SEEDS];
    /* Of the first seed, once it is done. */
    ht_method_stage stage;
    ht_score train, test;
    size_t parameters;       /* weights of the whole network */
    double kept, compute;    /* as in `seed` */
    double kappa;            /* share of the neurons that go at prune.error; NaN: not measured */
    double above_1e4;        /* share of the weights larger than 1e-4 */
    double rows, eta_over_b; /* tail index of the first layer's rows */
    int points;
    /* By falling share of the parameters (`weights`): without the rows and columns of removed neurons. */
    ht_prune_point curve[HT_METHOD_POINTS];
} ht_method_state;

typedef struct ht_compare_state {
    ht_params params;                   /* what the methods have in common */
    size_t samples;                     /* of the training part */
    double steps;                       /* of each method */
    int count;                          /* methods */
    int seeds;                          /* of each method … */
    double train_seed[HT_METHOD_SEEDS]; /* … these; the first one's network is the one that is drawn */
    int done, wanted;                   /* results, one a method and seed */
    bool running, stopped;              /* stopped: before its end */
    char fault[200];                    /* why it could not go on; else empty */
    ht_method_state method[HT_METHODS];
} ht_compare_state;

/* The parameters that a method needs for -1 point, over the seeds that are done and did not diverge. */
typedef struct ht_method_need {
    int seeds, diverged; /* done; of these diverged */
    double kept;         /* the median share of the parameters; NaN: of no seed … */
    double compute;      /* … and of the multiply-adds */
    double parameters;   /* … so many */
    double accuracy;     /* the median, of the whole networks */
    bool reached;        /* less than all of them, in the median */
} ht_method_need;

ht_method_need ht_method_need_of(const ht_method_state *method);

/* Over the same seeds: done, not diverged; where all of them diverged, those. */
typedef struct ht_method_spread {
    size_t seeds;
    double median, low, high, least, greatest; /* NaN of no seed */
} ht_method_spread;

ht_method_spread ht_method_spread_of(const ht_method_state *method, ht_method_number number);

/* The methods by rising need, of parameters or (`by_compute`) multiply-adds; those that do not reach it, are
 * not done or diverged come last, in their order. `order` is (state->count). */
void ht_methods_sorted(const ht_compare_state *state, bool by_compute, int order[HT_METHODS]);

#endif
