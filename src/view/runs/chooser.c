#include "view/runs/chooser.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

static const char up[] = "..";

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b); /* the name comes first */
}

static bool holds_run(const ht_chooser *c, const char *name)
{
    char path[HT_CHOICE_PATH];
    ht_error ignored;
    return c->is_run && ht_file_join(path, sizeof path, c->path, name, &ignored) == HT_OK && c->is_run(path);
}

/* When it changed last; NaN: it is not listed. */
static double written(const char *dir, const char *name)
{
    char path[HT_CHOICE_PATH];
    struct stat s;
    ht_error ignored;
    bool listed = name[0] != '.' && strlen(name) < sizeof((ht_chooser *)0)->choice[0].name &&
                  ht_file_join(path, sizeof path, dir, name, &ignored) == HT_OK && stat(path, &s) == 0 &&
                  S_ISDIR(s.st_mode);
    return listed ? (double)s.st_mtim.tv_sec + 1e-9 * (double)s.st_mtim.tv_nsec : (double)NAN;
}

/* Where one more goes: the end of the list, or in place of the oldest, if that is older; -1: nowhere. */
static int place_for(const ht_chooser *c, int first, double when)
{
    int oldest = first;
    if (c->count < HT_CHOICES) return c->count;
    for (int i = first; i < c->count; i++)
        if (c->choice[i].written < c->choice[oldest].written) oldest = i;
    return c->choice[oldest].written < when ? oldest : -1;
}

static void read_names(ht_chooser *c, DIR *dir)
{
    c->count = c->chosen = c->left_out = 0;
    if (strcmp(c->path, "/") != 0) ht_text_copy(c->choice[c->count++].name, sizeof c->choice[0].name, up);
    int first = c->count;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        double when = written(c->path, entry->d_name);
        if (isnan(when)) continue;
        int at = place_for(c, first, when);
        c->left_out += c->count == HT_CHOICES;
        if (at < 0) continue;
        c->count += at == c->count;
        ht_text_copy(c->choice[at].name, sizeof c->choice[0].name, entry->d_name);
        c->choice[at].written = when;
    }
    for (int i = first; i < c->count; i++) c->choice[i].run = holds_run(c, c->choice[i].name);
    qsort(&c->choice[first], (size_t)(c->count - first), sizeof c->choice[0], by_name);
    if (first < c->count) c->chosen = first;
}

ht_code ht_chooser_list(ht_chooser *c, const char *path, ht_error *err)
{
    char whole[PATH_MAX];
    DIR *dir = realpath(path, whole) && strlen(whole) < sizeof c->path ? opendir(whole) : NULL;
    if (!dir)
        return ht_error_set(err, HT_FAIL, "%s: cannot be listed (%s); choose another directory", path,
                            strerror(errno));
    ht_text_copy(c->path, sizeof c->path, whole);
    read_names(c, dir);
    closedir(dir);
    return HT_OK;
}

void ht_chooser_move(ht_chooser *c, int by)
{
    int to = c->chosen + by;
    c->chosen = to < 0 || c->count == 0 ? 0 : to >= c->count ? c->count - 1 : to;
}

ht_code ht_chooser_path(const ht_chooser *c, char *to, size_t size, ht_error *err)
{
    if (c->count == 0) return ht_error_set(err, HT_FAIL, "%s: no directory in it is chosen", c->path);
    return ht_file_join(to, size, c->path, c->choice[c->chosen].name, err);
}

ht_code ht_chooser_up(ht_chooser *c, ht_error *err)
{
    char left[sizeof c->choice[0].name], above[HT_CHOICE_PATH];
    ht_text_copy(left, sizeof left, ht_file_name(c->path)); /* of a whole path */
    if (ht_file_join(above, sizeof above, c->path, up, err) != HT_OK ||
        ht_chooser_list(c, above, err) != HT_OK)
        return err->code;
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->choice[i].name, left) == 0) c->chosen = i;
    return HT_OK;
}

ht_code ht_chooser_enter(ht_chooser *c, ht_error *err)
{
    char path[HT_CHOICE_PATH];
    if (c->count > 0 && strcmp(c->choice[c->chosen].name, up) == 0) return ht_chooser_up(c, err);
    if (ht_chooser_path(c, path, sizeof path, err) != HT_OK) return err->code;
    return ht_chooser_list(c, path, err);
}
