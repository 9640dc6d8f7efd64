/* results_methods.h - what is measured of a finished run beside its scores, for each of the methods: η/b,
 * rows, prunings, sizes, averages, Occam's epochs. */
#ifndef HT_EXPERIMENT_RESULTS_METHODS_H
#define HT_EXPERIMENT_RESULTS_METHODS_H

#include <jansson.h>

#include "engine/trainer.h"
#include "heavytail/prune.h"
#include "tail/row_tails.h"

/* κ at prune.error of the three prunings of arXiv 2106.03795. */
enum { HT_PRUNINGS = 3 };
extern const ht_prune_method ht_prunings[HT_PRUNINGS]; /* node, magnitude, svd */

typedef struct ht_method_results {
    double eta_over_b;           /* of the batch that a step takes */
    double pruning[HT_PRUNINGS]; /* NaN: left out, the network is too large */
    const char *unit;            /* of node pruning: ht_prune_unit of the network */
    ht_sizes sizes;              /* of the last iterate, and … */
    double multiply_adds, whole; /* … for a sample forward, with its zeros left out, and with them */
    double compute;              /* of all training (ht_trainer_compute) */
    ht_row_tails rows;           /* of what train.average says: the last iterate, or the mean of late ones */
    ht_paper_tails paper;        /* of the same */
    /* with train.average */
    uint64_t averaged;                    /* iterates in the mean; 0: there is none */
    ht_score average_train, average_test; /* of the mean */
    ht_row_tails last_rows;               /* of the last iterate */
    /* with occam.lambda0, or samples held back */
    ht_occam occam; /* epochs 0 without */
    bool has_best;  /* the network of the best epoch */
    ht_score best_test;
    ht_sizes best_sizes;
    double best_multiply_adds;
    const ht_occam_epoch *epochs; /* (epoch_count): the trainer's */
    size_t epoch_count;
} ht_method_results;

ht_code ht_methods_measure(ht_method_results *methods, ht_trainer *trainer, const ht_dataset *data,
                           ht_pool *pool, ht_error *err);

/* {"eta_over_b", "rows", "prunings", "weights", "compute", "average", "occam"}; a new reference, NULL when
 * memory is short. */
json_t *ht_methods_json(const ht_method_results *methods);
void ht_methods_print(const ht_method_results *methods, const ht_params *params);

#endif
