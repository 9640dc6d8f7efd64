#include "cli/report/prune_input.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "session/session.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "weights/net/netfile.h"
#include "data/npy.h"
#include "weights/safetensors.h"
#include "heavytail/prune.h"
#include "kernel/kernel.h"
#include "nn/layers/tokens.h"
#include "params/preset.h"

static ht_code check_source(const ht_prune_source *s, ht_error *err)
{
    if (!s->w1 != !s->w2 || !s->path == !s->w1)
        return ht_error_set(err, HT_USAGE,
                            "prune: give a run directory or a .safetensors file, or --w1 F.npy --w2 F.npy");
    if (s->order && !s->path)
        return ht_error_set(err, HT_USAGE,
                            "--order: --w1 and --w2 are in order; it is for a .safetensors file");
    if (!s->x != !s->y || (s->x && s->data))
        return ht_error_set(err, HT_USAGE, "prune: give --data NAME, or --x F.npy and --y F.npy");
    if (s->split && strcmp(s->split, "test") != 0 && strcmp(s->split, "train") != 0)
        return ht_error_set(err, HT_USAGE, "--split %.40s: one of test, train", s->split);
    if (s->split && s->x)
        return ht_error_set(err, HT_USAGE, "--split %s: --x and --y are not split into test and train",
                            s->split);
    return HT_OK;
}

/* ---- settings ---- */

/* The run that holds `path`: itself, or its directory; false when there is none. */
static bool find_run(const char *path, char *run, size_t size)
{
    char preset[4200];
    if (strlen(path) >= size) return false;
    if (ht_file_is_dir(path))
        strcpy(run, path);
    else
        ht_file_folder(path, run, size);
    snprintf(preset, sizeof preset, "%s/preset.ini", run);
    return ht_file_exists(preset);
}

/* The run's settings with --set on top; *known: they name the data. */
static ht_code read_settings(ht_prune_input *in, const ht_prune_source *s, const ht_arguments *args,
                             bool *known, ht_error *err)
{
    char run[4096], preset[4200];
    *known = args->preset || ht_arguments_name(args, HT_P_DATA_NAME);
    bool of_run = s->path && find_run(s->path, run, sizeof run);
    in->trained_so = of_run || args->preset;
    if (!of_run)
        return args->preset ? ht_arguments_params(args, &in->params, err)
                            : (ht_params_init(&in->params), ht_arguments_sets(args, &in->params, err));
    ht_params stored;
    *known = true;
    snprintf(preset, sizeof preset, "%s/preset.ini", run);
    ht_params_init(&stored);
    if (ht_preset_load(&stored, preset, err) != HT_OK) return err->code;
    in->params = stored;
    if (args->preset && ht_settings_load(&in->params, args->preset, err) != HT_OK) return err->code;
    if (ht_arguments_sets(args, &in->params, err) != HT_OK) return err->code;
    return ht_rundir_agrees(&stored, &in->params, run, err);
}

/* ---- network ---- */

static void read_step(ht_prune_input *in, const char *path)
{
    ht_error ignored; /* the network has been read from it */
    ht_safetensors *file = ht_safetensors_open(path, &ignored);
    const char *step = file ? ht_safetensors_metadata(file, "heavytail.step") : NULL;
    if (step) ht_text_copy(in->step, sizeof in->step, step);
    ht_safetensors_close(file);
}

/* The training samples that are wanted, at least one; 0: all. */
static size_t train_wanted(const ht_params *p, bool measured, bool calibrated)
{
    return measured ? 0 : calibrated ? (size_t)ht_params_get(p, HT_P_PRUNE_SAMPLES) : 1;
}

static ht_code load_data(ht_prune_input *in, const ht_prune_source *s, const ht_arguments *args,
                         ht_error *err)
{
    if (in->data) return HT_OK; /* for its shape */
    if (s->data && ht_params_set(&in->params, "data.name", s->data, err) != HT_OK)
        return ht_error_prefix(err, "--data");
    in->split = s->split ? s->split : "test";
    bool train = strcmp(in->split, "train") == 0,
         calibrated = s->calibrated ||
                      ht_prune_at((ht_prune_method)ht_params_get(&in->params, HT_P_PRUNE_METHOD))->calibrated;
    ht_data_options options = ht_data_options_of(&in->params, args->data_dir);
    options.train_wanted = train_wanted(&in->params, train || s->trained, calibrated);
    in->data = ht_dataset_load(ht_params_text(&in->params, HT_P_DATA_NAME), &options, err);
    if (!in->data) return err->code;
    ht_data_tell(in->data);
    in->train = s->trained || calibrated ? &in->data->train : NULL;
    in->samples = train ? &in->data->train : &in->data->test;
    ht_text_copy(in->title, sizeof in->title, in->data->title);
    return HT_OK;
}

