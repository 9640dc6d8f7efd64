#include "unit/source.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char top[PATH_MAX];

static bool is_top(const char *dir)
{
    char path[PATH_MAX + 40];
    snprintf(path, sizeof path, "%s/src/params/params.def", dir);
    bool source = access(path, R_OK) == 0;
    snprintf(path, sizeof path, "%s/Makefile", dir);
    return source && access(path, R_OK) == 0;
}

/* Walks up until the source tree begins. */
static bool search_from(const char *dir)
{
    snprintf(top, sizeof top, "%s", dir);
    while (!is_top(top)) {
        char *slash = strrchr(top, '/');
        if (!slash) return false;
        *slash = '\0';
    }
    return true;
}

const char *source_top(void)
{
    char exe[PATH_MAX], cwd[PATH_MAX];
    const char *given = getenv("HT_SOURCE");
    if (given && given[0]) return search_from(given) ? top : NULL;
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[length > 0 ? length : 0] = '\0';
    return search_from(exe) || (getcwd(cwd, sizeof cwd) && search_from(cwd)) ? top : NULL;
}
