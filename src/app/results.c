#include "app/results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "math/linalg.h"
#include "math/select.h"

/* mmo-multi of a layer's rows, centred by the medians of its columns. */
static ht_code row_index(const ht_layer *layer, double *alpha, ht_error *err)
{
    ht_values x = {.f32 = layer->weight, .rows = (size_t)layer->rows, .columns = (size_t)layer->columns};
    ht_estimate estimate = {.value = NAN};
    double *median = ht_alloc(x.columns, sizeof *median, "the medians of the columns", err);
    ht_code code = median ? ht_values_column_medians(&x, median, err) : err->code;
    x.column_centre = median;
    if (code == HT_OK) code = ht_tail_fit_rows(&x, &(ht_tail_options){0}, &estimate, err);
    *alpha = estimate.value;
    ht_free(median);
    return code;
}

static ht_code row_tails(ht_row_tails *tails, const ht_network *net, ht_error *err)
{
    double sorted[HT_DEPTH_MAX];
    int count = 0;
    tails->layers = net->depth;
    for (int l = 0; l < net->depth; l++) {
        if (row_index(&net->layers[l], &tails->layer[l], err) != HT_OK) return err->code;
        if (!isnan(tails->layer[l])) sorted[count++] = tails->layer[l];
    }
    qsort(sorted, (size_t)count, sizeof *sorted, ht_by_double);
    tails->median = count ? (sorted[(count - 1) / 2] + sorted[count / 2]) / 2 : (double)NAN;
    return HT_OK;
}

static ht_code tails_of(const ht_network *net, ht_tail_summary *tail, ht_row_tails *rows, ht_error *err)
{
    *tail = ht_tail_summarize(net->layers[0].weight, ht_layer_size(&net->layers[0]));
    return row_tails(rows, net, err);
}

/* Beside what is measured on the mean: its scores, and the last iterate's tails. */
static ht_code average_results(ht_results *r, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                               ht_error *err)
{
    const ht_network *mean = ht_trainer_measured(trainer);
    r->averaged = ht_trainer_average(trainer)->count;
    if (r->averaged == 0) return HT_OK;
    if (ht_network_evaluate(mean, &data->train, NULL, pool, &r->average_train, err) != HT_OK ||
        ht_network_evaluate(mean, &data->test, NULL, pool, &r->average_test, err) != HT_OK)
        return err->code;
    return tails_of(ht_trainer_network(trainer), &r->last_tail, &r->last_rows, err);
}

/* The network of the epoch that the samples held back liked best. */
static ht_code occam_results(ht_results *r, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                             ht_error *err)
{
    const ht_network *best = ht_trainer_best(trainer);
    r->occam = ht_trainer_state_get(trainer).occam;
    r->epochs = ht_trainer_occam(trainer, &r->epoch_count);
    r->has_best = best != NULL;
    if (!best) return HT_OK;
    r->best_sizes = ht_network_sizes(best);
    return ht_network_evaluate(best, &data->test, NULL, pool, &r->best_test, err);
}

