#include "unit/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <locale.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"

extern char **environ;
static char directory[256];

int scratch_make(void **state)
{
    (void)state;
    const char *top = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%.200s/heavytail-test-XXXXXX", top && top[0] ? top : "/tmp");
    return mkdtemp(directory) ? 0 : -1;
}

static int erase_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

int scratch_remove(void **state)
{
    (void)state;
    return nftw(directory, erase_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const char *name)
{
    static char path[8][512];
    static int next;
    char *to = path[next++ % 8];
    snprintf(to, sizeof path[0], "%s%s%s", directory, name[0] ? "/" : "", name);
    return to;
}

void scratch_erase(const char *name)
{
    nftw(scratch_path(name), erase_one, 8, FTW_DEPTH | FTW_PHYS);
}

void scratch_write(const char *name, const void *data, size_t size)
{
    ht_error err;
    if (ht_file_write(scratch_path(name), data, size, &err) != HT_OK) fail_msg("%s", err.text);
}

void scratch_write_text(const char *name, const char *text)
{
    scratch_write(name, text, strlen(text));
}

char *scratch_read(const char *name, size_t *size)
{
    ht_error err;
    char *data;
    if (ht_file_read(scratch_path(name), 1 << 28, &data, size, &err) != HT_OK) fail_msg("%s", err.text);
    return data;
}

int scratch_count(const char *name)
{
    int count = -2;
    DIR *dir = opendir(scratch_path(name));
    assert_non_null(dir);
    while (readdir(dir)) count++;
    closedir(dir);
    return count;
}

static bool is_comma(void)
{
    return strcmp(localeconv()->decimal_point, ",") == 0;
}

static bool make_locale(void)
{
    char to[512];
    pid_t child;
    int status;
    posix_spawn_file_actions_t quiet;
    snprintf(to, sizeof to, "%s", scratch_path("de_DE.UTF-8"));
    char *const argv[] = {"localedef", "-i", "de_DE", "-f", "UTF-8", to, NULL};
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawnp(&child, argv[0], &quiet, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&quiet);
    return !failed && waitpid(child, &status, 0) == child && setenv("LOCPATH", directory, 1) == 0;
}

bool scratch_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (int made = 0; made < 2; made++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (setlocale(LC_ALL, names[i]) && is_comma()) return true;
        if (!made && !make_locale()) break;
    }
    setlocale(LC_ALL, "C");
    return false;
}
