#include "experiment/results.h"
#include "session/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "num/linalg.h"

/* "evaluating the pruned network: 113 284 training, 12 578 test samples" */
static void say_stage(const ht_results *r, const char *what, size_t train, size_t test)
{
    char words[100], samples[2][24];
    if (!r->stage) return;
    ht_format_grouped(samples[0], sizeof samples[0], (long long)train);
    ht_format_grouped(samples[1], sizeof samples[1], (long long)test);
    if (train)
        snprintf(words, sizeof words, "%s: %s training, %s test samples", what, samples[0], samples[1]);
    else
        snprintf(words, sizeof words, "%s", what);
    r->stage(words);
}

ht_code ht_results_make(ht_results *results, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                        ht_error *err)
{
    const ht_params *p = ht_trainer_params(trainer);
    const ht_network *net = ht_trainer_network(trainer), *measured = ht_trainer_measured(trainer);
    const ht_tensor *first = measured->weights[0];
    results->steps = ht_trainer_steps(trainer);
    results->train_samples = data->train.count;
    results->test_samples = data->test.count;
    results->tokens = data->tokens;
    results->targets = data->targets;
    results->losses = data->losses;
    say_stage(results, "evaluating the network", data->train.count, data->test.count);
    if (ht_network_evaluate(net, &data->train, NULL, pool, &results->train, err) != HT_OK) return err->code;
    if (ht_network_evaluate(net, &data->test, NULL, pool, &results->test, err) != HT_OK) return err->code;
    say_stage(results, "tail indices, and how much can be pruned", 0, 0);
    ht_values w = {.f32 = first->data, .rows = (size_t)first->rows, .columns = (size_t)first->columns};
    if (ht_tail_picture_make(&results->tail, &w, &(ht_tail_options){0}, true, err) != HT_OK) return err->code;
    if (ht_methods_measure(&results->methods, trainer, data, pool, err) != HT_OK) return err->code;
    ht_prune_spec spec = ht_prune_spec_of(p, &data->train);
    say_stage(results, "evaluating the pruned network", data->train.count, data->test.count);
    return ht_prune_try(&results->prune, measured, &data->train, &data->test, &spec, pool, NULL, err);
}

static json_t *prune_json(const ht_results *r, const ht_params *params)
{
    const char *method = ht_params_name(params, HT_P_PRUNE_METHOD);
    return json_pack("{s:s, s:f, s:o, s:o, s:o}", "method", method, "error",
                     ht_params_get(params, HT_P_PRUNE_ERROR), "ratio", ht_json_number(r->prune.ratio),
                     "train_accuracy", ht_json_number(r->prune.train.accuracy), "test_accuracy",
                     ht_json_number(r->prune.test.accuracy));
}

/* Every estimator that applies, to the first layer centred: column medians, then the median. Raw values;
 * `heavytail tail` says how far to believe them. */
static json_t *tail_json(const ht_tail_picture *p)
{
    json_t *tail = json_pack("{s:b}", "centred", (int)p->centred);
    for (int e = 0; e < HT_ESTIMATORS; e++) {
        const ht_estimator_info *info = ht_estimator_at((ht_estimator)e);
        const ht_estimate *estimate = ht_tail_picture_estimate(p, (ht_estimator)e);
        if (info->input != HT_INPUT_EIGENVALUES)
            json_object_set_new(tail, info->name, ht_json_number(estimate->value));
    }
    return tail;
}

double ht_bits(double nats)
{
    return nats / log(2);
}

/* 0: not known. */
static json_t *known_json(double nats)
{
    return nats > 0 ? json_real(nats) : json_null();
}

static void add_tokens_json(const ht_results *r, json_t *root)
{
    const ht_token_losses *l = &r->losses;
    json_object_set_new(json_object_get(root, "train"), "bits", ht_json_number(ht_bits(r->train.loss)));
    json_object_set_new(json_object_get(root, "test"), "bits", ht_json_number(ht_bits(r->test.loss)));
    json_object_set_new(root, "tokens",
                        json_pack("{s:i, s:o, s:o, s:o, s:o}", "count", r->tokens, "unigram",
                                  known_json(l->unigram), "bigram", known_json(l->bigram), "least",
                                  known_json(l->least), "least_test", known_json(l->least_test)));
}

json_t *ht_results_json(const ht_results *r, const ht_params *params)
{
    json_t *root =
        json_pack("{s:i, s:s, s:o, s:s, s:I, s:o, s:o, s:o, s:o}", "schema", 1, "preset", params->preset,
                  "params", ht_json_params(params), "status", ht_end_word(r->end), "steps",
                  (json_int_t)r->steps, "train", ht_json_score(&r->train), "test", ht_json_score(&r->test),
                  "tail", tail_json(&r->tail), "prune", prune_json(r, params));
    if (root) json_object_set_new(root, "methods", ht_methods_json(&r->methods));
    if (root && r->tokens > 0) add_tokens_json(r, root);
    return root;
}

ht_code ht_results_print_json(const ht_results *r, const ht_params *params, const ht_labels *labels,
                              int threads, ht_error *err)
{
    json_t *root = ht_results_json(r, params);
    json_t *own = json_pack("{s:{s:f, s:f}, s:{s:s, s:s, s:i}}", "time", "seconds", r->seconds,
                            "steps_per_second", r->seconds > 0 ? (double)r->trained / r->seconds : 0, "blas",
                            "library", ht_linalg_library(), "core", ht_linalg_core(), "threads", threads);
    if (root && labels->count > 0) json_object_set_new(root, "labels", ht_json_labels(labels));
    bool complete = root && own && json_object_update(root, own) == 0;
    json_decref(own);
    if (complete) return ht_json_print(root, err);
    json_decref(root);
    return ht_json_print(NULL, err);
}
