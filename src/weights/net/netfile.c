#include "weights/net/netfile.h"
#include "weights/net/netform.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "nn/layers/layer.h"
#include "weights/net/fill.h"
#include "weights/net/netlayers.h"
#include "weights/net/netparts.h"
#include "weights/net/networds.h"
#include "weights/numbers.h"
#include "data/npy.h"

static const char activation_key[] = "heavytail.activation", mean_field_key[] = "heavytail.mean_field",
                  names_key[] = "heavytail.names";

/* ---- a chain of matrices ---- */

/* The matrices of dense layers, first to last, and their biases. */
typedef struct layer_chain {
    int count;
    ht_activation activation[HT_WEIGHTS_MAX]; /* of each layer but the last */
    bool mean_field;
    struct part {
        int rows, columns;
        float *weight, *bias; /* bias: (rows), or NULL */
    } part[HT_WEIGHTS_MAX];
} layer_chain;

static void free_chain(layer_chain *c)
{
    for (int l = 0; l < c->count; l++) ht_free(c->part[l].weight), ht_free(c->part[l].bias);
    c->count = 0;
}

/* The network of what has been read; takes the memory of the chain, also when that fails. */
static ht_network *built(layer_chain *c, const char *path, ht_code code, ht_error *err)
{
    ht_layer_spec specs[HT_WEIGHTS_MAX] = {{0}};
    if (code == HT_OK && c->count < 2)
        code = ht_error_set(err, HT_FAIL,
                            "%s: holds %d layer%s; a network has a hidden layer and an output layer at least",
                            path, c->count, c->count == 1 ? "" : "s");
    for (int l = 0; l < c->count; l++)
        specs[l] = (ht_layer_spec){.kind = ht_layer_kind_at(HT_LAYER_DENSE),
                                   .units = c->part[l].rows,
                                   .activation = c->activation[l],
                                   .bias = c->part[l].bias != NULL,
                                   .output = l == c->count - 1};
    ht_network *net = code != HT_OK ? NULL
                                    : ht_network_build((ht_shape){c->part[0].columns, 1, 1}, specs, c->count,
                                                       c->mean_field, true, err);
    for (int l = 0; net && l < c->count; l++) {
        net->weights[l]->data = c->part[l].weight;
        if (c->part[l].bias) net->weights[l]->bias->data = c->part[l].bias;
    }
    if (!net) free_chain(c);
    return net;
}

/* Adds a matrix and its bias (or NULL) as the next layer and takes their memory, also when that fails. */
static ht_code add_layer(layer_chain *c, const char *path, const char *name, size_t rows, size_t columns,
                         float *weight, float *bias, ht_error *err)
{
    ht_code code = HT_OK;
    if (c->count == HT_WEIGHTS_MAX)
        code = ht_error_set(err, HT_FAIL, "%s: %.60s would be layer %d; up to %d hidden ones are possible",
                            path, name, c->count + 1, HT_HIDDEN_MAX);
    else if (rows < 1 || columns < 1 || rows > INT_MAX || columns > INT_MAX)
        code = ht_error_set(err, HT_FAIL, "%s: %.60s is (%zu × %zu): no layer has such a shape", path, name,
                            rows, columns);
    else if (c->count > 0 && (size_t)c->part[c->count - 1].rows != columns)
        code = ht_error_set(err, HT_FAIL,
                            "%s: %.60s is (%zu × %zu), but the layer before it gives out %d values; layers "
                            "are (outputs × inputs), first to last",
                            path, name, rows, columns, c->part[c->count - 1].rows);
    for (size_t i = 0; code == HT_OK && i < rows * columns; i++)
        if (!isfinite(weight[i]))
            code = ht_numbers_not_finite(path, name, i, columns, (double)weight[i], err);
    if (code == HT_OK) {
        c->part[c->count++] = (struct part){(int)rows, (int)columns, weight, bias};
    } else {
        ht_free(weight);
        ht_free(bias);
    }
    return code;
}

/* ---- tensors ---- */

typedef struct reader {
    const char *path;
    ht_weights *file;
    const ht_netfile_options *options;
    layer_chain chain;
} reader;

