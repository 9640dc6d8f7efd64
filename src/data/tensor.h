/* tensor.h - matrices and vectors out of whatever holds them: .npy, .safetensors, a run directory. */
#ifndef HT_DATA_TENSOR_H
#define HT_DATA_TENSOR_H

#include <stddef.h>

#include "heavytail/status.h"

typedef struct ht_tensor {
    const char *name;     /* in the file; of a .npy the file's name without folder and ending */
    int ndim;             /* 1 or 2 */
    size_t rows, columns; /* columns = 1 for a vector */
    float *f32;           /* (rows × columns), row-major; or */
    double *f64;          /* for numbers that are doubles in the file */
} ht_tensor;

typedef ht_code ht_tensor_visit(void *context, const ht_tensor *tensor, ht_error *err);

/* Calls `visit` for every 2-D tensor of real numbers, or for the one called `only` (1-D then, too), one at a
 * time in memory and gone after the call. A .npy of 1 or 2 dimensions is its own tensor. A directory stands
 * for its checkpoint.safetensors. A visit that fails ends it. HT_FAIL, naming file and place, for anything
 * that cannot be read or holds no such tensor. */
ht_code ht_tensors_each(const char *path, const char *only, ht_tensor_visit *visit, void *context,
                        ht_error *err);

#endif
