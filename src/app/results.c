#include "app/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "math/linalg.h"

ht_code ht_results_make(ht_results *results, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                        ht_error *err)
{
    const ht_params *p = ht_trainer_params(trainer);
    const ht_network *net = ht_trainer_network(trainer);
    const ht_layer *first = &net->layers[0];
    results->steps = ht_trainer_steps(trainer);
    if (ht_network_evaluate(net, &data->train, NULL, pool, &results->train, err) != HT_OK) return err->code;
    if (ht_network_evaluate(net, &data->test, NULL, pool, &results->test, err) != HT_OK) return err->code;
    results->tail = ht_tail_summarize(first->weight, ht_layer_size(first));
    ht_prune_spec spec = ht_prune_spec_of(p, &data->train);
    return ht_prune_try(&results->prune, net, &data->train, &data->test, &spec, pool, err);
}

json_t *ht_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *ht_json_params(const ht_params *params)
{
    json_t *object = json_object();
    char value[HT_PARAM_VALUE];
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        double number = ht_params_get(params, p);
        ht_params_format(params, p, value, sizeof value);
        json_t *item = info->type == HT_TYPE_INT    ? json_integer((json_int_t)number)
                       : info->type == HT_TYPE_REAL ? json_real(number)
                       : info->type == HT_TYPE_BOOL ? json_boolean(number != 0)
                                                    : json_string(value);
        json_object_set_new(object, info->key, item);
    }
    return object;
}

static json_t *score_json(const ht_score *score)
{
    return json_pack("{s:o, s:o}", "loss", ht_json_number(score->loss), "accuracy",
                     ht_json_number(score->accuracy));
}

static json_t *prune_json(const ht_results *r, const ht_params *params)
{
    const char *method = ht_params_name(params, HT_P_PRUNE_METHOD);
    return json_pack("{s:s, s:f, s:f, s:o, s:o}", "method", method, "error",
                     ht_params_get(params, HT_P_PRUNE_ERROR), "ratio", r->prune.ratio, "train_accuracy",
                     ht_json_number(r->prune.train.accuracy), "test_accuracy",
                     ht_json_number(r->prune.test.accuracy));
}

ht_code ht_results_print_json(const ht_results *r, const ht_params *params, int threads, ht_error *err)
{
    json_t *root =
        json_pack("{s:i, s:s, s:o, s:s, s:I, s:o, s:o, s:{s:o, s:o}, s:o, s:{s:f, s:f}, s:{s:s, s:s, s:i}}",
                  "schema", 1, "preset", params->preset, "params", ht_json_params(params), "status",
                  r->status, "steps", (json_int_t)r->steps, "train", score_json(&r->train), "test",
                  score_json(&r->test), "tail", "mmo", ht_json_number(r->tail.mmo), "hill",
                  ht_json_number(r->tail.hill), "prune", prune_json(r, params), "time", "seconds", r->seconds,
                  "steps_per_second", r->seconds > 0 ? (double)r->trained / r->seconds : 0, "blas", "library",
                  ht_linalg_library(), "core", ht_linalg_core(), "threads", threads);
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write the results");
    bool written = puts(text) >= 0 && fflush(stdout) == 0;
    free(text);
    return written ? HT_OK : ht_error_set(err, HT_FAIL, "cannot write the results to standard output");
}

void ht_results_print(const ht_results *r, const ht_params *params)
{
    char steps[32], removed[32], units[32], mmo[24], hill[24];
    const char *metric = ht_params_get(params, HT_P_PRUNE_METRIC) == HT_FRO ? "ε" : "ε²";
    ht_format_grouped(steps, sizeof steps, (long long)r->steps);
    ht_format_grouped(removed, sizeof removed, r->prune.removed);
    ht_format_grouped(units, sizeof units, r->prune.units);
    ht_format_short(mmo, sizeof mmo, r->tail.mmo, 3);
    ht_format_short(hill, sizeof hill, r->tail.hill, 3);
    printf("%s: %s after %s steps, %.2f s\n\n", params->preset, r->status, steps, r->seconds);
    printf("                 loss    accuracy   accuracy pruned\n");
    printf("  train    %10.4f    %8.4f   %8.4f\n", r->train.loss, r->train.accuracy, r->prune.train.accuracy);
    printf("  test     %10.4f    %8.4f   %8.4f\n\n", r->test.loss, r->test.accuracy, r->prune.test.accuracy);
    printf("  pruning ratio κ = %.3f at %s = %g: %s of %s %s removed\n", r->prune.ratio, metric,
           ht_params_get(params, HT_P_PRUNE_RATIO) > 0 ? r->prune.error
                                                       : ht_params_get(params, HT_P_PRUNE_ERROR),
           removed, units, ht_prune_at((ht_prune_method)ht_params_get(params, HT_P_PRUNE_METHOD))->unit);
    printf("  tail index of the first layer (centred): mmo %s, hill %s (k = %zu)\n", mmo, hill,
           r->tail.hill_k);
}
