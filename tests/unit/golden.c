#include "unit/golden.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"

/* The source tree: $HT_SOURCE, or the first directory above the test program that has tests/golden. */
static void find_root(char *root, size_t size)
{
    const char *given = getenv("HT_SOURCE");
    char probe[4200];
    if (given) {
        snprintf(root, size, "%s", given);
        return;
    }
    ssize_t n = readlink("/proc/self/exe", root, size - 1);
    root[n > 0 ? n : 0] = '\0';
    for (char *slash; (slash = strrchr(root, '/'));) {
        *slash = '\0';
        snprintf(probe, sizeof probe, "%s/tests/golden/README.md", root);
        if (ht_file_exists(probe)) return;
    }
    fail_msg("cannot find tests/golden above the test program; set HT_SOURCE");
}

const char *golden_path(const char *name)
{
    static char path[8400];
    char root[4096];
    find_root(root, sizeof root);
    snprintf(path, sizeof path, "%s/tests/golden/%s", root, name);
    return path;
}

ht_npy golden_array(const char *name, ht_npy_as as)
{
    ht_npy array = {0};
    ht_error err;
    if (ht_npy_read(golden_path(name), as, &array, &err) != HT_OK) fail_msg("%s", err.text);
    return array;
}

void golden_csv(const char *name, golden_row *row, void *context)
{
    enum { FIELDS = 16 };
    char *text, *field[FIELDS], *save;
    size_t size;
    ht_error err;
    if (ht_file_read(golden_path(name), 1 << 24, &text, &size, &err) != HT_OK) fail_msg("%s", err.text);
    char *line = strtok_r(text, "\n", &save);
    while ((line = strtok_r(NULL, "\n", &save))) {
        int fields = 0;
        for (char *part = line; part && fields < FIELDS;) field[fields++] = strsep(&part, ",");
        row(context, fields, field);
    }
    ht_free(text);
}

ht_network *golden_network(void)
{
    ht_error err;
    ht_npy w1 = golden_array("net/W1.npy", HT_NPY_FLOAT), w2 = golden_array("net/W2.npy", HT_NPY_FLOAT);
    ht_network *net =
        ht_network_new((int)w1.shape[1], (int)w1.shape[0], 1, (int)w2.shape[0], HT_RELU, false, &err);
    assert_non_null(net);
    memcpy(net->weights[0]->data, w1.f32, w1.count * sizeof(float));
    memcpy(net->weights[1]->data, w2.f32, w2.count * sizeof(float));
    ht_npy_free(&w1);
    ht_npy_free(&w2);
    return net;
}

ht_samples golden_samples(void)
{
    ht_error err;
    ht_npy x = golden_array("net/X.npy", HT_NPY_FLOAT), y = golden_array("net/y.npy", HT_NPY_FLOAT);
    ht_samples samples = {.count = x.shape[0]};
    samples.x = ht_alloc(x.count, sizeof(float), "test", &err);
    samples.labels = ht_alloc(y.count, sizeof(int32_t), "test", &err);
    memcpy(samples.x, x.f32, x.count * sizeof(float));
    for (size_t i = 0; i < y.count; i++) samples.labels[i] = (int32_t)y.f32[i];
    ht_npy_free(&x);
    ht_npy_free(&y);
    return samples;
}

void golden_free_samples(ht_samples *samples)
{
    ht_free(samples->x);
    ht_free(samples->labels);
}
