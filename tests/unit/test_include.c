/* Guards the house: includes point one way, and only src/term knows curses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/source.h"

typedef struct rule {
    const char *module, *may; /* blank-separated modules and headers, each with a blank on both sides */
} rule;

/* A module may always include itself and heavytail/status.h. "header:" names one header of another module. */
static const rule rules[] = {
    {"base", " "},
    {"math", " base heavytail/params.h heavytail/dataset.h params/params.def "},
    {"data", " base math "},
    {"params", " base "},
    {"link", " base math params heavytail/dataset.h "},
    {"engine", " base math data params link "},
    {"view", " base math params link "},
    {"render", " base params link math view "},
    {"term", " base view render "},
    {"app", " base math data params link engine view render term "},
};

/* Where the public headers belong. */
static const char *const public_headers[][2] = {
    {"heavytail/status.h", "base"},  {"heavytail/params.h", "params"}, {"heavytail/dataset.h", "data"},
    {"heavytail/network.h", "math"}, {"heavytail/prune.h", "math"},    {"heavytail/tail.h", "math"},
};

static const char *top;
static int files, includes, violations;
static char report[4000];

/* "src/math/step.c" → "math"; "heavytail/tail.h" → "math"; "" for what belongs to nobody. */
static void module_of(const char *path, char module[32])
{
    module[0] = '\0';
    for (size_t i = 0; i < sizeof public_headers / sizeof public_headers[0]; i++)
        if (strcmp(path, public_headers[i][0]) == 0) snprintf(module, 32, "%s", public_headers[i][1]);
    if (strncmp(path, "heavytail/", 10) == 0) return;
    const char *slash = strchr(path, '/');
    if (slash && slash - path < 31) snprintf(module, 32, "%.*s", (int)(slash - path), path);
}

static bool listed(const char *list, const char *word)
{
    char padded[80];
    snprintf(padded, sizeof padded, " %.76s ", word);
    return strstr(list, padded) != NULL;
}

static bool allowed(const char *module, const char *header)
{
    char target[32];
    module_of(header, target);
    if (strcmp(target, module) == 0 || strcmp(header, "heavytail/status.h") == 0) return true;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(rules[i].module, module) == 0)
            return listed(rules[i].may, header) || (target[0] && listed(rules[i].may, target));
    return false;
}

static void complain(const char *file, int line, const char *header)
{
    size_t used = strlen(report);
    snprintf(report + used, sizeof report - used, "\n  %s:%d includes %s", file, line, header);
    violations++;
}

static void scan(const char *path, const char *name, const char *module)
{
    char text[1000], header[200];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int line = 1; fgets(text, sizeof text, file); line++) {
        if (sscanf(text, " # include \"%199[^\"]\"", header) == 1) {
            includes++;
            if (!allowed(module, header)) complain(name, line, header);
        } else if (sscanf(text, " # include <%199[^>]>", header) == 1) {
            bool screen = strstr(header, "curses") || strcmp(header, "term.h") == 0;
            if (screen && strcmp(module, "term") != 0) complain(name, line, header);
        }
    }
    fclose(file);
    files++;
}

static int visit(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)walk;
    const char *name = path + strlen(top) + 1, *dot = strrchr(path, '.');
    char module[32];
    if (kind != FTW_F || !dot || (strcmp(dot, ".c") != 0 && strcmp(dot, ".h") != 0)) return 0;
    module_of(strchr(name, '/') + 1, module);
    if (module[0] == '\0') complain(name, 0, "nothing known: give it a module in this test");
    scan(path, name, module);
    return 0;
}

static void includes_point_one_way(void **state)
{
    (void)state;
    char path[PATH_MAX + 40];
    if (!(top = source_top())) {
        print_message("skipped: no source tree; set HT_SOURCE\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/src", top);
    assert_int_equal(nftw(path, visit, 8, FTW_PHYS), 0);
    snprintf(path, sizeof path, "%s/include/heavytail", top);
    assert_int_equal(nftw(path, visit, 8, FTW_PHYS), 0);
    assert_true(files > 50 && includes > 150);
    if (violations) fail_msg("against the design:%s", report);
}

/* The checker itself must be able to say no. */
static void the_rules_say_no(void **state)
{
    (void)state;
    static const struct {
        const char *module, *header;
        bool allowed;
    } cases[] = {
        {"engine", "view/model.h", false},     {"view", "engine/runner.h", false},
        {"base", "math/rng.h", false},         {"math", "data/npy.h", false},
        {"math", "heavytail/dataset.h", true}, {"math", "params/preset.h", false},
        {"data", "heavytail/params.h", false}, {"link", "engine/trainer.h", false},
        {"render", "term/term.h", false},      {"render", "engine/runner.h", false},
        {"term", "link/messages.h", false},    {"params", "math/rng.h", false},
        {"app", "engine/runner.h", true},      {"view", "heavytail/prune.h", true},
        {"base", "heavytail/status.h", true},  {"base", "heavytail/tail.h", false},
        {"app", "nowhere/x.h", false},         {"view", "view/chart.h", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (allowed(cases[i].module, cases[i].header) != cases[i].allowed)
            fail_msg("%s including %s", cases[i].module, cases[i].header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(includes_point_one_way),
        cmocka_unit_test(the_rules_say_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
