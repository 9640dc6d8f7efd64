/* No circles of files: what a file calls, and what that calls in turn, never leads back to it. Read off the
 * object files, which know better than the includes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/source.h"

enum { FILES = 600, SYMBOLS = 20000, NAME = 96 };

typedef struct symbol {
    char name[NAME];
    int file;
} symbol;

static char file_name[FILES][NAME];
static int files;
static symbol defined[SYMBOLS], wanted[SYMBOLS];
static int defined_count, wanted_count;
static bool leads[FILES][FILES];

static int number_of(const char *name)
{
    for (int i = 0; i < files; i++)
        if (strcmp(file_name[i], name) == 0) return i;
    assert_true(files < FILES);
    snprintf(file_name[files], NAME, "%s", name);
    return files++;
}

static void add(symbol *list, int *count, const char *name, int file)
{
    assert_true(*count < SYMBOLS);
    snprintf(list[*count].name, NAME, "%s", name);
    list[(*count)++].file = file;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const symbol *)a)->name, ((const symbol *)b)->name);
}

/* An object whose source has moved is a left-over. */
static bool has_source(const char *object)
{
    char path[PATH_MAX + 600];
    snprintf(path, sizeof path, "%s/src/%.*s.c", source_top(), (int)strcspn(object, "."), object);
    return access(path, R_OK) == 0;
}

/* Lines of `nm -P -o`: "dir/file.o: name T value size". */
static void read_symbols(FILE *nm, size_t skip)
{
    char line[1000], path[500], name[400], kind;
    while (fgets(line, sizeof line, nm)) {
        if (sscanf(line, "%499[^:]: %399s %c", path, name, &kind) != 3 || !has_source(path + skip)) continue;
        int file = number_of(path + skip);
        if (kind == 'U')
            add(wanted, &wanted_count, name, file);
        else if (kind >= 'A' && kind <= 'Z')
            add(defined, &defined_count, name, file);
    }
}

/* Which file leads to which: at once, then over others. */
static void follow(void)
{
    qsort(defined, (size_t)defined_count, sizeof defined[0], by_name);
    for (int i = 0; i < wanted_count; i++) {
        const symbol *found = bsearch(&wanted[i], defined, (size_t)defined_count, sizeof defined[0], by_name);
        if (found && found->file != wanted[i].file) leads[wanted[i].file][found->file] = true;
    }
    for (int k = 0; k < files; k++)
        for (int i = 0; i < files; i++)
            for (int j = 0; leads[i][k] && j < files; j++) leads[i][j] = leads[i][j] || leads[k][j];
}

static int circles(char *report, size_t size)
{
    int count = 0;
    for (int i = 0; i < files; i++)
        for (int j = i + 1; j < files; j++) {
            if (!leads[i][j] || !leads[j][i]) continue;
            size_t used = strlen(report);
            snprintf(report + used, size - used, "\n  %s and %s", file_name[i], file_name[j]);
            count++;
        }
    return count;
}

static void no_file_leads_back_to_itself(void **state)
{
    static char report[4000];
    char exe[PATH_MAX] = "", command[PATH_MAX + 100];
    (void)state;
    if (!source_top()) {
        print_message("skipped: no source tree; set HT_SOURCE\n");
        skip();
    }
    assert_true(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
    char *build = dirname(dirname(dirname(exe))); /* build/release/tests/unit/test_circles */
    snprintf(command, sizeof command, "find '%s/src' -name '*.o' -exec nm -P -o {} + 2>/dev/null", build);
    FILE *nm = popen(command, "r");
    assert_non_null(nm);
    read_symbols(nm, strlen(build) + strlen("/src/"));
    pclose(nm);
    if (files == 0) {
        print_message("skipped: no object files, or no nm\n");
        skip();
    }
    assert_true(files > 200 && defined_count > 500);
    follow();
    if (circles(report, sizeof report) > 0) fail_msg("circles of files:%s", report);
}

/* The search itself must be able to say yes. */
static void a_circle_is_found(void **state)
{
    char report[200] = "";
    (void)state;
    files = defined_count = wanted_count = 0;
    memset(leads, 0, sizeof leads);
    const char *names[] = {"a.o", "b.o", "c.o"};
    for (int i = 0; i < 3; i++) {
        add(defined, &defined_count, names[i], number_of(names[i]));
        add(wanted, &wanted_count, names[(i + 1) % 3], number_of(names[i]));
    }
    follow();
    assert_int_equal(circles(report, sizeof report), 3);
    assert_string_equal(report, "\n  a.o and b.o\n  a.o and c.o\n  b.o and c.o");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_file_leads_back_to_itself),
        cmocka_unit_test(a_circle_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