ht_code ht_results_make(ht_results *results, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                        ht_error *err)
{
    const ht_params *p = ht_trainer_params(trainer);
    const ht_network *net = ht_trainer_network(trainer), *measured = ht_trainer_measured(trainer);
    results->steps = ht_trainer_steps(trainer);
    results->sizes = ht_network_sizes(net);
    if (ht_network_evaluate(net, &data->train, NULL, pool, &results->train, err) != HT_OK ||
        ht_network_evaluate(net, &data->test, NULL, pool, &results->test, err) != HT_OK ||
        tails_of(measured, &results->tail, &results->rows, err) != HT_OK ||
        average_results(results, trainer, data, pool, err) != HT_OK ||
        occam_results(results, trainer, data, pool, err) != HT_OK)
        return err->code;
    ht_prune_spec spec = ht_prune_spec_of(p, &data->train);
    return ht_prune_try(&results->prune, measured, &data->train, &data->test, &spec, pool, err);
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

static json_t *tail_json(const ht_tail_summary *tail, const ht_row_tails *rows)
{
    json_t *layers = json_array();
    for (int l = 0; l < rows->layers; l++) json_array_append_new(layers, ht_json_number(rows->layer[l]));
    return json_pack("{s:o, s:o, s:o, s:o}", "mmo", ht_json_number(tail->mmo), "hill",
                     ht_json_number(tail->hill), "rows", ht_json_number(rows->median), "layers", layers);
}

/* null unless occam.lambda0 has pruned */
static json_t *occam_json(const ht_results *r)
{
    json_t *epochs = json_array();
    if (r->occam.epochs == 0) return json_decref(epochs), json_null();
    for (size_t i = 0; i < r->epoch_count; i++) {
        const ht_occam_epoch *e = &r->epochs[i];
        json_array_append_new(epochs,
                              json_pack("{s:I, s:f, s:f, s:o, s:o}", "epoch", (json_int_t)e->epoch, "lambda",
                                        e->lambda, "kept", e->kept, "loss", ht_json_number(e->loss),
                                        "accuracy", ht_json_number(e->accuracy)));
    }
    json_t *best = json_null();
    if (r->has_best)
        best = json_pack("{s:I, s:o, s:f, s:o}", "epoch", (json_int_t)r->occam.best_epoch, "loss",
                         ht_json_number(r->occam.best_loss), "kept",
                         (double)r->best_sizes.nonzero / (double)r->best_sizes.weights, "test",
                         score_json(&r->best_test));
    return json_pack("{s:o, s:o}", "best", best, "epochs", epochs);
}

static json_t *sizes_json(const ht_sizes *s)
{
    double count = (double)s->weights;
    return json_pack("{s:I, s:f, s:f, s:f}", "count", (json_int_t)s->weights, "nonzero",
                     (double)s->nonzero / count, "above_epsilon", (double)s->above_epsilon / count,
                     "above_1e-4", (double)s->above_1e4 / count);
}

/* null without train.average */
static json_t *average_json(const ht_results *r)
{
    if (r->averaged == 0) return json_null();
    return json_pack("{s:I, s:o, s:o, s:o}", "iterates", (json_int_t)r->averaged, "train",
                     score_json(&r->average_train), "test", score_json(&r->average_test), "last_tail",
                     tail_json(&r->last_tail, &r->last_rows));
}

/* What the other roads to compressibility ask for. */
static void add_roads(json_t *root, const ht_results *r, const ht_params *params)
{
    double eta_over_b = ht_params_get(params, HT_P_TRAIN_LR) / ht_params_get(params, HT_P_TRAIN_BATCH);
    json_object_set_new(root, "eta_over_b", ht_json_number(eta_over_b));
    json_object_set_new(root, "weights", sizes_json(&r->sizes));
    json_object_set_new(root, "average", average_json(r));
    json_object_set_new(root, "occam", occam_json(r));
}

json_t *ht_results_json(const ht_results *r, const ht_params *params)
{
    json_t *root =
        json_pack("{s:i, s:s, s:o, s:s, s:I, s:o, s:o, s:o, s:o}", "schema", 1, "preset", params->preset,
                  "params", ht_json_params(params), "status", r->status, "steps", (json_int_t)r->steps,
                  "train", score_json(&r->train), "test", score_json(&r->test), "tail",
                  tail_json(&r->tail, &r->rows), "prune", prune_json(r, params));
    if (root) add_roads(root, r, params);
    return root;
}

ht_code ht_results_print_json(const ht_results *r, const ht_params *params, int threads, ht_error *err)
{
    json_t *root = ht_results_json(r, params);
    json_t *own = json_pack("{s:{s:f, s:f}, s:{s:s, s:s, s:i}}", "time", "seconds", r->seconds,
                            "steps_per_second", r->seconds > 0 ? (double)r->trained / r->seconds : 0, "blas",
                            "library", ht_linalg_library(), "core", ht_linalg_core(), "threads", threads);
    bool complete = root && own && json_object_update(root, own) == 0;
    char *text = complete ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(own);
    json_decref(root);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write the results");
    bool written = puts(text) >= 0 && fflush(stdout) == 0;
    free(text);
    return written ? HT_OK : ht_error_set(err, HT_FAIL, "cannot write the results to standard output");
}

static void print_roads(const ht_results *r, const ht_params *params)
{
    double count = (double)r->sizes.weights;
    if (r->has_best)
        printf("  best epoch %llu of %llu: %.1f %% of the weights, test loss %.4f, accuracy %.4f\n",
               (unsigned long long)r->occam.best_epoch, (unsigned long long)r->occam.epochs,
               100 * (double)r->best_sizes.nonzero / (double)r->best_sizes.weights, r->best_test.loss,
               r->best_test.accuracy);
    printf("  weights above 1e-4: %.2f %%, above machine epsilon: %.2f %%\n",
           100 * (double)r->sizes.above_1e4 / count, 100 * (double)r->sizes.above_epsilon / count);
    printf("  regime: η/b = %.3g, median tail index of the layers' rows %.3f\n",
           ht_params_get(params, HT_P_TRAIN_LR) / ht_params_get(params, HT_P_TRAIN_BATCH), r->rows.median);
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
    if (r->averaged > 0)
        printf("  mean of the last %llu iterates: train %.4f, test %.4f; measured on it:\n",
               (unsigned long long)r->averaged, r->average_train.accuracy, r->average_test.accuracy);
    printf("  pruning ratio κ = %.3f at %s = %g: %s of %s %s removed\n", r->prune.ratio, metric,
           ht_params_get(params, HT_P_PRUNE_ERROR), removed, units,
           ht_prune_at((ht_prune_method)ht_params_get(params, HT_P_PRUNE_METHOD))->unit);
    printf("  tail index of the first layer (centred): mmo %s, hill %s (k = %zu); of its rows %.3f\n", mmo,
           hill, r->tail.hill_k, r->rows.layer[0]);
    print_roads(r, params);
}
