#include "experiment/equal_size.h"

#include <math.h>
#include <string.h>

#include "engine/trainer.h"
#include "experiment/methods.h"
#include "experiment/trial.h"

static const struct {
    const char *name, *title;
} words[HT_EQUALS] = {
    [HT_EQUAL_OCCAM] = {"occam", "Occam gradient descent"},
    [HT_EQUAL_PRUNED] = {"pruned", "trained without, pruned to its weights"},
    [HT_EQUAL_COMPUTE] = {"compute", "trained without, pruned to its multiply-adds"},
    [HT_EQUAL_NARROW] = {"narrow", "trained without, as narrow from the start"},
    [HT_EQUAL_WHOLE] = {"whole", "trained without, unpruned"},
};

const char *ht_equal_name(ht_equal equal)
{
    return words[equal].name;
}

const char *ht_equal_title(ht_equal equal)
{
    return words[equal].title;
}

ht_params ht_equal_params(const ht_params *common, size_t samples)
{
    ht_params params = *common;
    int occam = 0;
    while (strcmp(ht_method_at(occam)->name, "occam") != 0) occam++;
    if (!(ht_params_get(common, HT_P_OCCAM_LAMBDA0) > 0)) ht_method_params(occam, common, samples, &params);
    ht_params_put(&params, HT_P_TRAIN_STOP, 0);
    ht_params_put(&params, HT_P_TRAIN_STOP_LOSS, 0);
    return params;
}

/* ---- one training ---- */

typedef struct run {
    ht_trainer *trainer;
    const ht_network *net; /* of its best epoch, else the last one */
    ht_equal_network found;
} run;

static ht_code score(run *r, const ht_network *net, const ht_dataset *data, ht_pool *pool, ht_error *err)
{
    ht_score test;
    if (ht_network_evaluate(net, &data->test, NULL, pool, &test, err) != HT_OK) return err->code;
    r->found.accuracy = test.accuracy, r->found.loss = test.loss;
    return HT_OK;
}

/* ht_trainer_free(r->trainer), whatever comes back. */
static ht_code train(run *r, const ht_params *params, const ht_dataset *data, ht_pool *pool, ht_error *err)
{
    ht_end end;
    *r = (run){.trainer = ht_trainer_new(params, data, pool, err)};
    if (!r->trainer || ht_trial_train(r->trainer, &end, NULL, NULL, err) != HT_OK) return err->code;
    const ht_network *best = ht_trainer_best(r->trainer);
    r->net = best ? best : ht_trainer_network(r->trainer);
    ht_sizes sizes = ht_network_sizes(r->net);
    r->found = (ht_equal_network){.there = true,
                                  .diverged = end == HT_END_DIVERGED,
                                  .weights = (double)sizes.nonzero,
                                  .of = (double)sizes.weights,
                                  .multiply_adds = ht_network_multiply_adds(r->net),
                                  .training = ht_trainer_compute(r->trainer)};
    return score(r, r->net, data, pool, err);
}

/* ---- to a size ---- */

/* What pruning is by: of the trainer's samples those that it trains on would do, too, but the first ones are
 * what `prune` takes. */
static ht_prune_spec spec_of(const ht_params *params, const ht_dataset *data)
{
    ht_params defaults;
    ht_params_init(&defaults);
    ht_prune_spec spec = ht_prune_spec_of(&defaults, &data->train);
    spec.method = (ht_prune_method)ht_params_get(params, HT_P_OCCAM_METHOD);
    spec.seed = (uint64_t)ht_params_get(params, HT_P_TRAIN_SEED);
    return spec;
}

static double size_of(const ht_prune_result *r, ht_equal by)
{
    return by == HT_EQUAL_COMPUTE ? r->multiply_adds_left : (double)r->parameters_left;
}

/* The least ratio (to 2^-20) that leaves no more than `most`. */
static ht_code find_ratio(const ht_network *net, ht_prune_spec *spec, ht_equal by, double most, ht_pool *pool,
                          ht_error *err)
{
    double low = 0, high = 1;
    for (int i = 0; i < 20; i++) {
        ht_prune_result r;
        spec->ratio = (low + high) / 2;
        if (ht_prune_try(&r, net, NULL, NULL, spec, pool, NULL, err) != HT_OK) return err->code;
        *(size_of(&r, by) > most ? &low : &high) = spec->ratio;
    }
    spec->ratio = high;
    return HT_OK;
}

