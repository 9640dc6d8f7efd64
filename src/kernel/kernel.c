#include "kernel/kernel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if defined(__ARM_NEON)
extern const ht_kernels ht_kernels_neon;
#define BASELINE ht_kernels_neon
#else
extern const ht_kernels ht_kernels_portable;
#define BASELINE ht_kernels_portable
#endif
#if defined(__x86_64__)
extern const ht_kernels ht_kernels_avx2, ht_kernels_avx512;
#endif

static const ht_kernels *builds[4];
static const ht_kernels *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
    int count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (avx512) builds[count++] = &ht_kernels_avx512;
    if (avx2) builds[count++] = &ht_kernels_avx2;
#endif
    builds[count++] = &BASELINE;
    chosen = builds[0];
    const char *asked = getenv("HEAVYTAIL_ISA");
    for (int i = 0; asked && i < count; i++)
        if (strcmp(asked, builds[i]->isa) == 0) chosen = builds[i];
}

const ht_kernels *ht_kernel(void)
{
    pthread_once(&once, choose);
    return chosen;
}

const ht_kernels *const *ht_kernel_builds(void)
{
    pthread_once(&once, choose);
    return builds;
}
