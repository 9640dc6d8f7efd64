#include "engine/validation.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "num/rng.h"
#include "params/batch.h"

static bool is_published(const ht_params *params)
{
    return ht_params_get(params, HT_P_OCCAM_RULE) == HT_OCCAM_PUBLISHED;
}

static ht_prune_method method_of(const ht_params *params)
{
    return (ht_prune_method)ht_params_get(params, HT_P_OCCAM_METHOD);
}

ht_code ht_validation_check(const ht_params *params, size_t samples, ht_error *err)
{
    double share = ht_params_get(params, HT_P_OCCAM_HOLDOUT);
    size_t held = ht_held_back(params, samples);
    const char *unlasting = ht_prune_unlasting(method_of(params));
    if (unlasting)
        return ht_error_set(err, HT_USAGE,
                            "occam.method = %s cannot prune step by step: %s; take another method, as "
                            "magnitude-layer",
                            ht_prune_at(method_of(params))->name, unlasting);
    if (share > 0 && held == 0)
        return ht_error_set(
            err, HT_USAGE,
            "occam.holdout = %g of %zu training samples holds back none; give at least %.3g, or 0 "
            "to validate with the training samples",
            share, samples, ceil(1e3 / (double)samples) / 1e3);
    if (held >= samples)
        return ht_error_set(err, HT_USAGE,
                            "occam.holdout = %g of %zu training sample%s leaves none to train on; give less",
                            share, samples, samples == 1 ? "" : "s");
    return HT_OK;
}

static void hold_back(ht_validation *j, size_t sample, const ht_dataset *data)
{
    size_t inputs = (size_t)data->inputs, targets = (size_t)data->targets;
    memcpy(j->held.x + j->held.count * inputs, j->train->x + sample * inputs, inputs * sizeof(float));
    memcpy(j->held.labels + j->held.count * targets, j->train->labels + sample * targets,
           targets * sizeof(int32_t));
    j->held.count++;
}

/* Each sample that is left goes with equal chance; or the last ones go. */
static void split(ht_validation *j, size_t count, bool last, const ht_dataset *data)
{
    enum { SPLIT_SEED = 1 };
    size_t total = j->train->count, picked = 0;
    ht_rng rng;
    ht_rng_init(&rng, SPLIT_SEED, HT_STREAM_SUBSET, 0);
    for (size_t i = 0; i < total; i++) {
        bool stays =
            last ? i < total - count : ht_rng_below(&rng, (uint32_t)(total - i)) >= count - j->held.count;
        if (stays)
            j->pick[picked++] = (uint32_t)i;
        else
            hold_back(j, i, data);
    }
}

/* Of the samples that are trained on alone: those held back are not to be heard of. */
static ht_code calibrate(ht_validation *j, const ht_dataset *data, ht_error *err)
{
    size_t inputs = (size_t)data->inputs, targets = (size_t)data->targets;
    static const char what[] = "the samples that sensitivities are measured on";
    size_t left = j->train->count - j->held.count, most = (size_t)ht_param_at(HT_P_PRUNE_SAMPLES)->initial;
    size_t count = left < most ? left : most;
    ht_samples *c = &j->calibration;
    c->x = ht_alloc(count * inputs, sizeof(float), what, err);
    c->labels = ht_alloc(count * targets, sizeof(int32_t), what, err);
    if (!c->x || !c->labels) return err->code;
    for (; c->count < count; c->count++) {
        size_t from = j->pick ? j->pick[c->count] : c->count;
        memcpy(c->x + c->count * inputs, j->train->x + from * inputs, inputs * sizeof(float));
        memcpy(c->labels + c->count * targets, j->train->labels + from * targets, targets * sizeof(int32_t));
    }
    return HT_OK;
}

ht_code ht_validation_make(ht_validation *j, const ht_dataset *data, const ht_params *params, ht_error *err)
{
    size_t inputs = (size_t)data->inputs, targets = (size_t)data->targets;
    size_t count = ht_held_back(params, data->train.count);
    *j = (ht_validation){.train = &data->train};
    if (count > 0) {
        j->held.x = ht_alloc(count * inputs, sizeof(float), "the samples held back", err);
        j->held.labels = ht_alloc(count * targets, sizeof(int32_t), "the samples held back", err);
        j->pick = ht_alloc(data->train.count - count, sizeof *j->pick, "the samples trained on", err);
        if (!j->held.x || !j->held.labels || !j->pick) return err->code;
        split(j, count, is_published(params), data);
    }
    return ht_prune_at(method_of(params))->calibrated ? calibrate(j, data, err) : HT_OK;
}

