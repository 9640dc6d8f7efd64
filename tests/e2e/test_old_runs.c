/* Guards old runs: what was trained before has the same bits today (tests/golden/runs). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "e2e/sandbox.h"
#include "unit/source.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* CRC-32 of the bytes of all tensors layers.*, in the order of their names. */
static unsigned checksum_of(const char *path)
{
    size_t size, used = 0;
    char *file = sandbox_read(path, &size);
    uint64_t header;
    const char *names[64], *name;
    json_error_t why;
    json_t *tensor;
    memcpy(&header, file, sizeof header);
    assert_true(size > sizeof header + header);
    json_t *root = json_loadb(file + sizeof header, header, 0, &why);
    assert_non_null(root);
    json_object_foreach(root, name, tensor)
    {
        if (strncmp(name, "layers.", strlen("layers.")) != 0) continue;
        assert_true(used < sizeof names / sizeof names[0]);
        names[used++] = name;
    }
    qsort(names, used, sizeof names[0], by_name);
    unsigned long crc = crc32(0, NULL, 0);
    for (size_t i = 0; i < used; i++) {
        const json_t *at = json_object_get(json_object_get(root, names[i]), "data_offsets");
        size_t first = (size_t)json_integer_value(json_array_get(at, 0)),
               end = (size_t)json_integer_value(json_array_get(at, 1));
        assert_true(first <= end && sizeof header + header + end <= size);
        crc =
            crc32(crc, (const unsigned char *)file + sizeof header + header + first, (unsigned)(end - first));
    }
    json_decref(root);
    free(file);
    return (unsigned)crc;
}

/* One kernel: the column of its checksums, and whether this processor has it. */
typedef struct {
    const char *core, *isa;
    int column;
    bool here;
} kernel;

static void check_row(char *line, const kernel *with)
{
    char script[1024], *cell[5], *rest = line;
    for (int i = 0; i < 4; i++) cell[i] = strsep(&rest, ",");
    cell[4] = rest;
    assert_non_null(rest);
    snprintf(script, sizeof script,
             "rm -rf run && OPENBLAS_CORETYPE=%s HEAVYTAIL_ISA=%s $H train --preset "
             "%s/tests/golden/runs/ecg-demo.ini --quiet --run run %s",
             with->core, with->isa, source_top(), cell[4]);
    assert_status(sandbox_shell(script), 0);
    unsigned wanted = (unsigned)strtoul(cell[with->column], NULL, 16),
             found = checksum_of("run/checkpoint.safetensors");
    if (found != wanted)
        fail_msg("%s with %s: the bits have changed: %08x, not %08x (train %s)", cell[0], with->core, found,
                 wanted, cell[4]);
}

static void a_run_trained_before_has_the_same_bits(void **state)
{
    (void)state;
    const kernel kernels[] = {
        {"Prescott", "portable", 1, true},
#ifdef __x86_64__
        {"Haswell", "avx2", 2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
        {"SkylakeX", "avx512", 3,
         __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")},
#endif
    };
#ifndef __x86_64__
    print_message("skipped: the checksums are of x86-64\n");
    skip();
#endif
    int checked = 0;
    for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; k++) {
        if (!kernels[k].here) continue;
        char path[4200], line[1024];
        snprintf(path, sizeof path, "%s/tests/golden/runs/runs.csv", source_top());
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(fgets(line, sizeof line, file)); /* the names of the columns */
        while (fgets(line, sizeof line, file)) {
            line[strcspn(line, "\n")] = '\0';
            check_row(line, &kernels[k]);
            checked++;
        }
        fclose(file);
    }
    print_message("figures: %d old runs have the same bits\n", checked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_trained_before_has_the_same_bits),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
