/* test_readme.c - the README's command lines do what it says: all lines of its ```sh blocks run after `make`,
 * in their order, on embedded data. */
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"
#include "unit/source.h"

static const char program[] = "./heavytail";

static char *readme(void)
{
    char path[4300];
    size_t size;
    snprintf(path, sizeof path, "%s/README.md", source_top());
    return sandbox_read(path, &size);
}

/* The next line, ended by NUL; NULL at the end. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (!*line) return NULL;
    *at = end ? end + 1 : line + strlen(line);
    if (end) *end = '\0';
    return line;
}

static void every_command_line_runs_after_make(void **state)
{
    (void)state;
    enum { LEAST = 15 };           /* fewer: the blocks have not been found */
    if (SANDBOX_SANITIZED) skip(); /* what these commands do is tested piece by piece */
    char *text = readme(), *at = text, *line, script[1000];
    bool runs = false;
    int count = 0;
    sandbox_allow(600);
    while ((line = next_line(&at))) {
        if (strncmp(line, "```", 3) == 0) runs = strcmp(line, "```sh") == 0;
        if (!runs || strncmp(line, program, strlen(program)) != 0) continue;
        snprintf(script, sizeof script, "$H%s", line + strlen(program));
        double start = sandbox_seconds();
        const sandbox_result *r = sandbox_shell(script);
        if (r->status != 0) fail_msg("%s: exit %d: %.500s", line, r->status, r->err);
        printf("    %5.1f s  %.90s\n", sandbox_seconds() - start, line);
        count++;
    }
    free(text);
    if (count < LEAST) fail_msg("%d command lines", count);
}

/* Pictures that the lines say they write. */
static void what_the_lines_write_is_there(void **state)
{
    (void)state;
    if (SANDBOX_SANITIZED) skip();
    static const char *const pictures[] = {"a.png", "tail.png", "roads.png", "methods.png", "alpha.png"};
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++)
        sandbox_assert_ink(pictures[i], 400, 300);
    assert_true(sandbox_exists("a.htc") && sandbox_exists("X.npy") && sandbox_exists("small.safetensors"));
}

/* In no block, and in no `…`, is there a program that only `make install` makes. */
static void the_program_is_called_as_make_leaves_it(void **state)
{
    (void)state;
    char *text = readme(), *at = text, *line;
    bool block = false;
    while ((line = next_line(&at))) {
        if (strncmp(line, "```", 3) == 0) block = !block;
        bool bare =
            block && (strncmp(line, program + 2, strlen(program) - 2) == 0 || strstr(line, "$(heavytail") ||
                      strstr(line, "\"heavytail ") || strstr(line, " heavytail sweep"));
        const char *word = strstr(line, "`heavytail ");
        if (bare || word) fail_msg("./heavytail is what make makes: %s", line);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_line_runs_after_make),
        cmocka_unit_test(what_the_lines_write_is_there),
        cmocka_unit_test(the_program_is_called_as_make_leaves_it),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
