/* eigen.h - eigenvalues and eigenvectors of a symmetric matrix, in little memory. Thread: no state. */
#ifndef HT_NUM_EIGEN_H
#define HT_NUM_EIGEN_H

#include <stddef.h>

#include "heavytail/status.h"

/* Eigenvalues (m), rising, of a symmetric matrix (m × m) of which the lower triangle counts. Returns the
 * eigenvectors (m × m), row i belonging to value i; the caller frees them. Takes *matrix, frees it and sets
 * it NULL, also on failure (NULL with *err set): at no moment are there more than 12 m² + O(m) bytes, where
 * LAPACK's dsyevr would have 16 m². */
double *ht_eigen(int m, double **matrix, double *values, ht_error *err);

/* Eigenvalues alone, (m), rising, of a symmetric matrix (m × m) of which the upper triangle counts; it is
 * overwritten. By way of a band where m is large (Bischof, Lang, Sun, ACM Trans. Math. Softw. 26, 2000),
 * which then costs products of matrices instead of passes over one. HT_FAIL: no memory, cancelled, not
 * converged. */
ht_code ht_eigen_values(int m, double *matrix, double *values, ht_error *err);
enum { ht_eigen_room = 140 * sizeof(double) }; /* bytes for each row, about, beside the matrix */

#endif
