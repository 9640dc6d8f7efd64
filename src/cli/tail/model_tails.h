/* model_tails.h - all layers of a model, side by side on all threads within a limit of memory. */
#ifndef HT_CLI_TAIL_MODEL_TAILS_H
#define HT_CLI_TAIL_MODEL_TAILS_H

#include "base/notes.h"
#include "cli/report/tail_skipped.h"
#include "tail/layer/layer_tail.h"
#include "weights/tensor_list.h"

typedef struct ht_model_tails_options {
    const char *layers; /* POSIX extended regular expression; NULL: all */
    const char *order;  /* "a,b,c": these first; NULL: as in the file */
    int cost;           /* what is computed: bits of ht_tail_cost */
    size_t memory;      /* bytes; 0: as much as the largest layer takes, 192 MB at least */
    ht_tail_options tail;
} ht_model_tails_options;

/* Zero-initialize; ht_model_tails_free when done. */
typedef struct ht_model_tails {
    ht_tensor_list list;
    size_t count; /* lines: one a layer, two of a convolution (filters, kernels) */
    ht_layer_tail *layer;
    ht_skipped skipped;
    int broken;   /* layers with values that are not finite; they have no line */
    ht_error why; /* of the first of them */
    ht_notes notes;
} ht_model_tails;

/* The same bits for any number of threads and any limit. HT_USAGE, HT_FAIL: nothing matches, the memory does
 * not hold the largest layer (and how much would), a file that cannot be read. */
ht_code ht_model_tails_take(ht_model_tails *model, const char *path, const ht_model_tails_options *options,
                            ht_error *err);
void ht_model_tails_free(ht_model_tails *model);

/* --layers alone: HT_USAGE with the place where the expression goes wrong. */
ht_code ht_model_tails_check_layers(const char *layers, ht_error *err);

/* What the program takes before it has read a number, and for each thread. */
enum { HT_MODEL_TAILS_BASE = 48 << 20, HT_MODEL_TAILS_LEAST = 64 << 20 };

#endif