/* The matrix, and the bias or HT_NO_TENSOR, as the next layer. */
static ht_code add_tensors(reader *r, size_t matrix, long bias, bool turned, ht_error *err)
{
    ht_tensor_info info, vector = {0};
    float *weight = NULL, *shift = NULL;
    ht_code code = ht_numbers_load(r->path, r->file, matrix, r->options->notes, &info, &weight, err);
    if (code == HT_OK && turned && weight) code = ht_numbers_turn(&weight, info.shape[0], info.shape[1], err);
    if (code == HT_OK && bias != HT_NO_TENSOR)
        code = ht_numbers_load(r->path, r->file, (size_t)bias, r->options->notes, &vector, &shift, err);
    if (code == HT_OK && shift && vector.count != info.shape[turned])
        code = ht_error_set(err, HT_FAIL, "%s: %.60s has %zu values, but its layer gives out %zu", r->path,
                            vector.name, vector.count, info.shape[turned]);
    if (code == HT_OK)
        return add_layer(&r->chain, r->path, info.name, info.shape[turned], info.shape[!turned], weight,
                         shift, err);
    ht_free(weight);
    ht_free(shift);
    return code;
}

/* ---- .safetensors ---- */

/* The number of the tensor with this name, or HT_NO_TENSOR. */
static ht_code find(const reader *r, const char *name, long *number, ht_error *err)
{
    ht_tensor_info info;
    *number = HT_NO_TENSOR;
    for (size_t i = 0; i < ht_weights_count(r->file) && *number == HT_NO_TENSOR; i++) {
        if (ht_weights_describe(r->file, i, &info, err) != HT_OK) return err->code;
        if (strcmp(info.name, name) == 0) *number = (long)i;
    }
    return HT_OK;
}

/* layers.0.weight, layers.0.bias … in the order of their numbers. */
static ht_code add_ours(reader *r, ht_error *err)
{
    for (int l = 0;; l++) {
        ht_tensor_info info;
        char name[32];
        long matrix, bias;
        snprintf(name, sizeof name, "layers.%d.weight", l);
        if (find(r, name, &matrix, err) != HT_OK) return err->code;
        if (matrix == HT_NO_TENSOR) return HT_OK;
        if (ht_weights_describe(r->file, (size_t)matrix, &info, err) != HT_OK) return err->code;
        if (info.ndim != 2)
            return ht_error_set(err, HT_FAIL, "%s: %s has %d dimensions, not 2", r->path, name, info.ndim);
        snprintf(name, sizeof name, "layers.%d.bias", l);
        if (find(r, name, &bias, err) != HT_OK) return err->code;
        if (add_tensors(r, (size_t)matrix, bias, false, err) != HT_OK) return err->code;
    }
}

static ht_code add_parts(reader *r, ht_netparts *p, ht_error *err)
{
    ht_chain chain;
    int tensor = 0;
    if (ht_netparts_find(p, r->path, r->file, r->options->notes, err) != HT_OK) return err->code;
    if (p->count == 0) return HT_OK; /* too few layers, which is told in the end */
    if (ht_chain_find(r->path, p->link, p->count, r->options->order, &chain, r->options->notes, err) != HT_OK)
        return err->code;
    for (int l = 0; l < chain.count; l++) {
        int i = chain.order[l];
        if (add_tensors(r, p->number[i], p->bias[i], chain.turned, err) != HT_OK) return err->code;
        ht_netform_add(r->options->form, r->file, p->number[i], tensor++, chain.turned);
        if (p->bias[i] != HT_NO_TENSOR)
            ht_netform_add_vector(r->options->form, r->file, (size_t)p->bias[i], tensor++);
    }
    ht_netform_finish(r->options->form, r->path, r->options->notes);
    return HT_OK;
}

static ht_code add_others(reader *r, ht_error *err)
{
    ht_netparts *parts = ht_alloc(1, sizeof *parts, "the list of layers", err);
    if (!parts) return err->code;
    ht_code code = add_parts(r, parts, err);
    ht_free(parts);
    return code;
}

static void same_activations(layer_chain *c, ht_activation activation)
{
    for (int l = 0; l < HT_WEIGHTS_MAX; l++) c->activation[l] = activation;
}

/* "relu" for all layers, or one for each hidden one: "relu,tanh". */
static ht_code read_activations(layer_chain *c, const char *path, const char *list, ht_error *err)
{
    ht_params params;
    char word[24];
    int count = 0;
    ht_params_init(&params);
    for (const char *at = list; count < HT_WEIGHTS_MAX; at++) {
        size_t length = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word), at);
        if (ht_params_set(&params, "model.activation", word, err) != HT_OK)
            return ht_error_prefix(err, "%s", path), err->code = HT_FAIL;
        c->activation[count++] = (ht_activation)ht_params_get(&params, HT_P_MODEL_ACTIVATION);
        at += length;
        if (*at == '\0') break;
    }
    if (count == 1) same_activations(c, c->activation[0]);
    if (count > 1 && count != c->count - 1)
        return ht_error_set(err, HT_FAIL,
                            "%s: names %d activations (%s) for %d hidden layers; the file is damaged", path,
                            count, activation_key, c->count - 1);
    return HT_OK;
}

