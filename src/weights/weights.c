#include "weights/weights.h"

#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"

enum { PATH_SIZE = 4096, FILES = 512, INDEX_LIMIT = 100000000 };

static const char index_end[] = ".safetensors.index.json";

typedef struct place {
    int file;
    size_t number; /* in that file */
} place;

struct ht_weights {
    int file_count;
    ht_safetensors *file[FILES];
    char *path[FILES], *name[FILES]; /* name: as the index has it */
    place *at;
    size_t count;
};

/* ---- files ---- */

static ht_code add_file(ht_weights *w, const char *path, const char *name, ht_error *err)
{
    int i = w->file_count;
    if (i == FILES)
        return ht_error_set(err, HT_FAIL, "%s: is one of more than %d files of one model", path, FILES);
    w->path[i] = strdup(path);
    w->name[i] = strdup(name);
    w->file_count++;
    if (!w->path[i] || !w->name[i]) return ht_error_set(err, HT_FAIL, "not enough memory to open %s", path);
    w->file[i] = ht_safetensors_open(path, err);
    return w->file[i] ? HT_OK : err->code;
}

/* A list of all tensors of all files. With an index: one that it takes from another file is left out, one
 * that it does not name belongs to the model all the same, as loaders have it; both are noted. */
static ht_code list(ht_weights *w, const json_t *map, ht_notes *notes, ht_error *err)
{
    size_t all = 0;
    for (int f = 0; f < w->file_count; f++) all += ht_safetensors_count(w->file[f]);
    w->at = ht_alloc(all, sizeof *w->at, "the list of tensors", err);
    if (!w->at) return err->code;
    for (int f = 0; f < w->file_count; f++)
        for (size_t i = 0; i < ht_safetensors_count(w->file[f]); i++) {
            ht_tensor_info info;
            if (ht_safetensors_describe(w->file[f], i, &info, err) != HT_OK) return err->code;
            const char *where = map ? json_string_value(json_object_get(map, info.name)) : w->name[f];
            bool here = !where || strcmp(where, w->name[f]) == 0;
            if (!where) ht_notes_add(notes, "%s: %.200s is not in the index", w->path[f], info.name);
            if (here)
                w->at[w->count++] = (place){f, i};
            else
                ht_notes_add(notes, "%s: %.200s is left out: by the index it is in %.100s", w->path[f],
                             info.name, where);
        }
    return HT_OK;
}

static ht_code open_one(ht_weights *w, const char *path, ht_notes *notes, ht_error *err)
{
    ht_code code = add_file(w, path, path, err);
    return code == HT_OK ? list(w, NULL, notes, err) : code;
}

/* ---- an index ---- */

static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

/* Does the real path lie in the folder? Hubs keep DIR/snapshots/REVISION full of links to DIR/blobs: those
 * are at home there, too. */
static bool is_inside(const char *real, const char *folder)
{
    static const char snapshots[] = "/snapshots", blobs[] = "/blobs/";
    size_t length = strlen(folder), parent = folder_length(folder);
    if (strncmp(real, folder, length) == 0 && real[length] == '/') return true;
    size_t tail = sizeof snapshots - 1;
    if (parent < tail || strncmp(folder + parent - tail, snapshots, tail) != 0) return false;
    size_t top = parent - tail;
    return strncmp(real, folder, top) == 0 && strncmp(real + top, blobs, sizeof blobs - 1) == 0;
}

/* The path of a file that the index at `path` names: of that very directory. */
static ht_code shard_path(const char *path, const char *name, char to[PATH_SIZE], ht_error *err)
{
    char folder[PATH_SIZE], real[PATH_MAX], home[PATH_MAX];
    size_t length = folder_length(path);
    if (!name[0] || strchr(name, '/') || strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
        return ht_error_set(err, HT_FAIL, "%s: names '%.100s', which is no file of the index's own directory",
                            path, name);
    snprintf(folder, sizeof folder, "%.*s", length ? (int)length : 1, strchr(path, '/') ? path : ".");
    if (ht_file_join(to, PATH_SIZE, folder, name, err) != HT_OK) return err->code;
    if (!ht_file_exists(to))
        return ht_error_set(err, HT_FAIL,
                            "%s: %.100s is missing, one of the files that hold the model; download it, too",
                            path, name);
    if (!realpath(folder, home) || !realpath(to, real) || !is_inside(real, home))
        return ht_error_set(
            err, HT_FAIL, "%s: '%.100s' is a link that leads out of the directory; put the file itself there",
            path, name);
    return HT_OK;
}

static ht_code open_shard(ht_weights *w, const char *path, const char *tensor, const json_t *where,
                          ht_error *err)
{
    char shard[PATH_SIZE];
    const char *name = json_string_value(where);
    if (!name)
        return ht_error_set(err, HT_FAIL, "%s: says no file for %.60s; the index is damaged", path, tensor);
    for (int f = w->file_count; f-- > 0;) /* the last one first: tensors of a file lie together */
        if (strcmp(w->name[f], name) == 0) return HT_OK;
    if (shard_path(path, name, shard, err) != HT_OK) return err->code;
    return add_file(w, shard, name, err);
}

static ht_code check_map(const ht_weights *w, const char *path, const json_t *map, ht_error *err)
{
    const char *tensor;
    json_t *where;
    json_object_foreach((json_t *)map, tensor, where)
    {
        for (int f = 0; f < w->file_count; f++)
            if (strcmp(w->name[f], json_string_value(where)) == 0 && !ht_safetensors_has(w->file[f], tensor))
                return ht_error_set(err, HT_FAIL,
                                    "%s: says that %.60s is in %.100s; that file has no such tensor", path,
                                    tensor, w->name[f]);
    }
    return HT_OK;
}

static ht_code open_index(ht_weights *w, const char *path, ht_notes *notes, ht_error *err)
{
    char *text;
    size_t size;
    json_error_t why;
    const char *tensor;
    json_t *where;
    if (ht_file_read(path, INDEX_LIMIT, &text, &size, err) != HT_OK) return err->code;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why), *map;
    ht_free(text);
    ht_code code = HT_OK;
    if (!root)
        code = ht_error_set(err, HT_FAIL, "%s: line %d: %s", path, why.line, why.text);
    else if (!json_is_object(map = json_object_get(root, "weight_map")) || json_object_size(map) == 0)
        code = ht_error_set(err, HT_FAIL, "%s: has no \"weight_map\" that says which file holds which tensor",
                            path);
    else {
        json_object_foreach(map, tensor, where)
        {
            if (code == HT_OK) code = open_shard(w, path, tensor, where, err);
        }
        if (code == HT_OK) code = check_map(w, path, map, err);
        if (code == HT_OK) code = list(w, map, notes, err);
    }
    json_decref(root);
    return code;
}

