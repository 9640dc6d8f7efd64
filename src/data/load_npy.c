/* npy:DIR - X_train.npy, y_train.npy, X_test.npy, y_test.npy; X (samples × anything), y (samples). */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/loader.h"
#include "data/npy.h"
#include "data/source.h"

/* Labels are compared as doubles; beyond this two integers might become one. */
#define LABEL_MAX 9007199254740992.0

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

static ht_code read_inputs(const char *path, ht_raw_part *part, bool *alike, ht_error *err)
{
    ht_npy array;
    ht_code code = ht_npy_read(path, HT_NPY_FLOAT, &array, err);
    if (code == HT_OK && (array.ndim < 2 || array.count == 0))
        code = ht_error_set(
            err, HT_FAIL,
            "%s: has %d dimensions and %zu values; X needs at least two dimensions, samples first, and "
            "no empty one",
            path, array.ndim, array.count);
    if (code == HT_OK &&
        (array.count / array.shape[0] > INT_MAX || array.count > HT_DATA_BYTES_MAX / sizeof(float)))
        code = ht_error_set(err, HT_FAIL, "%s: has more than 4 GB of values; use a part of it", path);
    if (code == HT_OK) code = widen(path, &array, err);
    if (code == HT_OK) {
        *alike = array.ndim > 2;
        part->inputs = array.count / array.shape[0];
        part->count = array.shape[0]; /* whole: its inputs may have to be scaled */
        part->x = array.f32;
        part->wide = array.f64;
        array.f32 = NULL;
        array.f64 = NULL;
    }
    ht_npy_free(&array);
    return code;
}

static ht_code read_labels(ht_raw_part *part, ht_error *err)
{
    const char *path = part->path;
    ht_npy array;
    ht_code code = ht_npy_read(path, HT_NPY_DOUBLE, &array, err);
    if (code == HT_OK && array.ndim != 1)
        code = ht_error_set(err, HT_FAIL, "%s: has %d dimensions; labels need exactly one: save y.ravel()",
                            path, array.ndim);
    if (code == HT_OK && array.count != part->count)
        code = ht_error_set(err, HT_FAIL, "%s: has %zu labels, but %s has %zu samples", path, array.count,
                            part->inputs_path, part->count);
    for (size_t i = 0; code == HT_OK && i < array.count; i++) {
        double label = array.f64[i];
        if (label >= -LABEL_MAX && label <= LABEL_MAX)
            code = ht_labels_add_number(&part->labels, label, err);
        else
            code = ht_error_set(err, HT_FAIL, "%s: label %zu is %g; labels are numbers within 2^53", path,
                                i + 1, label);
    }
    ht_npy_free(&array);
    return code;
}

static ht_code load_part(const char *dir, const char *suffix, ht_raw_part *part, bool *alike, ht_error *err)
{
    char name[32];
    snprintf(name, sizeof name, "X_%s.npy", suffix);
    if (ht_file_join(part->inputs_path, sizeof part->inputs_path, dir, name, err) != HT_OK) return err->code;
    snprintf(name, sizeof name, "y_%s.npy", suffix);
    if (ht_file_join(part->path, sizeof part->path, dir, name, err) != HT_OK) return err->code;
    if (read_inputs(part->inputs_path, part, alike, err) != HT_OK) return err->code;
    return read_labels(part, err);
}

ht_code ht_load_npy(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    char dir[HT_DATA_PATH];
    if (ht_source_path(request, request->argument, dir, err) != HT_OK) return err->code;
    if (!ht_file_is_dir(dir))
        return ht_error_set(err, HT_FAIL, "%s: is not a directory; npy:DIR names the directory that holds %s",
                            dir, request->source);
    if (load_part(dir, "train", &raw->train, &raw->alike, err) != HT_OK) return err->code;
    return load_part(dir, "test", &raw->test, &raw->alike, err);
}
