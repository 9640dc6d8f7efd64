#include "weights/net/fill.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "nn/layers/layer.h"
#include "weights/net/match.h"
#include "weights/numbers.h"

typedef struct filler {
    ht_network *net;
    ht_weights *file;
    const char *path;
    ht_notes *notes;
    const ht_match *match;
    int layers, without_bias; /* with a bias in the network; and of these without one in the file */
} filler;

static ht_code load(const filler *f, long number, float **to, ht_error *err)
{
    ht_tensor_info info;
    *to = NULL;
    return number == HT_NO_TENSOR
               ? HT_OK
               : ht_numbers_load(f->path, f->file, (size_t)number, f->notes, &info, to, err);
}

/* Takes the memory of `from`; NULL: all of them are `otherwise`. */
static ht_code put(ht_tensor *to, float *from, float otherwise, ht_error *err)
{
    size_t count = ht_tensor_size(to);
    if (!to->data && from) return to->data = from, HT_OK;
    if (!to->data && !(to->data = ht_alloc(count, sizeof *to->data, to->name, err))) return HT_FAIL;
    for (size_t i = 0; i < count; i++) to->data[i] = from ? from[i] : otherwise;
    ht_free(from);
    return HT_OK;
}

/* ---- batch norms that are folded ---- */

/* The running variance of a norm, of which a batch norm takes the root. */
static ht_code load_variance(const filler *f, const ht_module *norm, float **to, ht_error *err)
{
    if (load(f, norm->variance, to, err) != HT_OK) return err->code;
    for (size_t i = 0; *to && i < norm->shape[0]; i++)
        if ((double)(*to)[i] < 0)
            return ht_error_set(err, HT_FAIL, "%s: the running variance number %zu of %.60s is %g, below 0",
                                f->path, i, norm->name, (double)(*to)[i]);
    return HT_OK;
}

/* What a layer's outputs are multiplied by, and what is added then. */
typedef struct fold {
    double *factor, *shift; /* (rows) */
} fold;

static void free_fold(fold *f)
{
    ht_free(f->factor);
    ht_free(f->shift);
}

static ht_code make_fold(const filler *f, const ht_module *norm, fold *to, ht_error *err)
{
    static const double epsilon = 1e-5; /* PyTorch's, and no file says it */
    float *gain = NULL, *bias = NULL, *mean = NULL, *variance = NULL;
    size_t rows = norm->shape[0];
    *to = (fold){ht_alloc(rows, sizeof(double), "a batch norm", err),
                 ht_alloc(rows, sizeof(double), "a batch norm", err)};
    ht_code code = to->factor && to->shift ? HT_OK : HT_FAIL;
    if (code == HT_OK) code = load(f, norm->weight, &gain, err);
    if (code == HT_OK) code = load(f, norm->bias, &bias, err);
    if (code == HT_OK) code = load(f, norm->mean, &mean, err);
    if (code == HT_OK) code = load_variance(f, norm, &variance, err);
    for (size_t i = 0; i < rows && mean && variance && code == HT_OK; i++) {
        to->factor[i] = (gain ? (double)gain[i] : 1) / sqrt((double)variance[i] + epsilon);
        to->shift[i] = (bias ? (double)bias[i] : 0) - (double)mean[i] * to->factor[i];
    }
    ht_free(gain);
    ht_free(bias);
    ht_free(mean);
    ht_free(variance);
    return code;
}

/* weight and *bias (made where there is none) become those of the layer and the norm behind it. */
static ht_code apply_fold(const fold *f, const ht_tensor *shape, float *weight, float **bias, ht_error *err)
{
    size_t rows = (size_t)shape->rows, columns = (size_t)shape->columns;
    if (!*bias && !(*bias = ht_alloc(rows, sizeof **bias, "biases", err))) return HT_FAIL;
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++)
            weight[i * columns + j] = (float)((double)weight[i * columns + j] * f->factor[i]);
        (*bias)[i] = (float)((double)(*bias)[i] * f->factor[i] + f->shift[i]);
    }
    return HT_OK;
}

static ht_code fold_norm(const filler *f, const ht_module *norm, const ht_tensor *shape, float *weight,
                         float **bias, ht_error *err)
{
    fold by = {0};
    ht_code code = make_fold(f, norm, &by, err);
    if (code == HT_OK) code = apply_fold(&by, shape, weight, bias, err);
    free_fold(&by);
    return code;
}

/* ---- layers ---- */

/* Takes the memory of `bias`; a network without biases has room for zeros only. */
static ht_code put_bias(filler *f, ht_tensor *of, float *bias, const char *name, ht_error *err)
{
    bool any = false;
    for (int i = 0; bias && i < of->rows; i++) any = any || bias[i] != 0.0f;
    f->layers += of->bias != NULL;
    f->without_bias += of->bias && !bias;
    if (of->bias) return put(of->bias, bias, 0, err);
    ht_free(bias);
    return any ? ht_error_set(err, HT_FAIL,
                              "%s: %.60s has biases, and the network has none; set model.bias to 1", f->path,
                              name)
               : HT_OK;
}

static ht_code fill_matrix(filler *f, ht_tensor *to, const ht_module *m, const ht_module *norm, ht_error *err)
{
    float *weight = NULL, *bias = NULL;
    ht_code code = load(f, m->weight, &weight, err);
    if (code == HT_OK && m->turned) code = ht_numbers_turn(&weight, m->shape[1], m->shape[0], err);
    if (code == HT_OK) code = load(f, m->bias, &bias, err);
    if (code == HT_OK && norm) code = fold_norm(f, norm, to, weight, &bias, err);
    if (code != HT_OK) return ht_free(weight), ht_free(bias), code;
    if ((code = put(to, weight, 0, err)) != HT_OK) return ht_free(bias), code;
    return put_bias(f, to, bias, m->name, err);
}