void ht_validation_free(ht_validation *j)
{
    ht_free(j->held.x);
    ht_free(j->held.labels);
    ht_free(j->pick);
    ht_free(j->calibration.x);
    ht_free(j->calibration.labels);
    ht_network_free(j->best);
}

/* ---- pruning ---- */

static ht_prune_spec spec_of(const ht_validation *j, const ht_params *params)
{
    ht_params defaults;
    ht_params_init(&defaults);
    ht_prune_spec spec = ht_prune_spec_of(&defaults, &j->calibration);
    spec.method = method_of(params);
    spec.seed = (uint64_t)ht_params_get(params, HT_P_TRAIN_SEED);
    return spec;
}

/* A copy is pruned; what that leaves is the mask, and the network stays as it is until the next update. */
static ht_code mask_further(const ht_prune_spec *spec, double lambda, const ht_network *net, ht_mask *mask,
                            struct ht_pool *pool, ht_error *err)
{
    ht_network *copy = ht_network_copy(net, err);
    ht_code code = copy ? ht_prune_further(copy, spec, lambda, pool, err) : HT_FAIL;
    if (code == HT_OK) ht_mask_take_zeros(mask, copy);
    ht_network_free(copy);
    return code;
}

ht_code ht_validation_prune(const ht_validation *j, const ht_params *params, double lambda, ht_network *net,
                            ht_mask *mask, struct ht_pool *pool, ht_error *err)
{
    ht_prune_spec spec = spec_of(j, params);
    bool by_layer = spec.method == HT_PRUNE_MAGNITUDE_LAYER;
    if (is_published(params) && by_layer) return ht_occam_mask(mask, net, lambda), HT_OK;
    if (is_published(params)) return mask_further(&spec, lambda, net, mask, pool, err);
    if (by_layer)
        ht_occam_prune(net, lambda);
    else if (ht_prune_further(net, &spec, lambda, pool, err) != HT_OK)
        return err->code;
    ht_mask_take_zeros(mask, net);
    return HT_OK;
}

ht_score ht_validation_score(const ht_validation *j, const ht_network *net, struct ht_pool *pool)
{
    ht_error err;
    ht_score score;
    const ht_samples *samples = j->held.count > 0 ? &j->held : j->train;
    if (ht_network_evaluate(net, samples, NULL, pool, &score, &err) == HT_OK) return score;
    return (ht_score){(double)NAN, (double)NAN};
}

ht_code ht_validation_reserve(ht_validation *j, const ht_network *net, ht_error *err)
{
    if (!j->best) j->best = ht_network_like(net, err);
    return j->best ? HT_OK : err->code;
}

void ht_validation_remember(ht_validation *j, const ht_network *net)
{
    ht_error err;
    if (ht_validation_reserve(j, net, &err) != HT_OK) return;
    ht_network_assign(j->best, net);
}

void ht_validation_note(ht_validation *j, const ht_occam_epoch *row)
{
    uint64_t apart = j->epoch_count ? j->epochs[0].epoch : 1;
    if (row->epoch % apart != 0) return;
    if (j->epoch_count == HT_OCCAM_EPOCHS) {
        j->epoch_count /= 2;
        for (size_t i = 0; i < j->epoch_count; i++) j->epochs[i] = j->epochs[2 * i + 1];
        if (row->epoch % (2 * apart) != 0) return;
    }
    j->epochs[j->epoch_count++] = *row;
}

void ht_validation_set_rows(ht_validation *j, const ht_occam_epoch *rows, size_t count)
{
    j->epoch_count = count;
    if (count) memcpy(j->epochs, rows, count * sizeof *rows);
}

void ht_validation_drop_after(ht_validation *j, uint64_t last)
{
    while (j->epoch_count > 0 && j->epochs[j->epoch_count - 1].epoch > last) j->epoch_count--;
}
