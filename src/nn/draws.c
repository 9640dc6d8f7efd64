#include "heavytail/draws.h"

#include <math.h>

#include "base/alloc.h"
#include "nn/noise.h"
#include "nn/row_noise.h"

struct ht_law {
    ht_noise noise; /* without seed, step and layer */
    ht_noise_laws laws;
};

static ht_code check_law(ht_noise_type type, double alpha, ht_error *err)
{
    const ht_param_info *range = ht_param_at(HT_P_NOISE_ALPHA);
    if (type != HT_NOISE_SHARED && type != HT_NOISE_IID && type != HT_NOISE_ISOTROPIC)
        return ht_error_set(err, HT_USAGE, "noise of type number %d: give shared, iid or isotropic",
                            (int)type);
    if (alpha >= range->low && alpha <= range->high) return HT_OK;
    return ht_error_set(err, HT_USAGE, "alpha %g: give a number from %g to %g", alpha, range->low,
                        range->high);
}

ht_law *ht_law_new(ht_noise_type type, double alpha, ht_error *err)
{
    if (check_law(type, alpha, err) != HT_OK) return NULL;
    ht_law *law = ht_alloc(1, sizeof *law, "the table of a stable law", err);
    if (!law) return NULL;
    law->noise.type = type;
    law->noise.alpha = alpha;
    ht_noise_prepare(&law->noise, &law->laws);
    return law;
}

void ht_law_free(ht_law *law)
{
    ht_free(law);
}

static ht_code check_draws(const ht_draws *which, size_t rows, size_t columns, ht_error *err)
{
    const uint64_t steps = (uint64_t)1 << 48, neurons = (uint64_t)1 << 32, weights = (uint64_t)1 << 31;
    if (which->step >= steps)
        return ht_error_set(err, HT_USAGE, "step %llu: steps go up to 2^48 - 1",
                            (unsigned long long)which->step);
    if (which->layer < 0 || which->layer >= HT_NOISE_LAYERS)
        return ht_error_set(err, HT_USAGE, "layer %d: layers are numbered from 0 to %d", which->layer,
                            HT_NOISE_LAYERS - 1);
    if (which->first > neurons || rows > neurons - which->first)
        return ht_error_set(err, HT_USAGE, "%zu rows from neuron %zu on: there are draws for 2^32 neurons",
                            rows, which->first);
    if (columns > weights)
        return ht_error_set(err, HT_USAGE, "rows of %zu: there are draws for 2^31 weights of a neuron",
                            columns);
    return HT_OK;
}

static ht_noise noise_of(const ht_law *law, const ht_draws *which)
{
    ht_noise noise = law->noise;
    noise.seed = which->seed;
    noise.step = which->step;
    noise.layer = which->layer;
    return noise;
}

ht_code ht_draws_fill(const ht_law *law, const ht_draws *which, size_t rows, size_t columns, float *f32,
                      double *f64, ht_error *err)
{
    if (check_draws(which, rows, columns, err) != HT_OK) return err->code;
    ht_noise noise = noise_of(law, which);
    if (f32)
        ht_noise_fill(&noise, f32, which->first, rows, columns);
    else
        ht_noise_doubles(&noise, f64, which->first, rows, columns, NAN);
    return HT_OK;
}

ht_code ht_draws_add(const ht_law *law, const ht_draws *which, double scale, double step_size, size_t rows,
                     size_t columns, float *f32, double *f64, ht_error *err)
{
    if (check_draws(which, rows, columns, err) != HT_OK) return err->code;
    double factor = ht_noise_factor(scale, step_size, law->noise.alpha);
    if (!(scale >= 0 && step_size >= 0 && isfinite((float)factor)))
        return ht_error_set(err, HT_USAGE,
                            "sigma %g, lr %g: give numbers from 0 up, of which sigma * lr^(1/alpha) is a "
                            "finite float",
                            scale, step_size);
    ht_noise noise = noise_of(law, which);
    if (factor == 0) return HT_OK;
    if (f32)
        ht_noise_add(&noise, f32, which->first, rows, columns, (float)factor);
    else
        ht_noise_doubles(&noise, f64, which->first, rows, columns, factor);
    return HT_OK;
}

ht_code ht_noise_layer_ratios(const ht_noise_layer *layer, int count, double *ratios, ht_error *err)
{
    if (check_law(layer->type, layer->alpha, err) != HT_OK) return err->code;
    if (layer->inputs < 1 || layer->width < 1 || count < 1)
        return ht_error_set(err, HT_USAGE, "%d layers of %d neurons with %d inputs: give 1 or more of each",
                            count, layer->width, layer->inputs);
    if (!(layer->error >= 0 && layer->error <= 1))
        return ht_error_set(err, HT_USAGE, "error %g: give a number from 0 to 1", layer->error);
    ht_row_noise rows = {.type = layer->type,
                         .alpha = layer->alpha,
                         .inputs = layer->inputs,
                         .width = layer->width,
                         .growth = ht_pure_noise,
                         .metric = layer->metric,
                         .error = layer->error,
                         .seed = layer->seed};
    return ht_row_noise_ratios(&rows, count, ratios, NULL, err);
}
