#include "app/results_roads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/results.h"
#include "base/alloc.h"
#include "math/select.h"

/* ---- measuring ---- */

/* mmo-multi of a layer's rows. */
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
    double sorted[HT_DEPTH_MAX] = {0};
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

/* Beside what is measured on the mean: its scores, and the last iterate's tails. */
static ht_code measure_average(ht_road_results *r, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                               ht_error *err)
{
    const ht_network *mean = ht_trainer_measured(trainer);
    r->averaged = ht_trainer_average(trainer)->count;
    if (r->averaged == 0) return HT_OK;
    if (ht_network_evaluate(mean, &data->train, NULL, pool, &r->average_train, err) != HT_OK ||
        ht_network_evaluate(mean, &data->test, NULL, pool, &r->average_test, err) != HT_OK)
        return err->code;
    return row_tails(&r->last_rows, ht_trainer_network(trainer), err);
}

/* The network of the epoch that the samples held back liked best. */
static ht_code measure_best(ht_road_results *r, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
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

ht_code ht_roads_measure(ht_road_results *r, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                         ht_error *err)
{
    *r = (ht_road_results){.sizes = ht_network_sizes(ht_trainer_network(trainer))};
    if (row_tails(&r->rows, ht_trainer_measured(trainer), err) != HT_OK) return err->code;
    if (measure_average(r, trainer, data, pool, err) != HT_OK) return err->code;
    return measure_best(r, trainer, data, pool, err);
}

/* ---- telling ---- */

static double eta_over_b(const ht_params *params)
{
    return ht_params_get(params, HT_P_TRAIN_LR) / ht_params_get(params, HT_P_TRAIN_BATCH);
}

static json_t *score_json(const ht_score *score)
{
    return json_pack("{s:o, s:o}", "loss", ht_json_number(score->loss), "accuracy",
                     ht_json_number(score->accuracy));
}

static json_t *rows_json(const ht_row_tails *rows)
{
    json_t *layers = json_array();
    for (int l = 0; l < rows->layers; l++) json_array_append_new(layers, ht_json_number(rows->layer[l]));
    return json_pack("{s:o, s:o}", "median", ht_json_number(rows->median), "layers", layers);
}

static json_t *sizes_json(const ht_sizes *s)
{
    double count = (double)s->weights;
    return json_pack("{s:I, s:f, s:f, s:f}", "count", (json_int_t)s->weights, "nonzero",
                     (double)s->nonzero / count, "above_epsilon", (double)s->above_epsilon / count,
                     "above_1e-4", (double)s->above_1e4 / count);
}

/* null without train.average */
static json_t *average_json(const ht_road_results *r)
{
    if (r->averaged == 0) return json_null();
    return json_pack("{s:I, s:o, s:o, s:o}", "iterates", (json_int_t)r->averaged, "train",
                     score_json(&r->average_train), "test", score_json(&r->average_test), "last_rows",
                     rows_json(&r->last_rows));
}

static json_t *best_json(const ht_road_results *r)
{
    if (!r->has_best) return json_null();
    return json_pack("{s:I, s:o, s:f, s:o}", "epoch", (json_int_t)r->occam.best_epoch, "loss",
                     ht_json_number(r->occam.best_loss), "kept",
                     (double)r->best_sizes.nonzero / (double)r->best_sizes.weights, "test",
                     score_json(&r->best_test));
}

/* null unless epochs were judged */
static json_t *occam_json(const ht_road_results *r)
{
    if (r->occam.epochs == 0) return json_null();
    json_t *epochs = json_array();
    for (size_t i = 0; i < r->epoch_count; i++) {
        const ht_occam_epoch *e = &r->epochs[i];
        json_array_append_new(epochs,
                              json_pack("{s:I, s:f, s:f, s:o, s:o}", "epoch", (json_int_t)e->epoch, "lambda",
                                        e->lambda, "kept", e->kept, "loss", ht_json_number(e->loss),
                                        "accuracy", ht_json_number(e->accuracy)));
    }
    return json_pack("{s:o, s:o}", "best", best_json(r), "epochs", epochs);
}

json_t *ht_roads_json(const ht_road_results *r, const ht_params *params)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "eta_over_b", ht_json_number(eta_over_b(params)), "rows",
                     rows_json(&r->rows), "weights", sizes_json(&r->sizes), "average", average_json(r),
                     "occam", occam_json(r));
}

void ht_roads_print(const ht_road_results *r, const ht_params *params)
{
    double count = (double)r->sizes.weights;
    printf("  regime: η/b = %.3g; tail index of the rows%s %.3f\n", eta_over_b(params),
           r->rows.layers > 1 ? ", median of the layers," : "", r->rows.median);
    printf("  weights above 1e-4: %.2f %%, above machine epsilon: %.2f %%\n",
           100 * (double)r->sizes.above_1e4 / count, 100 * (double)r->sizes.above_epsilon / count);
    if (r->averaged > 0)
        printf("  tails and pruning are those of the mean of the last %llu iterates: train %.4f, test %.4f\n",
               (unsigned long long)r->averaged, r->average_train.accuracy, r->average_test.accuracy);
    if (r->has_best)
        printf("  best epoch %llu of %llu: %.1f %% of the weights, test loss %.4f, accuracy %.4f\n",
               (unsigned long long)r->occam.best_epoch, (unsigned long long)r->occam.epochs,
               100 * (double)r->best_sizes.nonzero / (double)r->best_sizes.weights, r->best_test.loss,
               r->best_test.accuracy);
}
