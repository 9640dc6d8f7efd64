#include "cli/report/built.h"

#include <stdio.h>

#include "kernel/kernel.h"
#include "num/linalg.h"

void ht_built_line(char *to, size_t size)
{
    snprintf(to, size, "heavytail %s · %s %s · kernels %s", HT_VERSION, ht_linalg_library(), ht_linalg_core(),
             ht_kernel()->isa);
}
