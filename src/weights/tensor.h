/* tensor.h - matrices and vectors out of whatever holds them: .npy, .safetensors, models in several files, a
 * run directory. */
#ifndef HT_WEIGHTS_TENSOR_H
#define HT_WEIGHTS_TENSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/notes.h"
#include "weights/safetensors.h"
#include "heavytail/status.h"

/* A tensor as a matrix or vector. More than two dimensions are seen as (first × rest): one row is one filter
 * of a convolution, with all its inputs. What is stored the other way round, the outputs last (way.h), is
 * turned: rows are outputs, too. `whole` says what it is in the file. */
typedef struct ht_file_tensor {
    const char *name;     /* in the file; of a .npy the file's name without folder and ending */
    int ndim;             /* 1 or 2 */
    size_t rows, columns; /* columns = 1 for a vector */
    float *f32;           /* (rows × columns), row-major; or */
    double *f64;          /* for numbers that are doubles in the file */
    bool turned;
    const ht_tensor_info *whole;
} ht_file_tensor;

/* Is a row of one with more than two dimensions a filter? Else a leading side of 1 was left out. */
bool ht_file_tensor_has_filters(const ht_file_tensor *tensor);

/* The second view of more than two dimensions: (outputs × inputs, rest), a row is one kernel of a
 * convolution. 0 where there is none: fewer dimensions, kernels of one number, or filters of one kernel. */
size_t ht_file_tensor_kernels(const ht_file_tensor *tensor);

/* Why such a tensor is not looked at: "a vector …"; NULL: it is. `named`: it was asked for by name. */
const char *ht_tensor_refusal(const ht_tensor_info *info, bool named);

/* The same of all that is no layer, which nobody asked for by name: also embeddings, and in files of ours
 * (`ours`) what belongs to the training. `tail`, its details and `watch` leave out the same. */
const char *ht_tensor_no_layer(const ht_tensor_info *info, bool ours);

/* Name, rows and columns of the view of a tensor that is not refused; `turned` is set, numbers are not
 * touched. */
void ht_file_tensor_view(ht_file_tensor *tensor, const ht_tensor_info *info);

typedef struct ht_tensor_visitor {
    void *context;
    ht_code (*visit)(void *context, const ht_file_tensor *tensor, ht_error *err);
    /* A tensor that is not visited, and why: "a vector …"; `broken`: it holds values that are not finite,
     * and `why` names the first place. May be NULL. */
    void (*skip)(void *context, const ht_tensor_info *info, bool broken, const char *why);
} ht_tensor_visitor;

typedef struct ht_tensor_choice {
    const char *only;  /* NULL: all */
    const char *order; /* "a,b,c": these first; NULL: as in the file */
} ht_tensor_choice;

/* Visits every tensor of two dimensions or more of finite real numbers, or the one that is chosen (a vector,
 * too), one at a time in memory and gone after the call; all others are skipped by name. A .npy is its own
 * tensor. A visit that fails ends it. HT_FAIL, naming file and place, for a file that cannot be read, and
 * when nothing was visited; then the sentence says why. Notes: what was turned, and see weights.h. */
ht_code ht_tensors_each(const char *path, const ht_tensor_choice *choice, const ht_tensor_visitor *visitor,
                        ht_notes *notes, ht_error *err);

#endif
