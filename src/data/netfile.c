#include "data/netfile.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/npy.h"
#include "data/safetensors.h"

static const char activation_key[] = "heavytail.activation", mean_field_key[] = "heavytail.mean_field";

/* ---- a chain of matrices ---- */

static ht_network *empty_network(ht_activation activation, bool mean_field, ht_error *err)
{
    ht_network *net = ht_alloc(1, sizeof *net, "the network", err);
    if (net) *net = (ht_network){.depth = -1, .activation = activation, .mean_field = mean_field};
    return net;
}

/* Adds a matrix as the next layer and takes its memory, also when that fails. */
static ht_code add_layer(ht_network *net, const char *path, const char *name, size_t rows, size_t columns,
                         float *weight, ht_error *err)
{
    ht_code code = HT_OK;
    if (net->depth == HT_DEPTH_MAX)
        code = ht_error_set(err, HT_FAIL, "%s: %.60s would be layer %d; up to %d hidden ones are possible",
                            path, name, net->depth + 2, HT_DEPTH_MAX);
    else if (rows < 1 || columns < 1 || rows > INT_MAX || columns > INT_MAX)
        code = ht_error_set(err, HT_FAIL, "%s: %.60s is (%zu × %zu): no layer has such a shape", path, name,
                            rows, columns);
    else if (net->depth >= 0 && (size_t)net->layers[net->depth].rows != columns)
        code = ht_error_set(err, HT_FAIL,
                            "%s: %.60s is (%zu × %zu), but the layer before it gives out %d values; layers "
                            "are (outputs × inputs), first to last",
                            path, name, rows, columns, net->layers[net->depth].rows);
    for (size_t i = 0; code == HT_OK && i < rows * columns; i++)
        if (!isfinite(weight[i]))
            code = ht_error_set(err, HT_FAIL, "%s: %.60s[%zu][%zu] is not a finite number of 32 bits", path,
                                name, i / columns, i % columns);
    if (code == HT_OK)
        net->layers[++net->depth] = (ht_layer){.rows = (int)rows, .columns = (int)columns, .weight = weight};
    else
        ht_free(weight);
    return code;
}

/* At least one hidden layer and the output. */
static ht_network *checked(ht_network *net, const char *path, ht_code code, ht_error *err)
{
    if (code == HT_OK && net->depth < 1)
        ht_error_set(err, HT_FAIL,
                     "%s: holds %d layers; a network has a hidden layer and an output layer at least", path,
                     net->depth + 1);
    else if (code == HT_OK)
        return net;
    ht_network_free(net);
    return NULL;
}

/* ---- .safetensors ---- */

