/* npy:DIR - X_train.npy, y_train.npy, X_test.npy, y_test.npy; X (samples × anything), pictures as (samples ×
 * height × width) or (samples × channels × height × width); y (samples), a column of them or one-hot rows:
 * numbers or strings. X (samples × T) and y (samples × T), both whole numbers, are token sequences: y is what
 * should be said at each position. */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/loader.h"
#include "data/npy.h"
#include "data/source.h"
#include "data/tokens/tokens.h"

/* Of one sample: what X has after its first dimension. */
typedef struct sample_shape {
    int ndim;
    size_t of[HT_NPY_DIMENSIONS];
} sample_shape;

/* Numbers that a float may not hold are kept in double precision until they are scaled. */
static ht_code widen(const char *path, ht_npy *array, ht_error *err)
{
    static const char *const wide[] = {"f8", "i8", "u8", "i4", "u4"};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (strcmp(array->type, wide[i]) == 0) {
            ht_npy_free(array);
            return ht_npy_read(path, HT_NPY_DOUBLE, array, err);
        }
    return HT_OK;
}

static bool are_integers(const ht_npy *array)
{
    return array->type[0] == 'i' || array->type[0] == 'u';
}

static ht_code read_inputs(const char *path, ht_raw_part *part, sample_shape *shape, bool *integers,
                           ht_error *err)
{
    ht_npy array;
    ht_code code = ht_npy_read(path, HT_NPY_FLOAT, &array, err);
    if (code == HT_OK && (array.ndim < 2 || array.count == 0))
        code = ht_error_set(
            err, HT_FAIL,
            "%s: has %d dimensions and %zu values; X needs at least two dimensions, samples first, and "
            "no empty one%s",
            path, array.ndim, array.count,
            array.ndim == 1 ? ": save X.reshape(-1, 1) if every sample is one number" : "");
    if (code == HT_OK &&
        (array.count / array.shape[0] > INT_MAX || array.count > HT_DATA_BYTES_MAX / sizeof(float)))
        code = ht_error_set(err, HT_FAIL, "%s: has more than 4 GB of values; use a part of it", path);
    if (code == HT_OK) code = widen(path, &array, err);
    if (code == HT_OK) {
        shape->ndim = array.ndim - 1;
        memcpy(shape->of, array.shape + 1, (size_t)shape->ndim * sizeof shape->of[0]);
        part->inputs = array.count / array.shape[0];
        part->count = array.shape[0]; /* whole: its inputs may have to be scaled */
        part->x = array.f32;
        part->wide = array.f64;
        *integers = are_integers(&array);
        array.f32 = NULL;
        array.f64 = NULL;
    }
    ht_npy_free(&array);
    return code;
}

/* A label for every sample: y (n), or a column (n × 1). */
static bool is_list(const ht_npy *y)
{
    return y->ndim > 0 && y->count == y->shape[0];
}

/* (n × classes), every row a single 1 among zeros. */
static bool is_one_hot(const ht_npy *y)
{
    if (y->ndim != 2 || !y->f64 || y->shape[1] < 2) return false;
    for (size_t i = 0; i < y->shape[0]; i++) {
        size_t ones = 0;
        for (size_t c = 0; c < y->shape[1]; c++) {
            double value = y->f64[i * y->shape[1] + c];
            if (value != 0 && value != 1) return false;
            ones += value == 1;
        }
        if (ones != 1) return false;
    }
    return true;
}

static ht_code check_shape(const ht_npy *y, const ht_raw_part *part, ht_error *err)
{
    const char *path = part->path;
    size_t samples = part->count;
    size_t labels = y->ndim > 0 ? y->shape[0] : 1;
    if (y->ndim == 2 && y->shape[0] == 1 && y->shape[1] == samples && samples > 1)
        return ht_error_set(err, HT_FAIL,
                            "%s: is one row of %zu labels; labels need one dimension: save y.ravel()", path,
                            samples);
    if (!is_list(y) && !is_one_hot(y))
        return ht_error_set(
            err, HT_FAIL,
            "%s: has %d dimensions with %zu values for %zu samples; labels need exactly one a sample: "
            "save y.ravel(), or y.argmax(axis=1) of scores (one-hot rows are read as they are)",
            path, y->ndim, y->count, samples);
    if (labels != samples)
        return ht_error_set(err, HT_FAIL, "%s: has %zu labels, but %s has %zu samples", path, labels,
                            part->inputs_path, samples);
    return HT_OK;
}