static bool reads_tokens(const ht_params *params)
{
    ht_layer_item items[HT_PARAM_LAYERS];
    return ht_params_layers(params, items) > 0 && items[0].kind == HT_LAYER_EMBED;
}

/* The samples' shape, where the network's file does not say it and data are given. */
static ht_code find_shape(ht_prune_input *in, const ht_prune_source *s, const ht_arguments *args, bool known,
                          ht_netfile_options *options, ht_error *err)
{
    ht_npy x;
    if (!s->x && !s->data && !known) return HT_OK;
    if (!s->x) {
        if (load_data(in, s, args, err) != HT_OK) return err->code;
        const ht_dataset *d = in->data;
        options->classes = d->classes;
        options->input =
            d->channels > 0 ? (ht_shape){d->channels, d->height, d->width} : (ht_shape){d->inputs, 1, 1};
        return HT_OK;
    }
    if (ht_npy_read(s->x, HT_NPY_FLOAT, &x, err) != HT_OK) return err->code;
    int sides[3] = {1, 1, 1}, count = x.ndim - 1;
    bool good = count >= 1 && count <= 3 && x.count > 0;
    for (int i = 0; i < count && good; i++) {
        good = x.shape[i + 1] <= 1 << 20;
        sides[count == 2 ? i + 1 : i] = (int)(good ? x.shape[i + 1] : 0); /* (samples × height × width) */
    }
    ht_npy_free(&x);
    if (count == 1 && reads_tokens(&in->params)) sides[2] = sides[0], sides[0] = 1; /* (samples × tokens) */
    if (!good) return ht_error_set(err, HT_FAIL, "%s: samples are (count × channels × height × width)", s->x);
    options->input = (ht_shape){sides[0], sides[1], sides[2]};
    return HT_OK;
}

static ht_code read_network(ht_prune_input *in, const ht_prune_source *s, const ht_arguments *args,
                            bool known, ht_error *err)
{
    char path[4200], run[4096];
    const char *const matrices[] = {s->w1, s->w2};
    ht_activation activation = (ht_activation)ht_params_get(&in->params, HT_P_MODEL_ACTIVATION);
    bool mean_field = ht_params_get(&in->params, HT_P_MODEL_MEAN_FIELD) != 0, asks = false;
    ht_netfile_options options = {.activation = activation,
                                  .mean_field = mean_field,
                                  .order = s->order,
                                  .notes = &in->notes,
                                  .form = &in->form,
                                  .run = &in->params};
    if (!s->path) {
        ht_text_copy(in->name, sizeof in->name, s->w1);
        ht_text_clean(in->name);
        in->net = ht_netfile_read_npy(matrices, 2, activation, mean_field, err);
        return in->net ? HT_OK : HT_FAIL;
    }
    ht_text_copy(in->name, sizeof in->name, s->path);
    ht_text_clean(in->name);
    ht_text_copy(path, sizeof path, s->path);
    if (ht_file_is_dir(s->path) && find_run(s->path, run, sizeof run) &&
        ht_file_join(path, sizeof path, s->path, "checkpoint.safetensors", err) != HT_OK)
        return err->code;
    if (ht_netfile_asks(path, &options, &asks, err) != HT_OK) return err->code;
    if (asks && find_shape(in, s, args, known, &options, err) != HT_OK) return err->code;
    in->net = ht_netfile_read_as(path, &options, err);
    if (!in->net) return err->code;
    ht_app_notes(&in->notes);
    read_step(in, path);
    return HT_OK;
}

/* ---- samples ---- */

static ht_code read_labels(ht_prune_input *in, const char *path, ht_error *err)
{
    ht_npy y;
    int classes = ht_network_output(in->net)->rows;
    if (ht_npy_read(path, HT_NPY_DOUBLE, &y, err) != HT_OK) return err->code;
    ht_code code = HT_OK;
    int positions = in->net->positions;
    bool sequences = positions > 0 && y.ndim == 2 && y.shape[1] == (size_t)positions;
    if (positions > 0 && (!sequences || y.shape[0] != in->own.count))
        code = ht_error_set(
            err, HT_FAIL,
            "%s: has %zu values in an array of %d dimensions; %zu sequences need a label at each "
            "of %d positions: (sequences × positions)",
            path, y.count, y.ndim, in->own.count, positions);
    else if (positions == 0 && (y.ndim != 1 || y.count != in->own.count))
        code =
            ht_error_set(err, HT_FAIL,
                         "%s: has %zu values in an array of %d dimensions; %zu samples need as many labels, "
                         "one whole number each, in one dimension",
                         path, y.count, y.ndim, in->own.count);
    if (code == HT_OK && !(in->own.labels = ht_alloc(y.count, sizeof(int32_t), "the labels", err)))
        code = HT_FAIL;
    for (size_t i = 0; i < y.count && code == HT_OK; i++) {
        if (y.f64[i] < 0 || y.f64[i] >= classes || y.f64[i] != floor(y.f64[i]))
            code = ht_error_set(err, HT_FAIL,
                                "%s: label %zu is %g; the network's classes are the whole numbers 0 to %d",
                                path, i, y.f64[i], classes - 1);
        else
            in->own.labels[i] = (int32_t)y.f64[i];
    }
    ht_npy_free(&y);
    return code;
}