/* What is known without the file: what a line of layers says, which must be of this network. */
static ht_code run_activations(layer_chain *c, const char *path, const ht_params *run, ht_error *err)
{
    ht_layer_item items[HT_PARAM_LAYERS];
    const char *line = run ? ht_params_text(run, HT_P_MODEL_LAYERS) : NULL;
    if (!line || strcmp(line, ht_param_at(HT_P_MODEL_LAYERS)->choices[0]) == 0) return HT_OK;
    int count = ht_params_layers(run, items);
    if (count != c->count - 1)
        return ht_error_set(err, HT_FAIL,
                            "%s: has %d layers before the output's; model.layers says %d (%.200s)", path,
                            c->count - 1, count, line);
    for (int l = 0; l < count; l++) {
        if (items[l].units != c->part[l].rows)
            return ht_error_set(err, HT_FAIL, "%s: layer %d has %d units; model.layers says %d (%.200s)",
                                path, l + 1, c->part[l].rows, items[l].units, line);
        c->activation[l] = items[l].activation;
    }
    return HT_OK;
}

/* What ht_netfile_write noted. */
static ht_code read_notes(layer_chain *c, const char *path, const ht_weights *file, ht_error *err)
{
    const char *activation = ht_weights_metadata(file, activation_key),
               *mean_field = ht_weights_metadata(file, mean_field_key);
    if (activation && read_activations(c, path, activation, err) != HT_OK) return err->code;
    if (mean_field) c->mean_field = strcmp(mean_field, "true") == 0;
    return HT_OK;
}

/* Dense layers. */
static ht_network *read_chain(reader *r, ht_code code, ht_error *err)
{
    bool ours = !r->options->order && ht_weights_ours(r->file);
    same_activations(&r->chain, r->options->activation);
    if (code == HT_OK) code = ours ? add_ours(r, err) : add_others(r, err);
    if (code == HT_OK) code = run_activations(&r->chain, r->path, r->options->run, err);
    if (code == HT_OK) code = read_notes(&r->chain, r->path, r->file, err);
    return built(&r->chain, r->path, code, err);
}

ht_network *ht_netfile_read_as(const char *path, const ht_netfile_options *options, ht_error *err)
{
    ht_network *net = NULL;
    bool layered = false;
    if (options->form) options->form->count = 0;
    reader r = {.path = path,
                .options = options,
                .file = ht_weights_open(path, options->notes, err),
                .chain = {.mean_field = options->mean_field}};
    if (!r.file) return NULL;
    ht_code code = ht_netlayers_are(path, r.file, options, &layered, err);
    if (code == HT_OK && layered)
        net = ht_netlayers_read(path, r.file, options, err);
    else
        net = read_chain(&r, code, err);
    ht_weights_close(r.file);
    return net;
}

ht_code ht_netfile_asks(const char *path, const ht_netfile_options *options, bool *asks, ht_error *err)
{
    bool layered = false;
    ht_weights *file = ht_weights_open(path, NULL, err);
    if (!file) return err->code;
    ht_code code = ht_netlayers_are(path, file, options, &layered, err);
    *asks = layered && !ht_networds_input(file);
    ht_weights_close(file);
    return code;
}

ht_network *ht_netfile_read(const char *path, ht_activation activation, bool mean_field, ht_error *err)
{
    const ht_netfile_options options = {.activation = activation, .mean_field = mean_field};
    return ht_netfile_read_as(path, &options, err);
}

/* ---- .npy ---- */

ht_network *ht_netfile_read_npy(const char *const *paths, int count, ht_activation activation,
                                bool mean_field, ht_error *err)
{
    layer_chain c = {.mean_field = mean_field};
    ht_code code = HT_OK;
    same_activations(&c, activation);
    for (int i = 0; i < count && code == HT_OK; i++) {
        ht_npy array;
        code = ht_npy_read(paths[i], HT_NPY_FLOAT, &array, err);
        if (code == HT_OK && array.ndim != 2)
            code = ht_error_set(err, HT_FAIL, "%s: has %d dimensions; a layer has 2 (outputs × inputs)",
                                paths[i], array.ndim);
        if (code == HT_OK) {
            code =
                add_layer(&c, paths[i], "the matrix", array.shape[0], array.shape[1], array.f32, NULL, err);
            array.f32 = NULL;
        }
        ht_npy_free(&array);
    }
    return built(&c, paths[0], code, err);
}

