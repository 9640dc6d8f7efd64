/* test_readme.c - the command lines of README and its pages do what they say: all lines of ```sh blocks run
 * after `make`, in their order, on embedded data. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "unit/source.h"

static const char program[] = "./heavytail";

/* The pages whose lines build on each other, in the order in which they run. */
static const char *const pages[] = {"README.md", "docs/pruning.md", "docs/sweeps.md", "docs/runs.md"};
enum { PAGES = sizeof pages / sizeof pages[0], FRONT_PAGE = 130 };

static char *page(const char *name)
{
    char path[4300];
    size_t size;
    snprintf(path, sizeof path, "%s/%s", source_top(), name);
    return sandbox_read(path, &size);
}

static char *whole(void)
{
    char *text = NULL;
    size_t used = 0;
    for (int i = 0; i < PAGES; i++) {
        char *one = page(pages[i]);
        size_t length = strlen(one);
        text = realloc(text, used + length + 1);
        assert_non_null(text);
        memcpy(text + used, one, length + 1);
        used += length;
        free(one);
    }
    return text;
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
    enum { LEAST = 15 };   /* fewer: the blocks have not been found */
    if (SANITIZED) skip(); /* what these commands do is tested piece by piece */
    char *text = whole(), *at = text, *line, script[1000];
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
    if (SANITIZED) skip();
    static const char *const pictures[] = {"a.png", "tail.png", "compare.png", "methods.png", "alpha.png"};
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++)
        sandbox_assert_ink(pictures[i], 400, 300);
    assert_true(sandbox_exists("a.htc") && sandbox_exists("X.npy") && sandbox_exists("small.safetensors"));
}

/* In no block, and in no `…`, is there a program that only `make install` makes. */
static void the_program_is_called_as_make_leaves_it(void **state)
{
    (void)state;
    char *text = whole(), *at = text, *line;
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

/* κ of a training of the default preset without noise, which goes on where its directory is; it is of the
 * weights, whatever they are tested on. */
static double plain_kappa(const char *run, const char *seed, const char *steps, const char *decay)
{
    sandbox_allow(600);
    const sandbox_result *r =
        sandbox_exists(run)
            ? RUN("train", "--run", run, "--steps", steps, "--json", "--quiet")
            : RUN("train", "--run", run, "--preset", "ecg-demo", "--set", "noise.type=none", "--set", seed,
                  "--set", decay, "--set", "data.test_limit=100", "--steps", steps, "--json", "--quiet");
    assert_status(r, 0);
    const char *at = strstr(r->out, "\"prune\"");
    assert_non_null(at = strstr(at, "\"ratio\""));
    return strtod(strchr(at, ':') + 1, NULL);
}

/* What README's lesson and the guide say of a run without noise. */
static void without_noise_kappa_is_as_the_lesson_says(void **state)
{
    (void)state;
    static const char *const seeds[] = {"train.seed=1", "train.seed=2", "train.seed=3"};
    static const char none[] = "train.weight_decay=0";
    if (SANITIZED) skip();
    for (int i = 0; i < 3; i++) {
        char run[16], decaying[16];
        snprintf(run, sizeof run, "kappa%d", i);
        snprintf(decaying, sizeof decaying, "decay%d", i);
        double early = plain_kappa(run, seeds[i], "300", none),
               late = plain_kappa(run, seeds[i], "3000", none),
               decayed = plain_kappa(decaying, seeds[i], "1000", "train.weight_decay=0.5");
        if (fabs(early - 0.114) > 0.002 || fabs(late - 0.114) > 0.002 || fabs(decayed - 0.66) > 0.03)
            fail_msg("%s: κ is %.4f at step 300, %.4f at 3000, %.3f with weight decay", seeds[i], early, late,
                     decayed);
    }
}

/* A front page is read to its end; the steps of its lesson are numbered through, so none stands there twice.
 */
static void the_readme_is_a_front_page(void **state)
{
    (void)state;
    char *text = page("README.md"), *at = text;
    int lines = 0, step = 0, number;
    for (const char *line; (line = next_line(&at)); lines++) {
        char mark;
        if (sscanf(line, "%2d%c", &number, &mark) == 2 && mark == '.') assert_int_equal(number, ++step);
    }
    free(text);
    assert_true(step >= 5);
    if (lines > FRONT_PAGE) fail_msg("README.md has %d lines; %d are a front page", lines, FRONT_PAGE);
}

/* [text](path#heading): the path is there, seen from the page. */
static void links_lead_somewhere(void **state)
{
    (void)state;
    static const char *const linked[] = {
        "README.md",       "docs/design.md", "docs/glossary.md", "docs/guide.md",    "docs/lessons.md",
        "docs/methods.md", "docs/paper.md",  "docs/pruning.md",  "docs/promises.md", "docs/python.md",
        "docs/runs.md",    "docs/speed.md",  "docs/sweeps.md",   "docs/tails.md",    "docs/watch.md"};
    int links = 0;
    for (size_t i = 0; i < sizeof linked / sizeof linked[0]; i++) {
        char *text = page(linked[i]), path[4800], folder[64];
        snprintf(folder, sizeof folder, "%.*s",
                 (int)(strrchr(linked[i], '/') ? strcspn(linked[i], "/") + 1 : 0), linked[i]);
        for (const char *at = text; (at = strstr(at, "](")); at += 2) {
            int length = (int)strcspn(at + 2, ")#");
            if (length == 0 || strncmp(at + 2, "http", 4) == 0) continue;
            snprintf(path, sizeof path, "%s/%s%.*s", source_top(), folder, length, at + 2);
            if (access(path, R_OK) != 0) fail_msg("%s: %.*s is not there", linked[i], length, at + 2);
            links++;
        }
        free(text);
    }
    assert_true(links > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_line_runs_after_make),
        cmocka_unit_test(what_the_lines_write_is_there),
        cmocka_unit_test(the_program_is_called_as_make_leaves_it),
        cmocka_unit_test(without_noise_kappa_is_as_the_lesson_says),
        cmocka_unit_test(the_readme_is_a_front_page),
        cmocka_unit_test(links_lead_somewhere),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
