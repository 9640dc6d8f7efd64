#include "num/linalg.h"

#include <cblas.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void ht_linalg_init(void)
{
    openblas_set_num_threads(1);
}

/* OpenBLAS gives every thread that multiplies a buffer, maps it when it is first needed, and where there is
 * no room tries again for ever. So they are mapped here, where it can be an error. Its functions are
 * exported, but no part of its interface: without them room is only looked for. */
void *blas_memory_alloc(int) __attribute__((weak));
void blas_memory_free(void *) __attribute__((weak));

static const size_t buffer_size = (size_t)128 << 20; /* of x86-64's kernels, the largest */

/* Is there address space for so many? */
static bool has_room(int buffers)
{
    size_t size = (size_t)buffers * buffer_size;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    munmap(memory, size);
    return true;
}

ht_code ht_linalg_reserve(int callers, ht_error *err)
{
    enum { MOST = 48 }; /* OpenBLAS knows of more, but of not so many on every system */
    void *buffer[MOST];
    int count = callers < MOST ? callers : MOST, had = 0;
    if (!has_room(count))
        return ht_error_set(
            err, HT_FAIL,
            "no room for the matrix library: OpenBLAS wants %zu MB of address space, %zu MB for each thread "
            "that "
            "multiplies, beside what the program takes; raise `ulimit -v`, or ask for fewer threads "
            "(HEAVYTAIL_THREADS)",
            buffer_size * (size_t)count >> 20, buffer_size >> 20);
    if (!blas_memory_alloc || !blas_memory_free) return HT_OK;
    while (had < count && has_room(1)) buffer[had++] = blas_memory_alloc(0);
    for (int i = 0; i < had; i++) blas_memory_free(buffer[i]);
    return HT_OK;
}

const char *ht_linalg_core(void)
{
    return openblas_get_corename();
}

const char *ht_linalg_library(void)
{
    static char name[32];
    if (!name[0]) snprintf(name, sizeof name, "%.31s", openblas_get_config());
    /* "OpenBLAS 0.3.21 NO_LAPACKE …": the first two words. */
    char *second = strchr(name, ' '), *third = second ? strchr(second + 1, ' ') : NULL;
    if (third) *third = '\0';
    return name;
}

#if defined(__x86_64__)
/* 3: AVX-512 kernels, 2: AVX2, 1: anything older. */
static int core_rank(const char *core)
{
    static const char *const avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    static const char *const avx2[] = {"Haswell", "Zen"};
    for (size_t i = 0; i < sizeof avx512 / sizeof avx512[0]; i++)
        if (strcasecmp(core, avx512[i]) == 0) return 3;
    for (size_t i = 0; i < sizeof avx2 / sizeof avx2[0]; i++)
        if (strcasecmp(core, avx2[i]) == 0) return 2;
    return 1;
}

const char *ht_linalg_better_core(void)
{
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512cd");
    int have = core_rank(ht_linalg_core());
    if (avx512 && have < 3) return "SkylakeX";
    if (avx2 && have < 2) return "Haswell";
    return NULL;
}
#else
const char *ht_linalg_better_core(void)
{
    return NULL; /* the misdetection is one of x86 cores */
}
#endif

void ht_gemm_nt(int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
                float beta, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void ht_gemm_nn(int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
                float beta, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void ht_gemm_tn(int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
                float beta, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void ht_gram_add(int m, int k, const double *a, double *gram)
{
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, m, k, 1.0, a, m, 1.0, gram, m);
}
