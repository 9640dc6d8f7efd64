/* results.h - what a finished training run has to say: scores, tails, pruning; as JSON (DESIGN.md) or for
 * people. */
#ifndef HT_APP_RESULTS_H
#define HT_APP_RESULTS_H

#include <jansson.h>

#include "engine/trainer.h"
#include "heavytail/prune.h"
#include "heavytail/tail.h"

/* Tail index of the hidden layers' rows, as arXiv 2106.03795 has it. */
typedef struct ht_row_tails {
    int layers;
    double layer[HT_DEPTH_MAX], median;
} ht_row_tails;

typedef struct ht_results {
    const char *status; /* done, converged, diverged, stopped */
    uint64_t steps;     /* since step 0 */
    uint64_t trained;   /* of these, in `seconds`: fewer when a run was resumed */
    double seconds;
    ht_score train, test; /* of the last iterate */
    /* of what train.average says: the last iterate, or the mean of late ones */
    ht_tail_summary tail;
    ht_row_tails rows;
    ht_prune_result prune;
    ht_sizes sizes; /* of the last iterate */
    ht_occam occam; /* epochs 0 without */
    bool has_best;  /* the network of its best epoch */
    ht_score best_test;
    ht_sizes best_sizes;
    const ht_occam_epoch *epochs; /* (epoch_count): the trainer's */
    size_t epoch_count;
    uint64_t averaged;                    /* iterates in the mean; 0: there is none */
    ht_score average_train, average_test; /* of the mean */
    ht_tail_summary last_tail;            /* of the last iterate */
    ht_row_tails last_rows;
} ht_results;

/* Evaluates the trainer's network as it stands. */
ht_code ht_results_make(ht_results *results, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                        ht_error *err);

void ht_results_print(const ht_results *results, const ht_params *params);

/* What is the same wherever and however fast it ran: {"schema", "preset", "params", "status", "steps",
 * "train", "test", "tail", "prune"}, and what the roads add: "eta_over_b", "weights", "average", "occam". A
 * new reference; NULL when memory is short. */
json_t *ht_results_json(const ht_results *results, const ht_params *params);

/* Prints it with "time" and "blas" as one JSON object and a line feed on stdout. */
ht_code ht_results_print_json(const ht_results *results, const ht_params *params, int threads, ht_error *err);

/* A number, or null when it is not finite. */
json_t *ht_json_number(double value);

/* {"train.lr": 0.01, …} with every parameter. */
json_t *ht_json_params(const ht_params *params);

#endif