static bool ends_in(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* What says which tensors of a file are layers. */
typedef enum naming { OURS, WEIGHTS, ANY } naming;

static naming naming_of(const ht_safetensors *file, ht_error *err)
{
    ht_tensor_info info;
    naming best = ANY;
    for (size_t i = 0; i < ht_safetensors_count(file); i++) {
        if (ht_safetensors_describe(file, i, &info, err) != HT_OK) continue;
        if (strcmp(info.name, "layers.0.weight") == 0) return OURS;
        if (info.ndim == 2 && ends_in(info.name, "weight")) best = WEIGHTS;
    }
    return best;
}

static ht_code add_tensor(ht_network *net, const char *path, ht_safetensors *file, const ht_tensor_info *info,
                          ht_error *err)
{
    float *weight;
    if (ht_safetensors_load_floats(file, info, &weight, err) != HT_OK) return err->code;
    return add_layer(net, path, info->name, info->shape[0], info->shape[1], weight, err);
}

static ht_code check_bias(const char *path, ht_safetensors *file, const ht_tensor_info *info, ht_error *err)
{
    float *bias;
    bool zero = true;
    if (ht_safetensors_load_floats(file, info, &bias, err) != HT_OK) return err->code;
    for (size_t i = 0; i < info->count; i++) zero = zero && bias[i] == 0.0f;
    ht_free(bias);
    return zero ? HT_OK
                : ht_error_set(err, HT_FAIL, "%s: %.60s is not zero; networks with biases cannot be pruned",
                               path, info->name);
}

/* layers.0.weight … in the order of their numbers. */
static ht_code add_ours(ht_network *net, const char *path, ht_safetensors *file, ht_error *err)
{
    for (int l = 0;; l++) {
        ht_tensor_info info;
        char name[32];
        bool found = false;
        snprintf(name, sizeof name, "layers.%d.weight", l);
        for (size_t i = 0; i < ht_safetensors_count(file) && !found; i++) {
            if (ht_safetensors_describe(file, i, &info, err) != HT_OK) return err->code;
            found = strcmp(info.name, name) == 0;
        }
        if (!found) return HT_OK;
        if (info.ndim != 2)
            return ht_error_set(err, HT_FAIL, "%s: %s has %d dimensions, not 2", path, name, info.ndim);
        if (add_tensor(net, path, file, &info, err) != HT_OK) return err->code;
    }
}

static ht_code add_others(ht_network *net, const char *path, ht_safetensors *file, naming names,
                          ht_error *err)
{
    for (size_t i = 0; i < ht_safetensors_count(file); i++) {
        ht_tensor_info info;
        if (ht_safetensors_describe(file, i, &info, err) != HT_OK) return err->code;
        bool weight = ends_in(info.name, "weight"), layer = info.ndim == 2 && (names == ANY || weight);
        if (names == WEIGHTS && weight && !layer) /* a convolution, a normalization: another function */
            return ht_error_set(err, HT_FAIL,
                                "%s: %.60s has %d dimensions, not 2; only fully connected layers without "
                                "biases can be pruned",
                                path, info.name, info.ndim);
        if (layer && add_tensor(net, path, file, &info, err) != HT_OK) return err->code;
        if (info.ndim == 1 && ends_in(info.name, "bias") && check_bias(path, file, &info, err) != HT_OK)
            return err->code;
    }
    return HT_OK;
}

/* What ht_netfile_write noted. */
static ht_code read_notes(ht_network *net, const char *path, const ht_safetensors *file, ht_error *err)
{
    const char *activation = ht_safetensors_metadata(file, activation_key),
               *mean_field = ht_safetensors_metadata(file, mean_field_key);
    ht_params params;
    ht_params_init(&params);
    if (activation && ht_params_set(&params, "model.activation", activation, err) != HT_OK)
        return ht_error_prefix(err, "%s", path), err->code = HT_FAIL;
    if (activation) net->activation = (ht_activation)ht_params_get(&params, HT_P_MODEL_ACTIVATION);
    if (mean_field) net->mean_field = strcmp(mean_field, "true") == 0;
    return HT_OK;
}

ht_network *ht_netfile_read(const char *path, ht_activation activation, bool mean_field, ht_error *err)
{
    ht_safetensors *file = ht_safetensors_open(path, err);
    if (!file) return NULL;
    ht_network *net = empty_network(activation, mean_field, err);
    naming names = naming_of(file, err);
    ht_code code = net ? HT_OK : HT_FAIL;
    if (code == HT_OK)
        code = names == OURS ? add_ours(net, path, file, err) : add_others(net, path, file, names, err);
    if (code == HT_OK) code = read_notes(net, path, file, err);
    ht_safetensors_close(file);
    return net ? checked(net, path, code, err) : NULL;
}

/* ---- .npy ---- */

ht_network *ht_netfile_read_npy(const char *const *paths, int count, ht_activation activation,
                                bool mean_field, ht_error *err)
{
    ht_network *net = empty_network(activation, mean_field, err);
    ht_code code = net ? HT_OK : HT_FAIL;
    for (int i = 0; i < count && code == HT_OK; i++) {
        ht_npy array;
        code = ht_npy_read(paths[i], HT_NPY_FLOAT, &array, err);
        if (code == HT_OK && array.ndim != 2)
            code = ht_error_set(err, HT_FAIL, "%s: has %d dimensions; a layer has 2 (outputs × inputs)",
                                paths[i], array.ndim);
        if (code == HT_OK) {
            code = add_layer(net, paths[i], "the matrix", array.shape[0], array.shape[1], array.f32, err);
            array.f32 = NULL;
        }
        ht_npy_free(&array);
    }
    return net ? checked(net, paths[0], code, err) : NULL;
}

/* ---- out ---- */

ht_code ht_netfile_write(const char *path, const ht_network *net, const char *about, ht_error *err)
{
    ht_tensor_out tensors[HT_DEPTH_MAX + 1];
    for (int l = 0; l <= net->depth; l++) {
        const ht_layer *layer = &net->layers[l];
        tensors[l] = (ht_tensor_out){
            .rows = (size_t)layer->rows, .columns = (size_t)layer->columns, .data = layer->weight};
        snprintf(tensors[l].name, sizeof tensors[l].name, "layers.%d.weight", l);
    }
    const char *const metadata[] = {"format",
                                    "pt",
                                    activation_key,
                                    ht_param_choice(HT_P_MODEL_ACTIVATION, (int)net->activation),
                                    mean_field_key,
                                    net->mean_field ? "true" : "false",
                                    "heavytail.pruning",
                                    about,
                                    NULL};
    return ht_safetensors_write(path, tensors, (size_t)net->depth + 1, metadata, err);
}
