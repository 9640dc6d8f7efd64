#include "weights/net/netlayers.h"

#include <string.h>

#include "base/alloc.h"
#include "weights/net/fill.h"
#include "weights/net/modules.h"
#include "weights/net/netguess.h"
#include "weights/net/networds.h"

/* The line that somebody gave, or NULL. */
static const char *line_of(const ht_params *run)
{
    const char *line = run ? ht_params_text(run, HT_P_MODEL_LAYERS) : NULL;
    return line && strcmp(line, ht_param_at(HT_P_MODEL_LAYERS)->choices[0]) != 0 ? line : NULL;
}

static bool says_more_than_dense(const ht_params *run)
{
    ht_layer_item items[HT_PARAM_LAYERS];
    int count = line_of(run) ? ht_params_layers(run, items) : 0;
    for (int i = 0; i < count; i++)
        if (items[i].kind != HT_LAYER_DENSE) return true;
    return false;
}

/* What makes a tensor one of a network of other than dense layers: half a sentence, or NULL. */
static const char *reason_of(const ht_tensor_info *info, bool said)
{
    if (ht_module_state(info->name)) return "is a part of a batch normalization";
    if (ht_name_is_aside(info->name) || strcmp(info->type, "BOOL") == 0) return NULL;
    if (info->ndim > 2) return info->ndim == 3 ? "has 3 dimensions" : "has 4 dimensions or more";
    char stem[HT_MODULE_STEM];
    bool gain = info->ndim == 1 && ht_name_read(info->name, stem, sizeof stem) != HT_NAME_BIAS;
    return said && gain ? "has 1 dimension and is no bias" : NULL;
}

/* The first such tensor; *reason is NULL without one. */
static ht_code find_reason(const ht_weights *file, bool said, ht_tensor_info *info, const char **reason,
                           ht_error *err)
{
    *reason = NULL;
    for (size_t i = 0; i < ht_weights_count(file) && !*reason; i++) {
        if (ht_weights_describe(file, i, info, err) != HT_OK) return err->code;
        *reason = reason_of(info, said);
    }
    return HT_OK;
}

ht_code ht_netlayers_are(const char *path, const ht_weights *file, const ht_netfile_options *options,
                         bool *are, ht_error *err)
{
    ht_tensor_info info;
    ht_shape input;
    const char *layers, *reason;
    if (ht_networds_read(file, path, &layers, &input, err) != HT_OK) return err->code;
    if (find_reason(file, line_of(options->run) != NULL, &info, &reason, err) != HT_OK) return err->code;
    *are = layers || reason || says_more_than_dense(options->run);
    return HT_OK;
}

typedef struct reader {
    const char *path;
    ht_weights *file;
    const ht_netfile_options *options;
    ht_modules *modules;
    ht_params params;
    ht_shape input;
} reader;

/* Biases, where the file has any or batch norms that become some. */
static ht_code find_bias(reader *r, ht_error *err)
{
    bool any = false;
    for (int i = 0; i < r->modules->count; i++) {
        const ht_module *m = &r->modules->module[i];
        any = any || m->bias != HT_NO_TENSOR || (m->mean != HT_NO_TENSOR && !ht_weights_ours(r->file));
    }
    return ht_params_set(&r->params, "model.bias", any ? "true" : "false", err);
}

static ht_code ask_for_input(const reader *r, ht_error *err)
{
    ht_tensor_info info = {.name = ""};
    const char *reason;
    if (find_reason(r->file, true, &info, &reason, err) != HT_OK) return err->code;
    return ht_error_set(
        err, HT_FAIL,
        "%s: %.100s %s: the network takes samples of a shape that the file does not say; give --data "
        "NAME, or --x F.npy (samples × channels × height × width) and --y F.npy",
        r->path, reason ? info.name : "--layers", reason ? reason : "has other than dense layers");
}

/* Which layers: as the run says, the file, or nobody. */
static ht_code find_layers(reader *r, ht_error *err)
{
    const char *layers;
    const ht_netfile_options *o = r->options;
    if (ht_networds_read(r->file, r->path, &layers, &r->input, err) != HT_OK) return err->code;
    if (r->input.channels == 0) r->input = o->input;
    if (r->input.channels == 0) return ask_for_input(r, err);
    if (o->run) r->params = *o->run;
    if (!o->run) ht_params_put(&r->params, HT_P_MODEL_ACTIVATION, (double)o->activation);
    if (!o->run) ht_params_put(&r->params, HT_P_MODEL_MEAN_FIELD, o->mean_field);
    if (line_of(o->run)) return HT_OK;
    if (!layers) return ht_netguess_layers(&r->params, r->modules, r->path, r->input, o->notes, err);
    ht_params_put(&r->params, HT_P_MODEL_ACTIVATION, HT_RELU); /* as the line is meant */
    ht_params_put(&r->params, HT_P_MODEL_TIED, ht_networds_tied(r->file));
    return ht_params_set(&r->params, "model.layers", layers, err) == HT_OK
               ? HT_OK
               : (ht_error_prefix(err, "%s", r->path), err->code = HT_FAIL);
}

static ht_code read_mean_field(reader *r, ht_error *err)
{
    const char *text = ht_weights_metadata(r->file, "heavytail.mean_field");
    return text ? ht_params_set(&r->params, "model.mean_field", strcmp(text, "true") == 0 ? "true" : "false",
                                err)
                : HT_OK;
}

static ht_network *make(const reader *r, int classes, ht_netform *form, ht_notes *notes, ht_error *err)
{
    ht_network *net = ht_network_outline(&r->params, r->input, classes, err);
    if (!net) return ht_error_prefix(err, "%s", r->path), NULL;
    if (ht_network_fill_from(net, r->file, r->path, r->options->order, form, notes, err) == HT_OK) return net;
    ht_network_free(net);
    return NULL;
}

/* The output layer is the matrix with which the others fit; the last ones in the file are tried first. */
static ht_network *make_unknown(const reader *r, ht_error *err)
{
    size_t tried = 0;
    for (int i = r->modules->count - 1; i >= 0; i--) {
        const ht_module *m = &r->modules->module[i];
        ht_error why;
        if (m->norm || m->ndim != 2 || m->shape[0] > HT_PARAM_UNITS || m->shape[0] == tried) continue;
        ht_network *net = make(r, (int)m->shape[0], NULL, NULL, &why);
        ht_network_free(net);
        if (net) return make(r, (int)m->shape[0], r->options->form, r->options->notes, err);
        if (tried == 0) *err = why;
        tried = m->shape[0];
    }
    if (tried == 0) ht_error_set(err, HT_FAIL, "%s: has no matrix that could be the output layer", r->path);
    return NULL;
}

static ht_code prepare(reader *r, ht_error *err)
{
    bool ours = !r->options->order && ht_weights_ours(r->file);
    ht_params_init(&r->params);
    if (ht_modules_find(r->modules, r->path, r->file, ours, NULL, err) != HT_OK) return err->code;
    if (find_layers(r, err) != HT_OK || find_bias(r, err) != HT_OK) return err->code;
    return read_mean_field(r, err);
}

ht_network *ht_netlayers_read(const char *path, ht_weights *file, const ht_netfile_options *options,
                              ht_error *err)
{
    ht_network *net = NULL;
    reader r = {.path = path, .file = file, .options = options};
    r.modules = ht_alloc(1, sizeof *r.modules, "the list of layers", err);
    if (r.modules && prepare(&r, err) == HT_OK)
        net = options->classes > 0 ? make(&r, options->classes, options->form, options->notes, err)
                                   : make_unknown(&r, err);
    ht_free(r.modules);
    return net;
}
