#include "experiment/results_methods.h"
#include "nn/layers/multiply_adds.h"
#include "params/batch.h"
#include "session/json.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- measuring ---- */

const ht_prune_method ht_prunings[HT_PRUNINGS] = {HT_PRUNE_NODE, HT_PRUNE_MAGNITUDE, HT_PRUNE_SVD};

/* Singular values of the smaller side, and a copy of all weights, are to take no longer than an evaluation.
 */
static bool small_enough(const ht_network *net)
{
    enum { SIDE = 1024, WEIGHTS = 1 << 24 };
    for (int l = 0; l < ht_network_hidden(net); l++)
        if (net->weights[l]->rows > SIDE && net->weights[l]->columns > SIDE) return false;
    return ht_network_parameters(net) <= WEIGHTS;
}

static ht_code measure_prunings(ht_method_results *r, const ht_network *net, const ht_params *params,
                                ht_pool *pool, ht_error *err)
{
    ht_prune_spec spec = ht_prune_spec_of(params, NULL);
    spec.ratio = NAN; /* at the error */
    r->unit = ht_prune_unit(net, HT_PRUNE_NODE, spec.side);
    for (int i = 0; i < HT_PRUNINGS; i++) {
        ht_prune_result result = {.ratio = NAN};
        spec.method = ht_prunings[i];
        if (small_enough(net) && ht_prune_try(&result, net, NULL, NULL, &spec, pool, NULL, err) != HT_OK)
            return err->code;
        r->pruning[i] = result.ratio;
    }
    return HT_OK;
}

/* Beside what is measured on the mean: its scores, and the last iterate's tails. */
static ht_code measure_average(ht_method_results *r, ht_trainer *trainer, const ht_dataset *data,
                               ht_pool *pool, ht_error *err)
{
    const ht_network *mean = ht_trainer_measured(trainer);
    r->averaged = ht_trainer_average(trainer)->count;
    if (r->averaged == 0) return HT_OK;
    if (ht_network_evaluate(mean, &data->train, NULL, pool, &r->average_train, err) != HT_OK ||
        ht_network_evaluate(mean, &data->test, NULL, pool, &r->average_test, err) != HT_OK)
        return err->code;
    return ht_row_tails_measure(&r->last_rows, ht_trainer_network(trainer), err);
}

/* The network of the epoch with the lowest validation loss. */
static ht_code measure_best(ht_method_results *r, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                            ht_error *err)
{
    const ht_network *best = ht_trainer_best(trainer);
    r->occam = ht_trainer_state_get(trainer).occam;
    r->epochs = ht_trainer_occam(trainer, &r->epoch_count);
    r->has_best = best != NULL;
    if (!best) return HT_OK;
    r->best_sizes = ht_network_sizes(best);
    r->best_multiply_adds = ht_network_multiply_adds(best);
    return ht_network_evaluate(best, &data->test, NULL, pool, &r->best_test, err);
}

ht_code ht_methods_measure(ht_method_results *r, ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                           ht_error *err)
{
    *r = (ht_method_results){.eta_over_b = ht_eta_over_b(ht_trainer_params(trainer), data->train.count),
                             .sizes = ht_network_sizes(ht_trainer_network(trainer)),
                             .multiply_adds = ht_network_multiply_adds(ht_trainer_network(trainer)),
                             .whole = ht_multiply_adds_whole(ht_trainer_network(trainer)),
                             .compute = ht_trainer_compute(trainer)};
    if (ht_row_tails_measure(&r->rows, ht_trainer_measured(trainer), err) != HT_OK) return err->code;
    if (ht_paper_tails_measure(&r->paper, ht_trainer_measured(trainer), err) != HT_OK) return err->code;
    if (measure_prunings(r, ht_trainer_measured(trainer), ht_trainer_params(trainer), pool, err) != HT_OK)
        return err->code;
    if (measure_average(r, trainer, data, pool, err) != HT_OK) return err->code;
    return measure_best(r, trainer, data, pool, err);
}

/* ---- telling ---- */