/* The whole network, pruned to what Occam's has left. */
static ht_code prune(const run *whole, const ht_params *params, ht_equal by, double most,
                     const ht_dataset *data, ht_pool *pool, ht_equal_network *found, ht_error *err)
{
    ht_prune_spec spec = spec_of(params, data);
    ht_prune_result r;
    if (find_ratio(whole->net, &spec, by, most, pool, err) != HT_OK ||
        ht_prune_try(&r, whole->net, NULL, &data->test, &spec, pool, NULL, err) != HT_OK)
        return err->code;
    *found = whole->found;
    found->weights = (double)r.parameters_left;
    found->multiply_adds = r.multiply_adds_left;
    found->accuracy = r.test.accuracy, found->loss = r.test.loss;
    return HT_OK;
}

static double weights_of(const ht_params *params, const ht_dataset *data, ht_error *err)
{
    ht_shape shape = data->channels > 0 ? (ht_shape){data->channels, data->height, data->width}
                                        : (ht_shape){data->inputs, 1, 1};
    ht_network *net = ht_network_outline(params, shape, data->classes, err);
    double count = net ? (double)ht_network_parameters(net) : (double)NAN;
    ht_network_free(net);
    return count;
}

/* The greatest width of so many weights at most; 0: there is none to choose, or not one unit fits. */
static int width_for(const ht_params *params, const ht_dataset *data, double most, ht_error *err)
{
    ht_params tried = *params;
    int low = 0, high = (int)ht_params_get(params, HT_P_MODEL_WIDTH);
    if (!ht_params_has_width(params)) return 0;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        ht_params_put(&tried, HT_P_MODEL_WIDTH, middle);
        if (weights_of(&tried, data, err) <= most)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static ht_code measure_narrow(const ht_params *params, const ht_dataset *data, double most, ht_pool *pool,
                              ht_equal_network *found, ht_error *err)
{
    run narrow;
    ht_params narrower = *params;
    int width = width_for(params, data, most, err);
    if (width == 0) return HT_OK;
    ht_params_put(&narrower, HT_P_MODEL_WIDTH, width);
    ht_code code = train(&narrow, &narrower, data, pool, err);
    if (code == HT_OK) *found = narrow.found;
    found->of = weights_of(params, data, err);
    ht_trainer_free(narrow.trainer);
    return code;
}

ht_code ht_equal_measure(const ht_params *params, const ht_dataset *data, ht_pool *pool,
                         ht_equal_network found[HT_EQUALS], ht_error *err)
{
    run occam, whole = {0};
    ht_params without = *params;
    memset(found, 0, HT_EQUALS * sizeof found[0]);
    ht_params_put(&without, HT_P_OCCAM_LAMBDA0, 0);
    ht_code code = train(&occam, params, data, pool, err);
    found[HT_EQUAL_OCCAM] = occam.found;
    ht_trainer_free(occam.trainer);
    if (code == HT_OK) code = train(&whole, &without, data, pool, err);
    const ht_equal_network *most = &occam.found;
    found[HT_EQUAL_WHOLE] = whole.found;
    if (code == HT_OK)
        code =
            prune(&whole, params, HT_EQUAL_PRUNED, most->weights, data, pool, &found[HT_EQUAL_PRUNED], err);
    if (code == HT_OK)
        code = prune(&whole, params, HT_EQUAL_COMPUTE, most->multiply_adds, data, pool,
                     &found[HT_EQUAL_COMPUTE], err);
    found[HT_EQUAL_COMPUTE].there =
        whole.found.multiply_adds > whole.found.of; /* some weights count for more */
    ht_trainer_free(whole.trainer);
    if (code == HT_OK)
        code = measure_narrow(&without, data, most->weights, pool, &found[HT_EQUAL_NARROW], err);
    return code;
}
