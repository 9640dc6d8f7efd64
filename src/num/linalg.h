/* linalg.h - the few shapes of matrix product we use, over single-threaded OpenBLAS. All row-major, float.
 * Thread-safe: ht_linalg_init has set BLAS to one thread per caller. */
#ifndef HT_NUM_LINALG_H
#define HT_NUM_LINALG_H

#include <stdbool.h>

#include "heavytail/status.h"

/* Call once, before any thread starts: one BLAS thread per caller. */
void ht_linalg_init(void);

/* Before anything is computed: room for products by so many threads at a time. HT_FAIL says how much there
 * would have to be. */
ht_code ht_linalg_reserve(int callers, ht_error *err);

const char *ht_linalg_core(void);    /* OpenBLAS kernels in use: "SkylakeX" */
const char *ht_linalg_library(void); /* "OpenBLAS 0.3.21" */

/* The best OpenBLAS core for this CPU, or NULL when the one in use is as good (OpenBLAS 0.3.21 takes CPUs it
 * does not know for old ones: OpenMathLib/OpenBLAS issue 4267). */
const char *ht_linalg_better_core(void);

/* C (m × n) = alpha · A (m × k) · B (n × k)^T + beta · C; ld are row strides. */
void ht_gemm_nt(int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
                float beta, float *c, int ldc);
/* C (m × n) = alpha · A (m × k) · B (k × n) + beta · C */
void ht_gemm_nn(int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
                float beta, float *c, int ldc);
/* C (m × n) = alpha · A (k × m)^T · B (k × n) + beta · C */
void ht_gemm_tn(int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
                float beta, float *c, int ldc);

/* G (m × m), its lower triangle, += Aᵀ A; A is (k × m). */
void ht_gram_add(int m, int k, const double *a, double *gram);

#endif
