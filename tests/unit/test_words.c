/* Guards the names: one plain word for each thing, the words of docs/glossary.md, in identifiers, in texts
 * and in documents; and the glossary stays short. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "unit/source.h"

enum { GLOSSARY_LINES = 40, FILE_MAX = 1 << 20 };

/* Words that were names once, each with the one that is now. Those that are good English for something else
 * are only looked for in code. */
static const struct {
    const char *word, *now;
    bool code;
} once[] = {
    {"road", "method", false},          {"roads", "methods", false},
    {"ladder", "width sweep", false},   {"ladders", "width sweeps", false},
    {"rung", "width point", false},     {"rungs", "width points", false},
    {"wish", "request", false},         {"wishes", "requests", false},
    {"tap", "capture", false},          {"tapped", "captured", false},
    {"called off", "cancelled", false}, {"call off", "cancel", false},
    {"survey", "analysis", true},       {"goal", "stopping criterion", true},
    {"poster", "page", true},           {"sheet", "figure or text table", true},
    {"judge", "validation", true},      {"judges", "validates", true},
    {"outlet", "output", true},         {"glance", "quick", true},
};

/* Of files on the disk, and not ours to name. */
static const struct {
    const char *file, *text;
} allowed[] = {
    {"src/params/preset.c", "ecg5000-roads"},
    {"src/params/preset.c", "mnist-roads"},
    {"docs/methods.md", "Schema 1 of `compare` said `roads`, `road` and `method` where it is `methods`, "
                        "`method` and `pruned_by` now."},
    {"docs/methods.md", "run under `methods` and stay schema 1; earlier versions called the key `roads`, and "
                        "`heavytail table` reads both."},
    {"src/sweep/sweep_table.c", "roads"},
    {"src/data/load/load_cifar.c", "road"},
};

static const char *top;
static int files, found;
static char report[4000];

/* Does the text hold the word, as a whole one? Case, and what lies between the parts of a word, are nothing.
 */
static bool holds(const char *text, size_t length, const char *word)
{
    size_t size = strlen(word);
    for (size_t at = 0; at + size <= length; at++) {
        size_t i = 0;
        while (i < size && (word[i] == ' ' ? strchr(" _-", text[at + i]) != NULL
                                           : tolower((unsigned char)text[at + i]) == word[i]))
            i++;
        bool begins = at == 0 || !isalpha((unsigned char)text[at - 1]),
             ends = at + size == length || !isalpha((unsigned char)text[at + size]);
        if (i == size && begins && ends) return true;
    }
    return false;
}

static bool may_say(const char *file, const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (strcmp(file, allowed[i].file) == 0 && length == strlen(allowed[i].text) &&
            memcmp(text, allowed[i].text, length) == 0)
            return true;
    return false;
}

static void look_at(const char *file, int line, const char *text, size_t length, bool code)
{
    if (may_say(file, text, length)) return;
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        if ((once[i].code && !code) || !holds(text, length, once[i].word)) continue;
        size_t used = strlen(report);
        snprintf(report + used, sizeof report - used, "\n  %s:%d: '%s' is called %s now", file, line,
                 once[i].word, once[i].now);
        found++;
    }
}

/* Past what begins at `text` and ends with `end`, over what a backslash protects. */
static const char *past(const char *text, const char *end)
{
    for (; *text; text++) {
        if (strncmp(text, end, strlen(end)) == 0) return text + strlen(end);
        if (*text == '\\' && text[1] && strcmp(end, "*/") != 0) text++;
    }
    return text;
}

