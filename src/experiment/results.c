#include "experiment/results.h"
#include "session/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "num/linalg.h"
#include "params/preset.h"
#include "chart/tail_table.h"

ht_code ht_results_make(ht_results *results, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                        ht_error *err)
{
    const ht_params *p = ht_trainer_params(trainer);
    const ht_network *net = ht_trainer_network(trainer), *measured = ht_trainer_measured(trainer);
    const ht_tensor *first = measured->weights[0];
    results->steps = ht_trainer_steps(trainer);
    results->tokens = data->tokens;
    results->losses = data->losses;
    if (ht_network_evaluate(net, &data->train, NULL, pool, &results->train, err) != HT_OK) return err->code;
    if (ht_network_evaluate(net, &data->test, NULL, pool, &results->test, err) != HT_OK) return err->code;
    ht_values w = {.f32 = first->data, .rows = (size_t)first->rows, .columns = (size_t)first->columns};
    if (ht_tail_picture_make(&results->tail, &w, &(ht_tail_options){0}, true, err) != HT_OK) return err->code;
    if (ht_methods_measure(&results->methods, trainer, data, pool, err) != HT_OK) return err->code;
    ht_prune_spec spec = ht_prune_spec_of(p, &data->train);
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

static double bits(double nats)
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
    json_object_set_new(json_object_get(root, "train"), "bits", ht_json_number(bits(r->train.loss)));
    json_object_set_new(json_object_get(root, "test"), "bits", ht_json_number(bits(r->test.loss)));
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
    char *text = complete ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(own);
    json_decref(root);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write the results");
    puts(text); /* main tells when it could not be written */
    free(text);
    return HT_OK;
}

static void print_tail(const ht_tail_picture *p, const ht_params *params)
{
    static const ht_estimator shown[] = {HT_MMO, HT_ECF, HT_HILL};
    bool quiet =
        ht_params_get(params, HT_P_NOISE_TYPE) != HT_NOISE_NONE && ht_params_quiet(params, NULL) == 0;
    printf("  tail index of the first layer (centred%s):",
           quiet ? "; no noise acts on it, noise.first_conv is 0" : "");
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        const ht_estimate *e = &p->all[shown[i]];
        char number[40];
        ht_tail_format(e, number, sizeof number);
        printf("%s %s %s (%s)", i ? "," : "", ht_estimator_at(shown[i])->name, number,
               ht_quality_word(e->quality));
    }
    putchar('\n');
}

/* A network with values beyond the floats has no loss. */
static void print_scores(const ht_results *r, const char *part, const ht_score *whole, const ht_score *pruned)
{
    char loss[32] = "no number", also[32] = "";
    if (isfinite(whole->loss)) snprintf(loss, sizeof loss, "%.4f", whole->loss);
    if (r->tokens > 0) snprintf(also, sizeof also, "  %10.4f", bits(whole->loss));
    printf("  %-8s %10s%s    %8.4f   %8.4f\n", part, loss, also, whole->accuracy, pruned->accuracy);
}

/* What a loss of token sequences is to be compared with. */
static void print_losses(const ht_results *r)
{
    const ht_token_losses *l = &r->losses;
    if (r->tokens == 0) return;
    printf("  loss in nats a token; one that knows only frequencies has %.4f, that knows the token before "
           "%.4f\n",
           l->unigram, l->bigram);
    if (l->least > 0)
        printf("  the least to expect is %.4f (what made the text has %.4f on this test part)\n", l->least,
               l->least_test);
}

static void print_labels(const ht_labels *labels)
{
    char step[32];
    for (int i = 0; i < labels->count; i++) {
        ht_format_grouped(step, sizeof step, (long long)labels->label[i].step);
        printf("%s%s: %s\n", i ? "          " : "  labels: ", step, labels->label[i].text);
    }
}

void ht_results_print(const ht_results *r, const ht_params *params, const ht_labels *labels)
{
    char steps[32], removed[32], units[32], title[64];
    const char *metric = ht_params_get(params, HT_P_PRUNE_METRIC) == HT_FRO ? "ε" : "ε²";
    ht_format_grouped(steps, sizeof steps, (long long)r->steps);
    ht_format_grouped(removed, sizeof removed, r->prune.removed);
    ht_format_grouped(units, sizeof units, r->prune.units);
    ht_preset_title(params, title, sizeof title);
    printf("%s: %s after %s steps, %.2f s\n\n", title, ht_end_word(r->end), steps, r->seconds);
    printf("                 loss%s    accuracy   accuracy pruned\n", r->tokens > 0 ? "        bits" : "");
    print_scores(r, "train", &r->train, &r->prune.train);
    print_scores(r, "test", &r->test, &r->prune.test);
    print_losses(r);
    putchar('\n');
    printf("  pruning ratio κ = %.3f at %s = %g: %s of %s %s removed\n", r->prune.ratio, metric,
           ht_params_get(params, HT_P_PRUNE_RATIO) > 0 ? r->prune.error
                                                       : ht_params_get(params, HT_P_PRUNE_ERROR),
           removed, units, r->prune.unit);
    print_tail(&r->tail, params);
    ht_methods_print(&r->methods, params);
    print_labels(labels);
}
