#include "weights/numbers.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"

ht_code ht_numbers_not_finite(const char *path, const char *name, size_t i, size_t columns, double value,
                              ht_error *err)
{
    char what[80];
    if (isfinite(value))
        snprintf(what, sizeof what, "%.6g is too large, beyond %.2g", value, (double)FLT_MAX);
    else
        snprintf(what, sizeof what, "it is %s", isnan(value) ? "NaN" : value < 0 ? "-Inf" : "Inf");
    return ht_error_set(err, HT_FAIL, "%s: %.60s[%zu][%zu] is not a finite number of 32 bits: %s", path, name,
                        i / columns, i % columns, what);
}

/* Of a tensor as the network sees it: a row is a unit, of filters one of them. */
static size_t columns_of(const ht_tensor_info *info)
{
    return info->ndim > 1 ? info->count / info->shape[0] : info->count;
}

/* Doubles as floats, in new memory. Too small ones count as zero, which is noted. */
static ht_code narrow(const char *path, ht_notes *notes, const ht_tensor_info *info, const double *from,
                      float **to, ht_error *err)
{
    size_t lost = 0;
    float *f = *to = ht_alloc(info->count, sizeof **to, info->name, err);
    if (!f) return HT_FAIL;
    for (size_t i = 0; i < info->count; i++) {
        f[i] = (float)from[i];
        lost += from[i] != 0 && f[i] == 0;
        if (!isfinite(f[i]))
            return ht_numbers_not_finite(path, info->name, i, columns_of(info), from[i], err);
    }
    if (lost > 0)
        ht_notes_add(notes, "%s: %zu values of %.200s are too small for 32 bits and count as zero", path,
                     lost, info->name);
    return HT_OK;
}

ht_code ht_numbers_load(const char *path, ht_weights *file, size_t i, ht_notes *notes, ht_tensor_info *info,
                        float **to, ht_error *err)
{
    double *wide;
    if (ht_weights_describe(file, i, info, err) != HT_OK) return err->code;
    if (ht_weights_load(file, i, to, &wide, err) != HT_OK) return err->code;
    ht_code code = wide ? narrow(path, notes, info, wide, to, err) : HT_OK;
    ht_free(wide);
    for (size_t k = 0; k < info->count && code == HT_OK; k++)
        if (!isfinite((*to)[k]))
            code = ht_numbers_not_finite(path, info->name, k, columns_of(info), (double)(*to)[k], err);
    return code;
}

ht_code ht_numbers_turn(float **weight, size_t rows, size_t columns, ht_error *err)
{
    float *turned = ht_alloc(rows * columns, sizeof *turned, "a matrix turned round", err);
    if (!turned) return err->code;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) turned[j * rows + i] = (*weight)[i * columns + j];
    ht_free(*weight);
    *weight = turned;
    return HT_OK;
}
