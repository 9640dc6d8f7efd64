/* sweep_dir.c - a sweep on disk. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "experiment/results.h"
#include "session/json.h"
#include "sweep/sweep.h"
#include "base/file.h"

enum { PATH_LIMIT = 4096, JSON_LIMIT = 1 << 20 };

/* DIR, or DIR/NAME of a grid that has a name. */
static ht_code path_of(const ht_grid *grid, const char *dir, char *path, size_t size, ht_error *err)
{
    if (grid->name[0]) return ht_file_join(path, size, dir, grid->name, err);
    int length = snprintf(path, size, "%s", dir);
    return length >= 0 && (size_t)length < size
               ? HT_OK
               : ht_error_set(err, HT_FAIL, "%.80s…: the path is too long", dir);
}

/* "<path of the grid>/<name>" */
static ht_code path_in(const ht_grid *grid, const char *dir, const char *name, char path[PATH_LIMIT],
                       ht_error *err)
{
    char own[PATH_LIMIT];
    if (path_of(grid, dir, own, sizeof own, err) != HT_OK) return err->code;
    return ht_file_join(path, PATH_LIMIT, own, name, err);
}

static ht_code cell_path(const ht_grid *grid, int k, const char *dir, const char *suffix,
                         char path[PATH_LIMIT], ht_error *err)
{
    char name[HT_SWEEP_NAME], file[HT_SWEEP_NAME + 32];
    ht_grid_cell_name(grid, k, name);
    snprintf(file, sizeof file, "cells/%s%s", name, suffix);
    return path_in(grid, dir, file, path, err);
}

/* ---- what is the same for all cells ------------------------------------------------------------ */

/* {"schema", "preset", "vary": [keys], "params": {key: value} of what is neither varied nor of the screen} */
static json_t *describe(const ht_grid *grid)
{
    json_t *keys = json_array(), *params = ht_json_params(&grid->base);
    for (int i = 0; i < grid->axes; i++) {
        const char *key = ht_param_at(grid->axis[i].param)->key;
        json_array_append_new(keys, json_string(key));
        json_object_del(params, key);
    }
    for (int p = 0; p < HT_P_COUNT; p++)
        if (ht_param_at(p)->group == HT_GROUP_UI) json_object_del(params, ht_param_at(p)->key);
    return json_pack("{s:i, s:s, s:o, s:o}", "schema", 1, "preset", grid->base.preset, "vary", keys, "params",
                     params);
}

static bool holds(const json_t *keys, const char *key)
{
    size_t i;
    json_t *item;
    json_array_foreach(keys, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), key) == 0) return true;
    }
    return false;
}

static ht_code differs(const char *path, const char *what, const char *key, ht_error *err)
{
    return ht_error_set(
        err, HT_USAGE,
        "%s: a sweep with other settings is there (%s %s); give another --out, or the settings "
        "it was begun with",
        path, key, what);
}

/* The same parameters varied, in any order. */
static ht_code compare_keys(const char *path, const json_t *there, const json_t *here, ht_error *err)
{
    size_t i;
    json_t *key;
    json_array_foreach(here, i, key)
    {
        if (!holds(there, json_string_value(key)))
            return differs(path, "is varied now but not there", json_string_value(key), err);
    }
    json_array_foreach(there, i, key)
    {
        if (!json_is_string(key) || !holds(here, json_string_value(key)))
            return differs(path, "is varied there but not now",
                           json_is_string(key) ? json_string_value(key) : "something", err);
    }
    return HT_OK;
}

/* A parameter that only one side knows came with another version of the program; its default changes nothing.
 */
static ht_code compare_params(const char *path, const json_t *there, json_t *here, ht_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(here, key, value)
    {
        const json_t *other = json_object_get(there, key);
        if (!other || json_equal(other, value)) continue;
        char *old = json_dumps(other, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)),
             *new = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)), what[200];
        snprintf(what, sizeof what, "is %.80s there and %.80s now", old ? old : "?", new ? new : "?");
        free(old);
        free(new);
        return differs(path, what, key, err);
    }
    return HT_OK;
}

static ht_code compare(const char *path, const json_t *here, ht_error *err)
{
    json_error_t fault;
    json_t *there = json_load_file(path, JSON_REJECT_DUPLICATES, &fault);
    if (!there)
        return ht_error_set(err, HT_FAIL, "%s:%d: %s; give another --out", path, fault.line, fault.text);
    ht_code code = compare_keys(path, json_object_get(there, "vary"), json_object_get(here, "vary"), err);
    if (code == HT_OK)
        code = compare_params(path, json_object_get(there, "params"), json_object_get(here, "params"), err);
    json_decref(there);
    return code;
}

