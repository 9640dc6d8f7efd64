/* cmd_noise.c - writes exactly what training adds to a layer, before the factor σ η^(1/α). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "session/arguments.h"
#include "base/alloc.h"
#include "base/text.h"
#include "data/npy.h"
#include "nn/noise.h"

typedef struct noise_request {
    ht_noise noise;
    size_t rows, columns; /* neurons, inputs */
    const char *out;
} noise_request;

/* A whole number from 0 to `high`. */
static ht_code whole(const char *name, const char *text, double high, double *value, ht_error *err)
{
    if (!text) return HT_OK;
    if (ht_parse_number(text, value) && *value >= 0 && *value <= high && *value == (double)(uint64_t)*value)
        return HT_OK;
    return ht_error_set(err, HT_USAGE, "%s %.40s: give a whole number from 0 to %.0f", name, text, high);
}

static ht_code parse_shape(const char *text, noise_request *r, ht_error *err)
{
    char rest;
    enum { SIDE = 1 << 24 };
    bool good = text && sscanf(text, "%9zux%9zu%c", &r->rows, &r->columns, &rest) == 2 && r->rows >= 1 &&
                r->columns >= 1 && r->rows <= SIDE && r->columns <= SIDE &&
                strspn(text, "0123456789x") == strlen(text);
    return good ? HT_OK
                : ht_error_set(err, HT_USAGE,
                               "--shape %.40s: give NEURONSxINPUTS, as in --shape 1000x784, up to %d each",
                               text ? text : "(missing)", SIDE);
}

static ht_code parse_law(const char *type, const char *alpha, noise_request *r, ht_error *err)
{
    /* The parameters' own table checks both, so that messages and ranges are the same everywhere. */
    ht_params params;
    ht_params_init(&params);
    if (ht_params_set(&params, "noise.type", type ? type : "iid", err) != HT_OK)
        return ht_error_prefix(err, "--type");
    if (ht_params_set(&params, "noise.alpha", alpha ? alpha : "1.75", err) != HT_OK)
        return ht_error_prefix(err, "--alpha");
    r->noise.type = (ht_noise_type)ht_params_get(&params, HT_P_NOISE_TYPE);
    r->noise.alpha = ht_params_get(&params, HT_P_NOISE_ALPHA);
    return HT_OK;
}

static ht_code write_noise(const noise_request *r, ht_error *err)
{
    size_t shape[2] = {r->rows, r->columns};
    float *x = ht_alloc(r->rows, r->columns * sizeof *x, "the noise", err);
    if (!x) return HT_FAIL;
    ht_noise_laws laws = {0};
    ht_noise noise = r->noise;
    ht_noise_prepare(&noise, &laws);
    ht_noise_add(&noise, x, 0, r->rows, r->columns, 1);
    ht_code code = ht_npy_write_f32(r->out, x, 2, shape, err);
    ht_free(x);
    return code;
}

int ht_cmd_noise(int argc, char **argv)
{
    const char *type = NULL, *alpha = NULL, *shape = NULL, *seed = NULL, *step = NULL, *layer = NULL;
    noise_request r = {.out = NULL};
    const ht_option options[] = {{"--type", &type, NULL},   {"--alpha", &alpha, NULL},
                                 {"--shape", &shape, NULL}, {"--seed", &seed, NULL},
                                 {"--step", &step, NULL},   {"--layer", &layer, NULL},
                                 {"--out", &r.out, NULL},   {NULL, NULL, NULL}};
    double seeds = 1, steps = 0, layers = 0;
    ht_arguments args = {0};
    ht_error err;
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK) code = parse_law(type, alpha, &r, &err);
    if (code == HT_OK) code = parse_shape(shape, &r, &err);
    if (code == HT_OK) code = whole("--seed", seed, ht_param_at(HT_P_TRAIN_SEED)->high, &seeds, &err);
    if (code == HT_OK) code = whole("--step", step, (double)(1ull << 48) - 1, &steps, &err);
    if (code == HT_OK) code = whole("--layer", layer, HT_NOISE_LAYERS - 1, &layers, &err);
    if (code == HT_OK && !r.out) code = ht_error_set(&err, HT_USAGE, "noise: give --out FILE.npy");
    r.noise.seed = (uint64_t)seeds;
    r.noise.step = (uint64_t)steps;
    r.noise.layer = (int)layers;
    if (code == HT_OK) code = write_noise(&r, &err);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
