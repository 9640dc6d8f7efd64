/* Guards the rooms of src: includes point one way, and only src/term knows curses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "unit/source.h"

typedef struct rule {
    const char *room, *may; /* blank-separated rooms, each with a blank on both sides */
} rule;

/* The rooms of src, in order: each may include itself, heavytail/status.h, and of those before it the ones
 * named. */
static const rule rules[] = {
    {"base", " "},
    {"params", " base "},
    {"stable", " "},
    {"kernel", " stable "},
    {"num", " base kernel "},
    {"data", " base num "},
    {"nn", " base params num data stable kernel "},
    {"tail", " base num stable kernel nn "},
    {"prune", " base params num kernel nn "},
    {"certify", " base kernel nn prune "},
    {"weights", " base params data nn "},
    {"follow", " base params num data kernel nn tail prune weights "},
    {"link", " base params num nn tail prune "},
    {"engine", " base params num data kernel nn prune weights link "},
    {"export", " base params engine "},
    {"session", " base params data kernel nn engine "},
    {"chart", " base params tail prune "},
    {"experiment", " base params num data nn tail prune link engine session chart "},
    {"sweep", " base params num data nn session experiment "},
    {"view", " base params num follow link chart "},
    {"lesson", " base params view "},
    {"render", " base params data tail prune chart view "},
    {"term", " base view render "},
    {"lab",
     " base params tail prune weights follow link engine session chart experiment view lesson render term "},
    {"bench",
     " base params num stable kernel nn tail prune link engine session chart experiment sweep view render "},
    {"cli", " base params num data kernel nn tail prune certify weights follow engine session chart "
            "experiment sweep view lesson render term lab bench export "},
};
enum { ROOMS = sizeof rules / sizeof rules[0], FILES_OF_A_FOLDER = 30 };

/* Where the public headers belong. */
static const char *const public_headers[][2] = {
    {"heavytail/status.h", "base"}, {"heavytail/params.h", "params"}, {"heavytail/dataset.h", "data"},
    {"heavytail/network.h", "nn"},  {"heavytail/prune.h", "prune"},   {"heavytail/tail.h", "tail"},
    {"heavytail/values.h", "num"},  {"heavytail/draws.h", "nn"},      {"heavytail/netread.h", "weights"},
};

static const char *top;
static int files, includes, violations;
static char report[4000];

/* "nn/step.c" → "nn"; "heavytail/tail.h" → "tail"; "" for what belongs to nobody. */
static void room_of(const char *path, char room[32])
{
    room[0] = '\0';
    for (size_t i = 0; i < sizeof public_headers / sizeof public_headers[0]; i++)
        if (strcmp(path, public_headers[i][0]) == 0) snprintf(room, 32, "%s", public_headers[i][1]);
    if (strncmp(path, "heavytail/", 10) == 0) return;
    const char *slash = strchr(path, '/');
    if (slash && slash - path < 31) snprintf(room, 32, "%.*s", (int)(slash - path), path);
}

static bool listed(const char *list, const char *word)
{
    char padded[80];
    snprintf(padded, sizeof padded, " %.76s ", word);
    return strstr(list, padded) != NULL;
}

static bool allowed(const char *room, const char *header)
{
    char target[32];
    room_of(header, target);
    if (strcmp(target, room) == 0 || strcmp(header, "heavytail/status.h") == 0) return true;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(rules[i].room, room) == 0)
            return listed(rules[i].may, header) || (target[0] && listed(rules[i].may, target));
    return false;
}

static void complain(const char *file, int line, const char *header)
{
    size_t used = strlen(report);
    snprintf(report + used, sizeof report - used, "\n  %s:%d includes %s", file, line, header);
    violations++;
}

static void scan(const char *path, const char *name, const char *room)
{
    char text[1000], header[200];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int line = 1; fgets(text, sizeof text, file); line++) {
        if (sscanf(text, " # include \"%199[^\"]\"", header) == 1) {
            includes++;
            if (!allowed(room, header)) complain(name, line, header);
        } else if (sscanf(text, " # include <%199[^>]>", header) == 1) {
            bool screen = strstr(header, "curses") || strcmp(header, "term.h") == 0;
            if (screen && strcmp(room, "term") != 0) complain(name, line, header);
        }
    }
    fclose(file);
    files++;
}