/* Identifiers and strings of C; comments are sentences, in which only names of old are looked for. */
static void look_at_code(const char *file, const char *text)
{
    int line = 1;
    for (const char *next; *text; text = next) {
        next = text + 1;
        bool comment = strncmp(text, "/*", 2) == 0;
        if (comment || strncmp(text, "//", 2) == 0) {
            next = past(text + 2, comment ? "*/" : "\n");
            look_at(file, line, text, (size_t)(next - text), false);
        } else if (*text == '\'')
            next = past(text + 1, "'");
        else if (*text == '"') {
            next = past(text + 1, "\"");
            look_at(file, line, text + 1, (size_t)(next - text) - 2, true);
        } else if (isalnum((unsigned char)*text) || *text == '_') {
            while (isalnum((unsigned char)*next) || *next == '_') next++;
            look_at(file, line, text, (size_t)(next - text), true);
        }
        for (const char *at = text; at < next; at++) line += *at == '\n';
    }
}

static void look_at_lines(const char *file, const char *text)
{
    for (int line = 1; *text; line++) {
        size_t length = strcspn(text, "\n");
        look_at(file, line, text, length, false);
        text += length + (text[length] == '\n');
    }
}

static bool ends_in(const char *path, const char *const endings[])
{
    const char *dot = strrchr(path, '.');
    for (; dot && *endings; endings++)
        if (strcmp(dot, *endings) == 0) return true;
    return false;
}

static int visit(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    static const char *const code[] = {".c", ".h", ".def", NULL}, *const words[] = {".md", ".ini", ".sweep",
                                                                                    NULL};
    (void)info, (void)walk;
    char *text;
    size_t size;
    ht_error err;
    bool is_code = ends_in(path, code);
    if (kind != FTW_F || (!is_code && !ends_in(path, words))) return 0;
    assert_int_equal(ht_file_read(path, FILE_MAX, &text, &size, &err), HT_OK);
    (is_code ? look_at_code : look_at_lines)(path + strlen(top) + 1, text);
    ht_free(text);
    files++;
    return 0;
}

static void find_top(void)
{
    if ((top = source_top())) return;
    print_message("skipped: no source tree; set HT_SOURCE\n");
    skip();
}

static void nothing_has_the_name_it_had_once(void **state)
{
    (void)state;
    static const char *const places[] = {"src", "include", "presets", "docs", "README.md"};
    find_top();
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char path[PATH_MAX + 40];
        snprintf(path, sizeof path, "%s/%s", top, places[i]);
        assert_int_equal(nftw(path, visit, 8, FTW_PHYS), 0);
    }
    assert_true(files > 300);
    if (found) fail_msg("%d old words:%s", found, report);
}

static void the_glossary_is_short(void **state)
{
    (void)state;
    char path[PATH_MAX + 40], *text;
    size_t size;
    ht_error err;
    find_top();
    snprintf(path, sizeof path, "%s/docs/glossary.md", top);
    assert_int_equal(ht_file_read(path, FILE_MAX, &text, &size, &err), HT_OK);
    int lines = 0, words = 0;
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        lines++;
        words += *at == '|';
    }
    ht_free(text);
    assert_true(lines <= GLOSSARY_LINES && words > 15);
}

/* The checker itself must be able to say no. */
static void old_words_are_found(void **state)
{
    (void)state;
    found = 0, report[0] = '\0';
    look_at_code("x.c", "int ht_road_at(int i); /* a wish\n * called off */ const char *s = \"the \\\" "
                        "Ladder\";\n'\"' HT_CALL_OFF "
                        "broad roadside wrung spreadsheet mishap");
    assert_int_equal(found, 5);
    assert_non_null(strstr(report, "x.c:1: 'wish' is called request now"));
    assert_non_null(strstr(report, "x.c:1: 'called off' is called cancelled now"));
    assert_non_null(strstr(report, "x.c:1: 'road' is called method now"));
    assert_non_null(strstr(report, "x.c:2: 'ladder' is called width sweep now"));
    assert_non_null(strstr(report, "x.c:3: 'call off' is called cancel now"));
    look_at_lines("x.md", "plain\nthe *rungs*\n");
    assert_int_equal(found, 6);
    look_at_code("src/sweep/sweep_table.c", "\"roads\"");
    assert_int_equal(found, 6);
    found = 0, report[0] = '\0';
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_words_are_found),
        cmocka_unit_test(nothing_has_the_name_it_had_once),
        cmocka_unit_test(the_glossary_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