static json_t *rows_json(const ht_row_tails *rows)
{
    json_t *layers = json_array(), *kernels = json_array();
    for (int l = 0; l < rows->layers; l++) {
        json_array_append_new(layers, ht_json_number(rows->layer[l]));
        json_array_append_new(kernels, ht_json_number(rows->kernel[l]));
    }
    json_t *all = json_pack("{s:o, s:o}", "median", ht_json_number(rows->median), "layers", layers);
    if (!all || !(rows->kernel_median > 0)) return json_decref(kernels), all;
    json_object_set_new(
        all, "kernels",
        json_pack("{s:o, s:o}", "median", ht_json_number(rows->kernel_median), "layers", kernels));
    return all;
}

/* As rows the kernels (one by one) or the filters of convolutions. */
static json_t *paper_json(const double *layers, int count, const ht_tail_summary *s)
{
    json_t *list = json_array();
    for (int l = 0; l < count; l++) json_array_append_new(list, ht_json_number(layers[l]));
    return json_pack("{s:o, s:o, s:o, s:o}", "median", ht_json_number(s->median), "mean",
                     ht_json_number(s->mean), "min", ht_json_number(s->least), "layers", list);
}

static json_t *papers_json(const ht_paper_tails *p)
{
    return json_pack("{s:o, s:o}", "kernels", paper_json(p->kernel, p->layers, &p->of_kernels), "filters",
                     paper_json(p->filter, p->layers, &p->of_filters));
}

static json_t *sizes_json(const ht_sizes *s)
{
    double count = (double)s->weights;
    return json_pack("{s:I, s:o, s:o, s:o}", "count", (json_int_t)s->weights, "nonzero",
                     ht_json_number((double)s->nonzero / count), "above_epsilon",
                     ht_json_number((double)s->above_epsilon / count), "above_1e-4",
                     ht_json_number((double)s->above_1e4 / count));
}

/* Multiply-adds: of a sample forward, with zeros left out and with them; of all steps, each three times
 * forward for each sample of its batch. */
static json_t *compute_json(const ht_method_results *r)
{
    return json_pack("{s:o, s:o, s:o}", "multiply_adds", ht_json_number(r->multiply_adds), "whole",
                     ht_json_number(r->whole), "training", ht_json_number(r->compute));
}

/* null without train.average */
static json_t *average_json(const ht_method_results *r)
{
    if (r->averaged == 0) return json_null();
    return json_pack("{s:I, s:o, s:o, s:o}", "iterates", (json_int_t)r->averaged, "train",
                     ht_json_score(&r->average_train), "test", ht_json_score(&r->average_test), "last_rows",
                     rows_json(&r->last_rows));
}

static json_t *best_json(const ht_method_results *r)
{
    if (!r->has_best) return json_null();
    return json_pack("{s:I, s:o, s:o, s:o, s:o}", "epoch", (json_int_t)r->occam.best_epoch, "loss",
                     ht_json_number(r->occam.best_loss), "kept",
                     ht_json_number((double)r->best_sizes.nonzero / (double)r->best_sizes.weights),
                     "multiply_adds", ht_json_number(r->best_multiply_adds), "test",
                     ht_json_score(&r->best_test));
}

/* null unless epochs were validated */
static json_t *occam_json(const ht_method_results *r)
{
    if (r->occam.epochs == 0) return json_null();
    json_t *epochs = json_array();
    for (size_t i = 0; i < r->epoch_count; i++) {
        const ht_occam_epoch *e = &r->epochs[i];
        json_array_append_new(
            epochs,
            json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "epoch", (json_int_t)e->epoch, "lambda",
                      ht_json_number(e->lambda), "kept", ht_json_number(e->kept), "loss",
                      ht_json_number(e->loss), "accuracy", ht_json_number(e->accuracy), "multiply_adds",
                      ht_json_number(e->multiply_adds), "compute", ht_json_number(e->compute)));
    }
    return json_pack("{s:o, s:o}", "best", best_json(r), "epochs", epochs);
}

static json_t *prunings_json(const ht_method_results *r)
{
    json_t *object = json_object();
    for (int i = 0; i < HT_PRUNINGS; i++)
        json_object_set_new(object, ht_prune_at(ht_prunings[i])->name, ht_json_number(r->pruning[i]));
    return object;
}

