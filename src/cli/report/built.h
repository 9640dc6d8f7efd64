/* built.h - what pictures say of the program that made them. */
#ifndef HT_CLI_REPORT_BUILT_H
#define HT_CLI_REPORT_BUILT_H

#include <stddef.h>

/* "heavytail 0.1.0 · OpenBLAS 0.3.21 SkylakeX · kernels avx512" */
void ht_built_line(char *to, size_t size);

#endif
