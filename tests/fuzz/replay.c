/* replay.c - a fuzz target as a test: every file of corpus/<target>, whole, cut short and with bits turned.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "fuzz/fuzz.h"
#include "unit/source.h"

enum { FILE_LIMIT = 1 << 20, VARIANTS = 8 };

static char folder[4096];

/* Exactly `size` bytes, so that the sanitizer sees a read past them. */
static void feed(const char *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void feed_variants(char *bytes, size_t size)
{
    unsigned state = 12345;
    feed(bytes, size);
    for (size_t i = 1; i < VARIANTS; i++) feed(bytes, size * i / VARIANTS);
    for (size_t i = 0; i < VARIANTS && size > 0; i++) {
        state = state * 1664525 + 1013904223;
        size_t at = (state >> 8) % size;
        char kept = bytes[at];
        bytes[at] = (char)(kept ^ (1 << (state >> 4 & 7)));
        feed(bytes, size);
        bytes[at] = kept;
    }
}

static void the_corpus_is_survived(void **state)
{
    (void)state;
    ht_error err;
    int files = 0;
    DIR *dir = opendir(folder);
    if (!dir) fail_msg("no corpus: %s", folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[4400], *bytes;
        size_t size;
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (ht_file_read(path, FILE_LIMIT, &bytes, &size, &err) != HT_OK) fail_msg("%s", err.text);
        feed_variants(bytes, size);
        ht_free(bytes);
        files++;
    }
    closedir(dir);
    assert_true(files > 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *name = strrchr(argv[0], '/'), *top = source_top();
    name = strstr(name ? name : argv[0], "fuzz_");
    if (!name || !top) return fprintf(stderr, "replay: no source tree; set HT_SOURCE\n"), 1;
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", top, name + strlen("fuzz_"));
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_corpus_is_survived)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