static ht_code fill_norm(filler *f, ht_layer *layer, const ht_module *m, ht_error *err)
{
    float *gain = NULL, *bias = NULL, *state = NULL;
    ht_code code = load(f, m->weight, &gain, err);
    if (code == HT_OK) code = put(&layer->tensor[0], gain, 1, err);
    if (code == HT_OK) code = load(f, m->bias, &bias, err);
    if (code == HT_OK) code = put_bias(f, &layer->tensor[0], bias, m->name, err);
    for (int i = 1, seen = 0; i < layer->tensors && code == HT_OK; i++) {
        if (!(layer->tensor[i].flags & HT_TENSOR_STATE)) continue;
        code = seen++ == 0 ? load(f, m->mean, &state, err) : load_variance(f, m, &state, err);
        if (code == HT_OK)
            code = put(&layer->tensor[i], state, 0, err);
        else
            ht_free(state);
    }
    return code;
}

/* The file has the output layer, too, and the network ties it to the token table: they must be the same. */
static ht_code check_head(const filler *f, const ht_module *head, ht_error *err)
{
    const ht_tensor *table = ht_network_output(f->net);
    float *numbers = NULL;
    ht_code code = load(f, head->weight, &numbers, err);
    if (code == HT_OK && memcmp(numbers, table->data, ht_tensor_size(table) * sizeof *numbers) != 0)
        code = ht_error_set(err, HT_FAIL,
                            "%s: %.60s is not the token table, to which the network's output is tied; set "
                            "model.tied to 0",
                            f->path, head->name);
    ht_free(numbers);
    return code;
}

static ht_code fill_layers(filler *f, const ht_modules *modules, ht_error *err)
{
    ht_code code = HT_OK;
    for (int s = 0; s < f->match->count && code == HT_OK; s++) {
        const ht_match_layer *l = &f->match->layer[s];
        const ht_module *m = &modules->module[l->module];
        const ht_module *norm = l->norm < 0 ? NULL : &modules->module[l->norm];
        code = m->norm ? fill_norm(f, l->layer, m, err) : fill_matrix(f, l->tensor, m, norm, err);
    }
    if (code == HT_OK && f->match->head >= 0) code = check_head(f, &modules->module[f->match->head], err);
    if (code == HT_OK && f->without_bias > 0)
        ht_notes_add(f->notes, "%s: %d of %d layers have no biases there; they begin at 0", f->path,
                     f->without_bias, f->layers);
    return code;
}

/* ---- how the file holds them ---- */

static void list_layer(const filler *f, const ht_tensor *weight, const ht_module *m, ht_netform *form)
{
    int index = ht_tensor_index(f->net, weight), state = index + (weight->bias ? 2 : 1);
    if (m->weight != HT_NO_TENSOR) ht_netform_add(form, f->file, (size_t)m->weight, index, m->turned);
    if (m->bias != HT_NO_TENSOR && weight->bias)
        ht_netform_add_vector(form, f->file, (size_t)m->bias, ht_tensor_index(f->net, weight->bias));
    if (m->mean == HT_NO_TENSOR) return;
    ht_netform_add_vector(form, f->file, (size_t)m->mean, state);
    ht_netform_add_vector(form, f->file, (size_t)m->variance, state + 1);
}

static void list_form(const filler *f, const ht_modules *modules, ht_netform *form)
{
    bool folded = false;
    form->count = 0;
    for (int s = 0; s < f->match->count; s++) folded = folded || f->match->layer[s].norm >= 0;
    for (int s = 0; s < f->match->count && !folded; s++)
        list_layer(f, f->match->layer[s].tensor, &modules->module[f->match->layer[s].module], form);
    if (f->match->head >= 0) list_layer(f, ht_network_output(f->net), &modules->module[f->match->head], form);
    ht_netform_finish(form, f->path, f->notes);
}

/* ---- files ---- */

ht_code ht_network_fill_from(ht_network *net, ht_weights *file, const char *path, const char *order,
                             ht_netform *form, ht_notes *notes, ht_error *err)
{
    ht_modules *modules = ht_alloc(1, sizeof *modules, "the list of layers", err);
    ht_match *match = ht_alloc(1, sizeof *match, "the list of layers", err);
    filler f = {.net = net, .file = file, .path = path, .notes = notes, .match = match};
    ht_code code = modules && match ? HT_OK : HT_FAIL;
    bool ours = !order && ht_weights_ours(file);
    if (code == HT_OK) code = ht_modules_find(modules, path, file, ours, notes, err);
    if (code == HT_OK) code = ht_match_find(match, net, modules, path, order, notes, err);
    if (code == HT_OK) code = fill_layers(&f, modules, err);
    if (code == HT_OK && form && !ours) list_form(&f, modules, form);
    ht_free(match);
    ht_free(modules);
    return code;
}

ht_code ht_network_fill(ht_network *net, const char *path, const char *order, ht_notes *notes, ht_error *err)
{
    ht_weights *file = ht_weights_open(path, notes, err);
    if (!file) return err->code;
    ht_code code = ht_network_fill_from(net, file, path, order, NULL, notes, err);
    ht_weights_close(file);
    return code;
}