/* ---- a directory ---- */

/* The only file of the directory whose name ends so, into `to`; how many there are, and the names of the
 * first ones for a message. */
static size_t find_only(const char *folder, const char *end, char to[PATH_SIZE], char names[300])
{
    glob_t found;
    char pattern[2 * PATH_SIZE + 64];
    size_t used = 0;
    for (const char *p = folder; *p && used + 3 < 2 * PATH_SIZE; p++) {
        if (strchr("*?[\\", *p)) pattern[used++] = '\\';
        pattern[used++] = *p;
    }
    snprintf(pattern + used, 64, "/*%s", end);
    names[0] = '\0';
    if (glob(pattern, 0, NULL, &found) != 0) return 0;
    size_t count = found.gl_pathc;
    ht_text_copy(to, PATH_SIZE, found.gl_pathv[0]);
    for (size_t i = 0; i < count; i++) {
        const char *slash = strrchr(found.gl_pathv[i], '/');
        size_t length = strlen(names);
        if (length < 220)
            snprintf(names + length, 300 - length, "%s%.60s", i ? ", " : "", slash ? slash + 1 : "");
        else if (i + 1 == count)
            snprintf(names + length, 300 - length, " …");
    }
    globfree(&found);
    return count;
}

/* What stands for the directory. */
static ht_code choose(const char *folder, char to[PATH_SIZE], ht_notes *notes, ht_error *err)
{
    static const char *const usual[] = {"checkpoint.safetensors", "model.safetensors",
                                        "model.safetensors.index.json"};
    char names[300];
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (ht_file_join(to, PATH_SIZE, folder, usual[i], err) != HT_OK) return err->code;
        if (ht_file_exists(to)) return HT_OK;
    }
    size_t count = find_only(folder, index_end, to, names);
    if (count == 0) count = find_only(folder, ".safetensors", to, names);
    if (count == 1) return ht_notes_add(notes, "%s: %s is read, the only one there", folder, names), HT_OK;
    if (count > 1)
        return ht_error_set(err, HT_FAIL,
                            "%s: is no run directory (no checkpoint.safetensors), but holds %zu models or "
                            "parts of one, and no index: %s; give one of the files, or put "
                            "model.safetensors.index.json there",
                            folder, count, names);
    return ht_error_set(err, HT_FAIL,
                        "%s: is no run directory with a checkpoint.safetensors (`heavytail train --run DIR` "
                        "makes one), and holds no .safetensors file",
                        folder);
}

/* ---- all ---- */

static bool ends_in(const char *path, const char *end)
{
    size_t length = strlen(path), tail = strlen(end);
    return length >= tail && strcmp(path + length - tail, end) == 0;
}

ht_weights *ht_weights_open(const char *path, ht_notes *notes, ht_error *err)
{
    char chosen[PATH_SIZE];
    ht_weights *w = ht_alloc(1, sizeof *w, "the list of tensors", err);
    if (!w) return NULL;
    ht_code code = HT_OK;
    if (ht_file_is_dir(path)) {
        code = choose(path, chosen, notes, err);
        path = chosen;
    }
    if (code == HT_OK)
        code = ends_in(path, ".index.json") ? open_index(w, path, notes, err) : open_one(w, path, notes, err);
    if (code == HT_OK) return w;
    ht_weights_close(w);
    return NULL;
}

void ht_weights_close(ht_weights *w)
{
    if (!w) return;
    for (int f = 0; f < w->file_count; f++) {
        ht_safetensors_close(w->file[f]);
        free(w->path[f]);
        free(w->name[f]);
    }
    ht_free(w->at);
    ht_free(w);
}

const char *ht_weights_metadata(const ht_weights *w, const char *key)
{
    return ht_safetensors_metadata(w->file[0], key);
}

size_t ht_weights_count(const ht_weights *w)
{
    return w->count;
}

const char *ht_weights_file(const ht_weights *w, size_t i)
{
    return w->path[w->at[i].file];
}

ht_code ht_weights_describe(const ht_weights *w, size_t i, ht_tensor_info *info, ht_error *err)
{
    return ht_safetensors_describe(w->file[w->at[i].file], w->at[i].number, info, err);
}

ht_code ht_weights_load(ht_weights *w, size_t i, float **f32, double **f64, ht_error *err)
{
    ht_tensor_info info;
    *f32 = NULL, *f64 = NULL;
    if (ht_weights_describe(w, i, &info, err) != HT_OK) return err->code;
    return ht_safetensors_load(w->file[w->at[i].file], &info, f32, f64, err);
}