static ht_code read_samples(ht_prune_input *in, const ht_prune_source *s, ht_error *err)
{
    ht_npy x;
    int inputs = in->net->inputs;
    if (ht_npy_read(s->x, HT_NPY_FLOAT, &x, err) != HT_OK) return err->code;
    ht_code code = HT_OK;
    if (x.ndim < 2)
        code = ht_error_set(err, HT_FAIL, "%s: has the shape of one sample; samples are (count × %d)", s->x,
                            inputs);
    else if (x.count == 0)
        code = ht_error_set(err, HT_FAIL, "%s: holds no samples; samples are (count × %d)", s->x, inputs);
    else if (x.count / x.shape[0] != (size_t)inputs)
        code = ht_error_set(err, HT_FAIL, "%s: samples of %zu values, the network takes %d", s->x,
                            x.count / x.shape[0], inputs);
    for (size_t i = 0; i < x.count && code == HT_OK; i++)
        if (!isfinite(x.f32[i]))
            code = ht_error_set(err, HT_FAIL, "%s: sample %zu holds a value that is not a finite number",
                                s->x, i / (size_t)inputs);
    if (code == HT_OK) {
        in->own = (ht_samples){.count = x.shape[0], .x = x.f32};
        x.f32 = NULL;
        code = ht_tokens_check_samples(in->net, &in->own, err);
        if (code != HT_OK) ht_error_prefix(err, "%s", s->x);
        if (code == HT_OK) code = read_labels(in, s->y, err);
        in->samples = in->train = &in->own;
        in->split = "given";
        ht_text_copy(in->title, sizeof in->title, s->x);
    }
    ht_npy_free(&x);
    return code;
}

/* The data and the network that is there. */
static ht_code check_data(const ht_prune_input *in, ht_error *err)
{
    const ht_dataset *d = in->data;
    int inputs = in->net->inputs, classes = in->net->classes;
    if (ht_tokens_check(in->net, d, err) != HT_OK) return ht_error_prefix(err, "%s", in->name);
    const ht_shape shape = in->net->input;
    if (d->inputs != inputs || d->classes != classes)
        return ht_error_set(
            err, HT_FAIL, "%s: %d inputs and %d classes; the network in %s has %d and %d%s", d->name,
            d->inputs, d->classes, in->name, inputs, classes,
            d->classes < classes && d->inputs == inputs
                ? ". Which of its outputs are meant cannot be told: give data with all classes, or --x and "
                  "--y with the numbers of outputs"
                : "");
    if (ht_network_is_dense(in->net) || d->channels == 0 ||
        (d->channels == shape.channels && d->height == shape.height && d->width == shape.width))
        return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: samples of %d×%d×%d; the network in %s takes %d×%d×%d", d->name,
                        d->channels, d->height, d->width, in->name, shape.channels, shape.height,
                        shape.width);
}

ht_code ht_prune_input_open(ht_prune_input *in, const ht_prune_source *s, const ht_arguments *args,
                            ht_error *err)
{
    bool known;
    *in = (ht_prune_input){.split = ""};
    if (check_source(s, err) != HT_OK) return err->code;
    if (read_settings(in, s, args, &known, err) != HT_OK) return err->code;
    if (read_network(in, s, args, known, err) != HT_OK) return err->code;
    in->pool = ht_pool_new(ht_app_threads(), err);
    if (!in->pool) return HT_FAIL;
    if (s->x) return read_samples(in, s, err);
    if (!s->data && !known) return HT_OK;
    return load_data(in, s, args, err) == HT_OK ? check_data(in, err) : err->code;
}

static double largest_weight(const ht_network *net)
{
    float most = 0;
    for (int l = 0; l < net->weight_count; l++)
        most = fmaxf(most, ht_kernel()->max_abs(net->weights[l]->data, ht_tensor_size(net->weights[l])));
    return (double)most;
}

ht_code ht_prune_input_check(const ht_prune_input *in, const ht_score *whole, ht_error *err)
{
    if (isfinite(whole->loss)) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: the network's outputs on %s go beyond the largest float (its largest weight is "
        "%.3g), so its loss and accuracy are no numbers; use samples and weights of a smaller "
        "scale",
        in->name, in->title, largest_weight(in->net));
}

void ht_prune_input_close(ht_prune_input *in)
{
    ht_network_free(in->net);
    ht_pool_free(in->pool);
    ht_dataset_free(in->data);
    ht_free(in->own.x);
    ht_free(in->own.labels);
    ht_notes_free(&in->notes);
}
