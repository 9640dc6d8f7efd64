/* safetensors.h - named tensors in a file: 8 bytes of header length (little endian), a JSON header, the
 * bytes. Format: github.com/huggingface/safetensors. Hostile headers (offsets outside the file, overlapping
 * or giant shapes, more than 100 MB) are errors; what is another kind of file is named (foreign.h). */
#ifndef HT_WEIGHTS_SAFETENSORS_H
#define HT_WEIGHTS_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heavytail/status.h"

typedef struct ht_safetensors ht_safetensors;
struct ht_file_mark;

/* Opens and checks the header, and the checksum of a file that has one (checksum.h); tensors are read later,
 * one by one. The file stays open until ht_safetensors_close. */
ht_safetensors *ht_safetensors_open(const char *path, ht_error *err);
void ht_safetensors_close(ht_safetensors *file);

/* The string `key` of __metadata__, or NULL. */
const char *ht_safetensors_metadata(const ht_safetensors *file, const char *key);

bool ht_safetensors_has(const ht_safetensors *file, const char *tensor);

/* What a tensor of ours is in a file: (rows × columns); with a window, whose sides divide the columns,
 * filters of a convolution, (rows × channels × height × width). */
typedef struct ht_sides {
    size_t rows, columns, window[2]; /* columns 0: a vector; window 0: none */
} ht_sides;

/* Reads an F32 tensor of exactly these sides into `to`; of one column also a vector of rows. A missing
 * tensor, another shape or type, a value that is not finite: HT_FAIL. */
ht_code ht_safetensors_read(ht_safetensors *file, const char *name, ht_sides sides, float *to, ht_error *err);

/* The same for a BOOL tensor: bytes of 0 and 1. */
ht_code ht_safetensors_read_bool(ht_safetensors *file, const char *name, ht_sides sides, unsigned char *to,
                                 ht_error *err);

/* Reads an F64 tensor of as many rows of `columns` numbers as it has into new memory (ht_free); 0 rows and
 * NULL when there is none of that name. NaN and Inf are values like others. */
ht_code ht_safetensors_read_table(ht_safetensors *file, const char *name, size_t columns, double **to,
                                  size_t *rows, ht_error *err);

/* ---- what a file of others holds ---- */

enum { HT_TENSOR_DIMENSIONS = 32 };

typedef struct ht_tensor_info {
    const char *name;                          /* lives as long as the file is open */
    char type[16];                             /* "F32", "BF16", "I64" … */
    int ndim;                                  /* may be more than shape has room for */
    size_t shape[HT_TENSOR_DIMENSIONS], count; /* count = product of all dimensions */
} ht_tensor_info;

size_t ht_safetensors_count(const ht_safetensors *file);

/* The i-th tensor, in the order of the header. HT_FAIL when shape, type and bytes contradict each other. */
ht_code ht_safetensors_describe(const ht_safetensors *file, size_t i, ht_tensor_info *info, ht_error *err);

/* Is its type one of the format's? */
bool ht_safetensors_known(const ht_tensor_info *info);

/* Can it be read as numbers: F64, F32, F16, BF16, F8_E4M3 or F8_E5M2? */
bool ht_safetensors_readable(const ht_tensor_info *info);

/* Reads a readable tensor into new memory: *f64 for F64, *f32 for the others (free with ht_free); the other
 * is NULL. NaN and Inf are values like others. */
ht_code ht_safetensors_load(ht_safetensors *file, const ht_tensor_info *info, float **f32, double **f64,
                            ht_error *err);

/* The same, into floats whatever the type: an F64 beyond their range becomes Inf. */
ht_code ht_safetensors_load_floats(ht_safetensors *file, const ht_tensor_info *info, float **to,
                                   ht_error *err);

/* `count` numbers of a readable tensor, from number `first` on, into memory that is there: f32, or f64 if
 * that is NULL. Any thread. */
ht_code ht_safetensors_load_part(ht_safetensors *file, const ht_tensor_info *info, size_t first, size_t count,
                                 float *f32, double *f64, ht_error *err);

enum { HT_TENSOR_NAME = 256 };

typedef struct ht_tensor_out {
    char name[HT_TENSOR_NAME];
    ht_sides sides;
    const float *data;         /* F32; or */
    const unsigned char *bits; /* BOOL: bytes of 0 and 1; or */
    const double *table;       /* F64; first in a file, so that it is aligned */
} ht_tensor_out;

/* Writes tensors, string metadata (pairs key, value; NULL at the end) and a checksum, atomically. */
ht_code ht_safetensors_write(const char *path, const ht_tensor_out *tensors, size_t count,
                             const char *const *metadata, ht_error *err);

/* The same in a directory that is held open (file.h). */
ht_safetensors *ht_safetensors_open_in(int at, const char *path, ht_error *err);
ht_code ht_safetensors_write_in(int at, const char *path, const ht_tensor_out *tensors, size_t count,
                                const char *const *metadata, struct ht_file_mark *old, ht_error *err);

#endif