ht_code ht_sweep_prepare(const ht_grid *grid, const char *dir, ht_error *err)
{
    char path[PATH_LIMIT], cells[PATH_LIMIT];
    if (path_in(grid, dir, "sweep.json", path, err) != HT_OK) return err->code;
    if (path_in(grid, dir, "cells", cells, err) != HT_OK) return err->code;
    if (ht_file_make_dir(cells, err) != HT_OK) return err->code;
    int held = ht_sweep_hold(grid, dir);
    json_t *here = describe(grid);
    /* Written and read back, so that numbers are compared as a file holds them. */
    char *text = here ? json_dumps(here, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(here);
    here = text ? json_loads(text, 0, NULL) : NULL;
    ht_code code = HT_OK;
    if (!here)
        code = ht_error_set(err, HT_FAIL, "not enough memory to describe the sweep");
    else if (ht_file_exists(path))
        code = compare(path, here, err);
    else
        code = ht_file_write_parts(path, (ht_part[]){{text, strlen(text)}, {"\n", 1}}, 2, err);
    json_decref(here);
    free(text);
    if (held >= 0) close(held);
    return code;
}

/* ---- left-overs -------------------------------------------------------------------------------- */

int ht_sweep_hold(const ht_grid *grid, const char *dir)
{
    char path[PATH_LIMIT];
    ht_error unused;
    if (path_of(grid, dir, path, sizeof path, &unused) != HT_OK) return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) flock(fd, LOCK_SH); /* a process that cleans is soon done */
    return fd;
}

static void clean_in(const char *path)
{
    char file[PATH_LIMIT];
    ht_error unused;
    DIR *dir = opendir(path);
    if (!dir) return;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, ".tmp-") &&
            ht_file_join(file, sizeof file, path, entry->d_name, &unused) == HT_OK)
            unlink(file);
    closedir(dir);
}

void ht_sweep_clean(const ht_grid *grid, const char *dir)
{
    char path[PATH_LIMIT], cells[PATH_LIMIT];
    ht_error unused;
    int fd = ht_sweep_hold(grid, dir);
    if (fd < 0) return;
    if (path_of(grid, dir, path, sizeof path, &unused) == HT_OK && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
        path_in(grid, dir, "cells", cells, &unused) == HT_OK) {
        clean_in(path);
        clean_in(cells);
    }
    close(fd);
}

/* ---- cells ------------------------------------------------------------------------------------- */

bool ht_sweep_done(const ht_grid *grid, int k, const char *dir)
{
    char path[PATH_LIMIT];
    ht_error unused;
    return cell_path(grid, k, dir, ".json", path, &unused) == HT_OK && ht_file_exists(path);
}

bool ht_sweep_failed(const ht_grid *grid, int k, const char *dir)
{
    char path[PATH_LIMIT];
    ht_error unused;
    return cell_path(grid, k, dir, ".failed", path, &unused) == HT_OK && ht_file_exists(path);
}

void ht_sweep_forget_failure(const ht_grid *grid, int k, const char *dir)
{
    char path[PATH_LIMIT];
    ht_error unused;
    if (cell_path(grid, k, dir, ".failed", path, &unused) == HT_OK) unlink(path);
}

ht_code ht_sweep_store(const ht_grid *grid, int k, const char *dir, const char *text, ht_error *err)
{
    char path[PATH_LIMIT];
    if (cell_path(grid, k, dir, ".json", path, err) != HT_OK) return err->code;
    if (ht_file_write_parts(path, (ht_part[]){{text, strlen(text)}, {"\n", 1}}, 2, err) != HT_OK)
        return err->code;
    ht_sweep_forget_failure(grid, k, dir);
    return HT_OK;
}

void ht_sweep_store_failure(const ht_grid *grid, int k, const char *dir, const char *sentence)
{
    char path[PATH_LIMIT];
    ht_error unused;
    if (cell_path(grid, k, dir, ".failed", path, &unused) == HT_OK)
        ht_file_write_parts(path, (ht_part[]){{sentence, strlen(sentence)}, {"\n", 1}}, 2, &unused);
}
