/* results.h - the results of a training run: scores, tails, pruning; as JSON (DESIGN.md) or for people. */
#ifndef HT_EXPERIMENT_RESULTS_H
#define HT_EXPERIMENT_RESULTS_H

#include <jansson.h>

#include "experiment/results_methods.h"
#include "engine/trainer.h"
#include "heavytail/prune.h"
#include "heavytail/tail.h"

typedef struct ht_results {
    ht_end end;
    uint64_t steps;   /* since step 0 */
    uint64_t trained; /* of these, in `seconds`: fewer when a run was resumed */
    double seconds;
    ht_score train, test;
    size_t train_samples, test_samples;
    int targets; /* labels a sample */
    int tokens;  /* as in ht_dataset: not 0 of token sequences, whose losses are nats a token … */
    ht_token_losses losses; /* … and are compared with these */
    ht_tail_picture tail;   /* of the first layer, centred */
    ht_prune_result prune;
    ht_method_results methods;
    void (*stage)(
        const char *words); /* told of each part that may take long before it begins; NULL: nobody */
} ht_results;

/* Evaluates the trainer's network as it stands. */
ht_code ht_results_make(ht_results *results, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                        ht_error *err);

/* Of a loss. */
double ht_bits(double nats);

/* For people, on stdout: each number with what it means, where the run is kept, and what to try next. `run`:
 * its directory, `out`: the file of the weights; NULL: none. */
void ht_results_print(const ht_results *results, const ht_params *params, const ht_labels *labels,
                      const char *run, const char *out);

/* What is the same wherever and however fast it ran: {"schema", "preset", "params", "status", "steps",
 * "train", "test", "tail", "prune", "methods"}; of token sequences "train" and "test" have "bits" a token,
 * too, and there are "tokens": how many, and the losses to compare with. A new reference; NULL when memory is
 * short.
 */
json_t *ht_results_json(const ht_results *results, const ht_params *params);

/* Prints it with "time" and "blas", and the "labels" of the run if it has any, as one JSON object and a line
 * feed on stdout. */
ht_code ht_results_print_json(const ht_results *results, const ht_params *params, const ht_labels *labels,
                              int threads, ht_error *err);

#endif
