/* history.h - looks of one series, one after the other: what views over steps are drawn from. The layers'
 * values at each step, the present run and former ones as ghosts. Memory is bounded: of a long run every
 * second look goes, but never the last. Pure. */
#ifndef HT_FOLLOW_HISTORY_H
#define HT_FOLLOW_HISTORY_H

#include "follow/look.h"

typedef enum ht_measure {
    HT_MEASURE_NORM,
    HT_MEASURE_ROW_NORM, /* the median of the rows' */
    HT_MEASURE_LARGEST,
    HT_MEASURE_KAPPA,
    HT_MEASURE_ZEROS,  /* share of the values */
    HT_MEASURE_BROKEN, /* number of values that are not finite */
    HT_MEASURE_ACCURACY,
    HT_MEASURE_LOSS,
    HT_MEASURE_PRUNED, /* of the network, at layer HT_LAYER_ALL; pruned: accuracy */
    HT_MEASURE_TAIL,   /* + ht_estimator: the index; its interval: */
    HT_MEASURE_TAIL_LOW = HT_MEASURE_TAIL + HT_ESTIMATORS,
    HT_MEASURE_TAIL_HIGH = HT_MEASURE_TAIL_LOW + HT_ESTIMATORS,
    HT_MEASURE_TAIL_VERDICT = HT_MEASURE_TAIL_HIGH + HT_ESTIMATORS, /* an ht_quality */
    HT_MEASURES = HT_MEASURE_TAIL_VERDICT + HT_ESTIMATORS,
} ht_measure;

enum {
    HT_LAYER_ALL = 0,            /* the number of "all layers"; layers have numbers from 1 on */
    HT_HISTORY_RUNS = 9,         /* the present one and ghosts; the oldest goes first */
    HT_HISTORY_LOOKS = 4096,     /* at most, of a run; fewer of models of many layers: … */
    HT_HISTORY_BYTES = 32 << 20, /* … a run takes no more than this */
};

typedef struct ht_history_look {
    double step, seconds;
    float *value;                       /* (layers × HT_MEASURES); NaN: not known */
    uint32_t part[HT_HISTOGRAM_COARSE]; /* of the magnitudes of all layers (histogram.h) */
    int layers;                         /* with numbers below this; later ones were not there */
} ht_history_look;

typedef struct ht_history_run {
    int number; /* of the run, from 0 */
    size_t count, room;
    ht_history_look *look; /* by rising step */
} ht_history_run;

typedef struct ht_history { /* zeroed: nothing seen yet */
    int layers;             /* with "all", which is there from the first look on */
    size_t layer_room;
    char (*layer)[HT_LOOK_NAME];
    int runs; /* the last one is the present one */
    ht_history_run run[HT_HISTORY_RUNS];
} ht_history;

/* Adds what was seen at look->step; a look of the same step replaces the one that is there. `run` as in
 * follow.h: a higher one begins anew. HT_FAIL: no memory, and the history is as it was. */
ht_code ht_history_add(ht_history *history, const ht_look *look, int run, double seconds, ht_error *err);

/* NULL before the first look. */
const ht_history_run *ht_history_now(const ht_history *history);

/* The number of the layer of that name, or -1. */
int ht_history_layer(const ht_history *history, const char *name);

/* NaN: not known. */
double ht_history_value(const ht_history_look *look, int layer, int measure);

void ht_history_free(ht_history *history);

#endif