static ht_code add_number(ht_raw_part *part, size_t index, double label, ht_error *err)
{
    if (fabs(label) < HT_LABEL_NUMBERS) return ht_labels_add_number(&part->labels, label, err);
    return ht_error_set(err, HT_FAIL,
                        "%s: label %zu is %g; labels are numbers below 2^53: save them as strings",
                        part->path, index + 1, label);
}

static ht_code add_text(ht_raw_part *part, size_t index, const char *label, ht_error *err)
{
    if (*label) return ht_labels_add_text(&part->labels, label, err);
    return ht_error_set(err, HT_FAIL,
                        "%s: label %zu is an empty string; remove such samples or name their class",
                        part->path, index + 1);
}

static ht_code add_labels(const ht_npy *y, ht_raw_part *part, ht_notes *notes, ht_error *err)
{
    size_t columns = is_list(y) ? 1 : y->shape[1], count = y->count / columns;
    ht_code code = HT_OK;
    if (columns > 1)
        ht_notes_add(notes, "%s: one-hot rows of %zu columns; the column of the 1 is the label", part->path,
                     columns);
    for (size_t i = 0; i < count && code == HT_OK; i++) {
        size_t hot = 0;
        while (columns > 1 && y->f64[i * columns + hot] != 1) hot++;
        if (y->text)
            code = add_text(part, i, y->text + i * y->stride, err);
        else
            code = add_number(part, i, columns > 1 ? (double)hot : y->f64[i], err);
    }
    return code;
}

/* ---- token sequences --------------------------------------------------------------------------- */

/* A label at each place of each sample; one-hot rows are labels of samples. */
static bool are_sequences(const ht_npy *y, const ht_raw_part *part, const sample_shape *shape)
{
    return shape->ndim == 1 && y->ndim == 2 && are_integers(y) && y->shape[0] == part->count &&
           y->shape[1] == part->inputs && y->shape[1] > 1 && !is_one_hot(y);
}

static ht_code check_token(const char *path, size_t index, size_t context, double token, ht_error *err)
{
    if (token >= 0 && token < HT_TOKENS_MAX) return HT_OK;
    return ht_error_set(err, HT_FAIL,
                        "%s: sample %zu, position %zu: token %.0f; tokens are whole numbers from 0 to %d",
                        path, index / context + 1, index % context + 1, token, HT_TOKENS_MAX - 1);
}

/* Labels become targets; *tokens grows to the largest of both and 1 more. */
static ht_code take_tokens(const ht_npy *y, ht_raw_part *part, int *tokens, ht_error *err)
{
    size_t context = part->inputs;
    if (!part->x && !(part->x = ht_alloc(y->count, sizeof *part->x, "the samples", err))) return err->code;
    if (!(part->targets = ht_alloc(y->count, sizeof *part->targets, "the samples", err))) return err->code;
    for (size_t i = 0; i < y->count; i++) {
        double token = part->wide ? part->wide[i] : (double)part->x[i];
        if (check_token(part->inputs_path, i, context, token, err) != HT_OK) return err->code;
        if (check_token(part->path, i, context, y->f64[i], err) != HT_OK) return err->code;
        part->x[i] = (float)token;
        part->targets[i] = (int32_t)y->f64[i];
        if ((int)token >= *tokens) *tokens = (int)token + 1;
        if (part->targets[i] >= *tokens) *tokens = part->targets[i] + 1;
    }
    ht_free(part->wide);
    part->wide = NULL;
    return HT_OK;
}

/* What may be meant by a label a value, where the inputs are no whole numbers. */
static ht_code check_integers(const ht_raw_part *part, bool integers, ht_error *err)
{
    if (integers) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: has a label for each value of %s, as token sequences have, but those are no whole "
        "numbers: save X.astype('int32'), or one label a sample",
        part->path, part->inputs_path);
}

/* `raw->tokens` are those so far. */
static ht_code read_labels(ht_raw *raw, ht_raw_part *part, const sample_shape *shape, bool integers,
                           ht_error *err)
{
    ht_npy array;
    ht_code code = ht_npy_read(part->path, HT_NPY_LABELS, &array, err);
    bool sequences = code == HT_OK && are_sequences(&array, part, shape);
    if (sequences) {
        code = check_integers(part, integers, err);
        if (code == HT_OK) code = take_tokens(&array, part, &raw->tokens, err);
    } else {
        if (code == HT_OK) code = check_shape(&array, part, err);
        if (code == HT_OK) code = add_labels(&array, part, &raw->notes, err);
    }
    ht_npy_free(&array);
    return code;
}

