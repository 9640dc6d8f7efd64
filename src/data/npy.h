/* npy.h - NumPy .npy files: one array, read into floats or doubles, and written.
 *
 * Reads format versions 1.0, 2.0 and 3.0; element types f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 and bool, and, for
 * labels, strings (U and S), either byte order, C or Fortran order (delivered in C order). NaN and Inf are
 * values like others. Nothing is allocated before the header agrees with the size of the file.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html Thread: no state. */
#ifndef HT_DATA_NPY_H
#define HT_DATA_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "heavytail/status.h"

enum { HT_NPY_DIMENSIONS = 8 };

typedef enum ht_npy_as {
    HT_NPY_FLOAT,
    HT_NPY_DOUBLE,
    HT_NPY_LABELS, /* strings as text, everything else as HT_NPY_DOUBLE */
} ht_npy_as;

/* Zero-initialize; free with ht_npy_free. A scalar has ndim 0 and count 1; a dimension may be 0, count too.
 */
typedef struct ht_npy {
    int ndim;
    size_t shape[HT_NPY_DIMENSIONS], count; /* count = product of shape */
    char type[12];                          /* in the file, without the byte order: "f4", "i8", "b1", "U7" */
    float *f32;                             /* (shape), C order: set by HT_NPY_FLOAT */
    double *f64; /* (shape), C order: set by HT_NPY_DOUBLE; integers beyond 2^53 are rounded */
    char *text;  /* (shape), C order: `stride` bytes each, UTF-8 (of S: the bytes there are), terminated; else
                    NULL */
    size_t stride;
} ht_npy;

ht_code ht_npy_read(const char *path, ht_npy_as as, ht_npy *array, ht_error *err);
void ht_npy_free(ht_npy *array);

/* Write `data`, (shape) in C order, 1 ≤ ndim ≤ HT_NPY_DIMENSIONS, as version 1.0; the file appears complete
 * or not at all. */
ht_code ht_npy_write_f32(const char *path, const float *data, int ndim, const size_t *shape, ht_error *err);
ht_code ht_npy_write_f64(const char *path, const double *data, int ndim, const size_t *shape, ht_error *err);
ht_code ht_npy_write_i32(const char *path, const int32_t *data, int ndim, const size_t *shape, ht_error *err);

#endif