/* ---- out ---- */

/* What read_activations reads. */
static void list_activations(const ht_network *net, char *to, size_t size)
{
    int count = ht_network_one_activation(net) ? 1 : ht_network_hidden(net);
    size_t used = 0;
    for (int l = 0; l < count; l++)
        used += (size_t)snprintf(to + used, size - used, "%s%s", l ? "," : "",
                                 ht_param_choice(HT_P_MODEL_ACTIVATION, (int)ht_network_activation(net, l)));
}

/* One tensor as it is to lie; *turned is new memory where that is not how the layer lies. */
static ht_code lay_out(const ht_network *net, const struct ht_form_tensor *t, ht_tensor_out *out,
                       float **turned, ht_error *err)
{
    const ht_tensor *own = &net->tensors[t->tensor];
    size_t rows = (size_t)own->rows, columns = (size_t)own->columns;
    ht_text_copy(out->name, sizeof out->name, t->name);
    out->data = own->data;
    out->sides = ht_netform_sides(own);
    if (out->sides.columns == 0 && t->ndim > 1) {
        out->sides.rows = t->turned ? 1 : rows;
        out->sides.columns = t->turned ? rows : 1;
        return HT_OK;
    }
    if (!t->turned || out->sides.columns == 0) return HT_OK;
    out->sides = (ht_sides){.rows = columns, .columns = rows};
    *turned = ht_alloc(rows * columns, sizeof **turned, "a matrix turned round", err);
    if (!*turned) return HT_FAIL;
    memcpy(*turned, own->data, rows * columns * sizeof **turned);
    ht_code code = ht_numbers_turn(turned, rows, columns, err);
    out->data = *turned;
    return code;
}

/* The tensors of a file under way. */
typedef struct listing {
    ht_tensor_out *tensor; /* (room) */
    float **turned;        /* (room): memory of its own, or NULL */
    size_t room, count;
} listing;

static ht_code list_tensors(listing *list, const ht_network *net, const ht_netform *form, ht_error *err)
{
    list->room = (size_t)(form ? form->count : net->tensor_count);
    list->tensor = ht_alloc(list->room, sizeof *list->tensor, "a list of tensors", err);
    list->turned = ht_alloc(list->room, sizeof *list->turned, "a list of tensors", err);
    if (!list->tensor || !list->turned) return HT_FAIL;
    for (; list->count < list->room; list->count++) {
        ht_tensor_out *out = &list->tensor[list->count];
        const ht_tensor *own = form ? NULL : &net->tensors[list->count];
        const struct ht_form_tensor *t = form ? &form->tensor[list->count] : NULL;
        if (t && lay_out(net, t, out, &list->turned[list->count], err) != HT_OK) return HT_FAIL;
        if (t) continue;
        *out = (ht_tensor_out){.sides = ht_netform_sides(own), .data = own->data};
        ht_text_copy(out->name, sizeof out->name, own->name);
    }
    return HT_OK;
}

static void free_listing(listing *list)
{
    for (size_t i = 0; list->turned && i < list->room; i++) ht_free(list->turned[i]);
    ht_free(list->turned);
    ht_free(list->tensor);
}

ht_code ht_netfile_write(const char *path, const ht_network *net, const ht_netform *form, const char *about,
                         ht_error *err)
{
    enum { PAIRS = 4 + HT_NETWORDS_PAIRS };
    listing list = {0};
    ht_networds words;
    char activations[16 * HT_WEIGHTS_MAX];
    bool theirs = form && form->count > 0;
    const char *metadata[2 * PAIRS + 1] = {"format", "pt",           "heavytail.pruning",
                                           about,    mean_field_key, net->mean_field ? "true" : "false"};
    size_t used = 6;
    list_activations(net, activations, sizeof activations);
    if (ht_network_is_dense(net))
        metadata[used++] = activation_key, metadata[used++] = activations;
    else
        used += ht_networds_of(&words, net, metadata + used);
    if (theirs) metadata[used++] = names_key, metadata[used++] = "theirs";
    ht_code code = list_tensors(&list, net, theirs ? form : NULL, err);
    if (code == HT_OK) code = ht_safetensors_write(path, list.tensor, list.count, metadata, err);
    free_listing(&list);
    return code;
}
