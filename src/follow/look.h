/* look.h - what is taken of the weights in a file as they stand: of each layer and over all of them. Tensors
 * are read piece by piece, several at a time on the threads of a pool, and only the numbers that a tail is
 * estimated from are kept meanwhile, so that a model of any size is looked at within a limit of memory. */
#ifndef HT_FOLLOW_LOOK_H
#define HT_FOLLOW_LOOK_H

#include "base/notes.h"
#include "base/text.h"
#include "follow/network_look.h"
#include "heavytail/tail.h"
#include "num/histogram.h"

enum { HT_LOOK_NAME = 160, HT_LOOK_WHY = 240 };

/* Tails of layers of more weights than these are of so many, in whole rows that are spread evenly. */
enum { HT_LOOK_TAIL = 1 << 22 };

typedef struct ht_layer_look {
    char name[HT_LOOK_NAME], type[16];
    size_t rows, columns;   /* a row is a unit: the other dimensions of a tensor are its columns (tensor.h) */
    uint64_t values, zeros; /* exactly zero */
    uint64_t broken;        /* NaN or Inf: none of the numbers below counts them */
    double norm, largest;   /* Frobenius norm; largest magnitude; NaN: of doubles that no float holds */
    double row_norm[3];     /* of the rows: least, median, largest; NaN: not known */
    int64_t removable;      /* rows that node pruning takes at the error of the options; -1: not known */
    double kappa;           /* their share; NaN */
    ht_histogram histogram; /* of magnitudes */
    ht_histogram norms;     /* of the rows; total 0: not known */
    size_t used_rows, used_columns; /* the tail is of these */
    ht_estimate
        tail[HT_ESTIMATORS]; /* those that are watched (estimators.def), as `heavytail tail` has them */
    char why[HT_LOOK_WHY];   /* there is no tail or κ: a clause; else empty */
} ht_layer_look;

/* Where the step of a look is from, the surest first. */
typedef enum ht_step_from {
    HT_STEP_METADATA, /* of the file: "step", "heavytail.step" or "global_step" */
    HT_STEP_NAME,     /* digits of the file's name, or its folder's */
    HT_STEP_METRICS,  /* the last row of the metrics beside it */
    HT_STEP_COUNT,    /* the look's number */
} ht_step_from;

const char *ht_step_from_word(ht_step_from from); /* "metadata", … as in JSON */

typedef struct ht_look {
    double step; /* NaN where the file says none: until somebody who knows more fills it */
    ht_step_from from;
    size_t count;
    ht_layer_look *layer; /* (count), in the order of the file */
    /* Sums over the layers; norms are √Σ; `kappa` is the share of all rows, each layer at the error; of the
     * tails it is the estimate of the layer in the middle (of an even number the lower one), with its
     * interval and verdict; `n_tail` says of how many layers, `k` how many of them are good. `broken` counts
     * vectors, too. */
    ht_layer_look all;
    size_t skipped;            /* tensors that are no layers: vectors, whole numbers, … */
    ht_text skipped_names;     /* the first of them: a line each, "name\tTYPE\twhy" */
    char broken[HT_LOOK_NAME]; /* the first tensor with values that are not finite; empty: none */
    ht_network_look network;   /* with data: of the whole network */
} ht_look;

typedef struct ht_look_options {
    size_t memory; /* bytes for all threads together; at least HT_LOOK_MEMORY */
    struct ht_pool *pool;
    double error;                     /* κ: the share of a layer's squared norm that may go */
    const ht_network_source *network; /* NULL: layers only */
} ht_look_options;

/* What the program takes before any weights are there, and a tail of a layer of few: part of the limit. */
enum { HT_LOOK_MEMORY = 96 << 20 };

/* Of a .safetensors file or a model in several (weights.h), or of `count` .npy files, a layer each. HT_FAIL
 * names file and place; the look is to be freed also then. Layers without a tail, for want of finite values
 * or of memory, say why. */
ht_code ht_look_take(ht_look *look, const char *const *paths, int count, const ht_look_options *options,
                     ht_notes *notes, ht_error *err);
void ht_look_free(ht_look *look);

#endif
