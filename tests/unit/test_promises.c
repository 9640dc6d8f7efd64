/* Guards docs/promises.md: every test and fuzz target it names exists. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "unit/source.h"

/* A file of the source tree; NULL when it is not there. ht_free. */
static char *source(const char *folder, const char *name, const char *ending)
{
    char path[4400], *text;
    size_t size;
    ht_error err;
    snprintf(path, sizeof path, "%s/%s%s%s", source_top(), folder, name, ending);
    return ht_file_read(path, 1 << 20, &text, &size, &err) == HT_OK ? text : NULL;
}

/* "test_x: name": the program has a test of that name, and runs it; "*" stands for all of them. */
static void check_test(const char *program, const char *name)
{
    char wanted[2][160];
    char *text = source("tests/unit/", program, ".c");
    if (!text) text = source("tests/e2e/", program, ".c");
    if (!text) fail_msg("promises.md: there is no program %s", program);
    snprintf(wanted[0], sizeof wanted[0], "static void %s(void **state)", name);
    snprintf(wanted[1], sizeof wanted[1], "(%s", name);
    char *body = strcmp(name, "*") == 0 ? text : strstr(text, wanted[0]);
    if (!body || (body != text && !strstr(body + strlen(wanted[0]), wanted[1])))
        fail_msg("promises.md: %s has no test %s", program, name);
    ht_free(text);
}

static void every_promise_names_tests_that_exist(void **state)
{
    (void)state;
    int named = 0;
    char program[80], name[120];
    char *text = source_top() ? source("docs/", "promises", ".md") : NULL;
    if (!text) {
        print_message("skipped: no source tree; set HT_SOURCE\n");
        skip();
        return;
    }
    for (const char *at = text; (at = strstr(at, "`test_")); at++)
        if (sscanf(at, "`%79[a-z_]: %119[a-z_*]`", program, name) == 2) {
            check_test(program, name);
            named++;
        }
    assert_true(named > 50);
    ht_free(text);
}

/* The table of readers: "| … | `preset` | …". */
static void every_fuzz_target_is_there(void **state)
{
    (void)state;
    static const char *const targets[] = {"preset",  "png",         "csv",     "ucr",    "idx",     "gzip",
                                          "npy",     "safetensors", "netfile", "code",   "journal", "metrics",
                                          "scalars", "plan",        "code",    "script", "keys"};
    char *text = source_top() ? source("docs/", "promises", ".md") : NULL;
    for (size_t i = 0; text && i < sizeof targets / sizeof targets[0]; i++) {
        char quoted[40];
        char *code = source("tests/fuzz/fuzz_", targets[i], ".c");
        snprintf(quoted, sizeof quoted, "`%s`", targets[i]);
        if (!code) fail_msg("there is no fuzz target %s", targets[i]);
        if (!strstr(text, quoted)) fail_msg("promises.md does not name the target %s", targets[i]);
        ht_free(code);
    }
    ht_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_promise_names_tests_that_exist),
        cmocka_unit_test(every_fuzz_target_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