/* "X_train.npy", or "x_train.npy" as Keras names it, if only that is there. */
static ht_code inputs_file(const char *dir, const char *suffix, char to[HT_DATA_PATH], ht_error *err)
{
    char name[32];
    snprintf(name, sizeof name, "x_%s.npy", suffix);
    if (ht_file_join(to, HT_DATA_PATH, dir, name, err) != HT_OK) return err->code;
    char *letter = to + strlen(to) - strlen(name);
    bool small = ht_file_exists(to);
    *letter = 'X';
    if (small && !ht_file_exists(to)) *letter = 'x';
    return HT_OK;
}

static ht_code load_part(const char *dir, const char *suffix, ht_raw *raw, ht_raw_part *part,
                         sample_shape *shape, ht_error *err)
{
    char name[32];
    if (inputs_file(dir, suffix, part->inputs_path, err) != HT_OK) return err->code;
    snprintf(name, sizeof name, "y_%s.npy", suffix);
    if (ht_file_join(part->path, sizeof part->path, dir, name, err) != HT_OK) return err->code;
    bool integers = false;
    if (read_inputs(part->inputs_path, part, shape, &integers, err) != HT_OK) return err->code;
    return read_labels(raw, part, shape, integers, err);
}

/* "3 x 6 x 6" */
static void describe_shape(const sample_shape *shape, char *to, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < shape->ndim && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%zu", i ? " x " : "", shape->of[i]);
}

/* As many values in another shape are not the same inputs (transposed, flattened). */
static ht_code check_samples(const ht_raw *raw, const sample_shape *train, const sample_shape *test,
                             ht_error *err)
{
    char one[200] = "", other[200] = "";
    bool same = train->ndim == test->ndim;
    for (int i = 0; same && i < train->ndim; i++) same = train->of[i] == test->of[i];
    if (same || raw->train.inputs != raw->test.inputs)
        return HT_OK; /* another number of values: told later */
    describe_shape(train, one, sizeof one);
    describe_shape(test, other, sizeof other);
    return ht_error_set(
        err, HT_FAIL,
        "%s: its samples are %s, those of the training file %s are %s; save both in one shape "
        "(transpose or reshape)",
        raw->test.inputs_path, other, raw->train.inputs_path, one);
}

/* What NumPy calls N, H, W and N, C, H, W. */
static void say_shape(ht_raw *raw, const sample_shape *shape)
{
    if (shape->ndim == 2) ht_raw_shape(raw, 1, shape->of[0], shape->of[1]);
    if (shape->ndim == 3) ht_raw_shape(raw, shape->of[0], shape->of[1], shape->of[2]);
}

/* Both parts are token sequences, or neither. */
static ht_code check_kind(const ht_raw *raw, ht_error *err)
{
    bool train = raw->train.targets, test = raw->test.targets;
    if (train != test)
        return ht_error_set(err, HT_FAIL,
                            "%s: has %s, the training file %s %s; both must be token sequences, or neither",
                            raw->test.path, test ? "a label a position" : "one label a sample",
                            raw->train.path, train ? "one a position" : "one a sample");
    if (!train || raw->tokens > 1) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: all tokens are 0: there is nothing to predict; give sequences of two tokens at least",
        raw->train.path);
}

ht_code ht_load_npy(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    char dir[HT_DATA_PATH];
    if (ht_source_path(request, request->argument, dir, err) != HT_OK) return err->code;
    if (!ht_file_is_dir(dir))
        return ht_error_set(err, HT_FAIL, "%s: is not a directory; npy:DIR names the directory that holds %s",
                            dir, request->source);
    sample_shape train = {0}, test = {0};
    if (load_part(dir, "train", raw, &raw->train, &train, err) != HT_OK) return err->code;
    if (load_part(dir, "test", raw, &raw->test, &test, err) != HT_OK) return err->code;
    if (check_kind(raw, err) != HT_OK) return err->code;
    raw->alike = test.ndim > 1;
    say_shape(raw, &train);
    return check_samples(raw, &train, &test, err);
}