/* A folder with more files is to be divided. */
static int check_folder(const char *path, const char *name)
{
    int count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) count += entry->d_type == DT_REG;
    closedir(dir);
    if (count > FILES_OF_A_FOLDER) complain(name, count, "too many files for one folder");
    return 0;
}

static int visit(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)walk;
    const char *name = path + strlen(top) + 1, *dot = strrchr(path, '.');
    char room[32];
    bool source = dot && (strcmp(dot, ".c") == 0 || strcmp(dot, ".h") == 0 || strcmp(dot, ".def") == 0);
    if (kind == FTW_D) return check_folder(path, name);
    if (kind != FTW_F || !source) return 0;
    room_of(strchr(name, '/') + 1, room);
    if (room[0] == '\0') complain(name, 0, "nothing known: give it a room in this test");
    scan(path, name, room);
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

/* The list is an order: rooms that may be included stand before. */
static void rooms_stand_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROOMS; i++) {
        char may[400], *rest = may;
        snprintf(may, sizeof may, "%s", rules[i].may);
        for (const char *word; (word = strtok_r(rest, " ", &rest));) {
            size_t before = 0;
            while (before < i && strcmp(rules[before].room, word) != 0) before++;
            if (before == i)
                fail_msg("%s may include %s, which does not stand before it", rules[i].room, word);
        }
    }
}

/* Do the cells `room` of a document's table, which begins after `start`, stand in the order of the rules? */
static void check_order(const char *name, const char *start)
{
    char path[PATH_MAX + 40], *text;
    size_t size;
    ht_error err;
    snprintf(path, sizeof path, "%s/%s", top, name);
    assert_int_equal(ht_file_read(path, 1 << 20, &text, &size, &err), HT_OK);
    const char *at = strstr(text, start);
    if (!at) fail_msg("%s has no '%s'", name, start);
    for (size_t i = 0; i < ROOMS; i++) {
        char cell[40];
        snprintf(cell, sizeof cell, "`%s` ", rules[i].room);
        const char *next = strstr(at, cell);
        if (!next) fail_msg("%s: %sstands before its place, or nowhere", name, cell);
        at = next;
    }
    ht_free(text);
}

/* Where a newcomer reads that rooms include those before them. */
static void documents_have_the_same_order(void **state)
{
    (void)state;
    if (!(top = source_top())) {
        print_message("skipped: no source tree; set HT_SOURCE\n");
        skip();
    }
    check_order("README.md", "\n| folders |");
    check_order("docs/design.md", "\n| room |");
}

/* The checker itself must be able to say no. */
static void the_rules_say_no(void **state)
{
    (void)state;
    static const struct {
        const char *room, *header;
        bool allowed;
    } cases[] = {
        {"engine", "view/model.h", false},     {"view", "engine/runner.h", false},
        {"base", "num/rng.h", false},          {"nn", "weights/net/netfile.h", false},
        {"nn", "heavytail/dataset.h", true},   {"nn", "params/preset.h", true},
        {"data", "heavytail/params.h", false}, {"link", "engine/trainer.h", false},
        {"render", "term/term.h", false},      {"render", "engine/runner.h", false},
        {"term", "link/messages.h", false},    {"params", "num/rng.h", false},
        {"lab", "engine/runner.h", true},      {"chart", "heavytail/prune.h", true},
        {"base", "heavytail/status.h", true},  {"base", "heavytail/tail.h", false},
        {"cli", "nowhere/x.h", false},         {"view", "view/panels/panels.h", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (allowed(cases[i].room, cases[i].header) != cases[i].allowed)
            fail_msg("%s including %s", cases[i].room, cases[i].header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(includes_point_one_way),
        cmocka_unit_test(rooms_stand_in_order),
        cmocka_unit_test(documents_have_the_same_order),
        cmocka_unit_test(the_rules_say_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