json_t *ht_methods_json(const ht_method_results *r)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "eta_over_b", ht_json_number(r->eta_over_b),
                     "rows", rows_json(&r->rows), "mmo_paper", papers_json(&r->paper), "prunings",
                     prunings_json(r), "weights", sizes_json(&r->sizes), "compute", compute_json(r),
                     "average", average_json(r), "occam", occam_json(r));
}

static void print_paper(const ht_paper_tails *p)
{
    const ht_tail_summary *k = &p->of_kernels, *f = &p->of_filters;
    char kernels[HT_TAIL_SUMMARY_WORDS], filters[HT_TAIL_SUMMARY_WORDS];
    if (k->known == 0) return;
    ht_tail_summary_words(k, (size_t)p->layers, kernels);
    ht_tail_summary_words(f, (size_t)p->layers, filters);
    printf("  mmo-paper (as arXiv 2106.03795), median, mean and least of %d layers: %s", p->layers, kernels);
    if (strcmp(kernels, filters) != 0) printf("; filters as rows: %s", filters);
    putchar('\n');
}

/* Of some layers there may be no index: the median is that of the others. */
static void print_unknown(int known, int layers)
{
    if (known < layers) printf(" (undetermined in %d of %d)", layers - known, layers);
}

/* `plain`: SGD, whose noise goes by η/b; other optimizers scale their steps. */
static void print_rows(const ht_row_tails *rows, double eta_over_b, bool plain)
{
    int known = 0;
    char number[32] = "undetermined";
    for (int l = 0; l < rows->layers; l++) known += !isnan(rows->layer[l]);
    if (known > 0) snprintf(number, sizeof number, "%.3f", rows->median);
    printf("  %sη/b = %.3g (step size over batch); tail index of the rows%s %s",
           plain ? "SGD's own noise goes by " : "", eta_over_b,
           rows->layers > 1 ? ", median of the layers," : "", number);
    if (known > 0) print_unknown(known, rows->layers);
}

static void print_compute(const ht_method_results *r)
{
    char left[32], whole[32];
    ht_format_grouped(left, sizeof left, (long long)r->multiply_adds);
    ht_format_grouped(whole, sizeof whole, (long long)r->whole);
    printf("  multiply-adds a sample: %s of %s", left, whole);
    if (isfinite(r->compute)) printf("; of all training %.3g (a step: 3 × forward × batch)", r->compute);
    putchar('\n');
}

void ht_methods_print(const ht_method_results *r, const ht_params *params)
{
    double count = (double)r->sizes.weights;
    putchar('\n');
    print_rows(&r->rows, r->eta_over_b, strcmp(ht_params_name(params, HT_P_TRAIN_OPTIMIZER), "sgd") == 0);
    if (r->rows.kernel_median > 0) printf("; of kernels as rows %.3f", r->rows.kernel_median);
    putchar('\n');
    print_paper(&r->paper);
    if (!isnan(r->pruning[0]))
        printf("  κ at %s = %g of three kinds: %.3f of the %s, %.3f of the weights, %.3f of the singular "
               "values\n",
               ht_params_get(params, HT_P_PRUNE_METRIC) == HT_FRO ? "ε" : "ε²",
               ht_params_get(params, HT_P_PRUNE_ERROR), r->pruning[0], r->unit, r->pruning[1], r->pruning[2]);
    printf("  weights that are not nearly 0: %.2f %% above 1e-4, %.2f %% above machine epsilon\n",
           100 * (double)r->sizes.above_1e4 / count, 100 * (double)r->sizes.above_epsilon / count);
    print_compute(r);
    if (r->averaged > 0)
        printf("  tails and pruning are those of the mean of the last %llu iterates: train %.4f, test %.4f\n",
               (unsigned long long)r->averaged, r->average_train.accuracy, r->average_test.accuracy);
    if (r->has_best)
        printf(
            "  best epoch %llu of %llu: %.1f %% of the weights, %.3g multiply-adds a sample, test loss %.4f, "
            "accuracy %.4f\n",
            (unsigned long long)r->occam.best_epoch, (unsigned long long)r->occam.epochs,
            100 * (double)r->best_sizes.nonzero / (double)r->best_sizes.weights, r->best_multiply_adds,
            r->best_test.loss, r->best_test.accuracy);
    putchar('\n');
}
