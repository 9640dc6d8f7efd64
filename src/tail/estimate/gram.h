/* gram.h - the Gram matrix of the smaller side of a matrix, and its eigenvalues. Pure, any thread; BLAS has
 * one thread a caller. Results hang on the shape alone. */
#ifndef HT_TAIL_GRAM_H
#define HT_TAIL_GRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"
#include "heavytail/values.h"

enum { HT_GRAM_SIDE = 1 << 15 }; /* the largest side that has a spectrum */

/* WᵀW (or WWᵀ, the smaller one), not divided: its upper triangle, row-major, into `gram` (side × side),
 * zeroed. w is read block by block, times 2^-exponent, less its `centre`. `floats`: products of 256 numbers
 * are added in single precision, and these sums in double. HT_FAIL: no memory, or cancelled. */
ht_code ht_gram_make(const ht_values *w, bool floats, double *gram, ht_error *err);

/* Eigenvalues of that divided by the larger side, upwards into `eigenvalue` (side). HT_FAIL also when the
 * side is too large, or LAPACK does not converge. */
ht_code ht_gram_eigenvalues(const ht_values *w, bool floats, double *eigenvalue, ht_error *err);

/* Bytes that this takes beside w. */
size_t ht_gram_memory(size_t rows, size_t columns);

#endif
