#include "weights/weights.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/alloc.h"
#include "base/file.h"
#include "data/checksum.h"
#include "weights/shard.h"

enum { PATH_SIZE = 4096, FILES = 512, INDEX_LIMIT = 100000000 };

static const char file_end[] = ".safetensors", index_end[] = ".index.json",
                  any_index[] = ".safetensors.index.json", any_part[] = ".safetensors-*-of-*";

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
    bool ours; /* looked for once: a file of others may have a hundred thousand tensors */
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

static ht_code beside(const char *path, const char *name, char to[PATH_SIZE], ht_error *err)
{
    int folder = (int)(ht_file_name(path) - path),
        length = snprintf(to, PATH_SIZE, "%.*s%s", folder, path, name);
    if (length >= 0 && length < PATH_SIZE) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%.80s.../%.80s: the path is too long", path, name);
}

/* The path of a file that the index at `path` names: of that very directory. */
static ht_code shard_path(const char *path, const char *name, char to[PATH_SIZE], ht_error *err)
{
    char folder[PATH_SIZE], real[PATH_MAX], home[PATH_MAX];
    if (!name[0] || strchr(name, '/') || strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
        return ht_error_set(err, HT_FAIL, "%s: names '%.100s', which is no file of the index's own directory",
                            path, name);
    ht_file_folder(path, folder, sizeof folder);
    if (beside(path, name, to, err) != HT_OK) return err->code;
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

/* ---- several files of a directory ---- */

typedef struct found {
    size_t count;
    bool one_model; /* all are parts of one */
    char first[PATH_SIZE], names[300];
} found;

static void add_name(found *f, const char *name, bool last)
{
    size_t length = strlen(f->names);
    if (length < 220)
        snprintf(f->names + length, sizeof f->names - length, "%s%.60s", length ? ", " : "", name);
    else if (last)
        snprintf(f->names + length, sizeof f->names - length, " …");
}

/* ---- parts without an index ---- */

/* All parts are there; else the first that is not is named. `first`: 0 or 1. */
static ht_code check_parts(const char *path, const ht_shard *part, unsigned first, ht_error *err)
{
    char name[HT_SHARD_NAME], to[PATH_SIZE], missing[HT_SHARD_NAME] = "";
    unsigned lost = 0, last = part->of - 1 + first;
    if (part->of == 0 || part->number < first || part->number > last)
        return ht_error_set(err, HT_FAIL, "%s: calls itself part %u of %u, which cannot be; rename it", path,
                            part->number, part->of);
    if (part->of > FILES)
        return ht_error_set(err, HT_FAIL, "%s: is one of more than %d files of one model", path, FILES);
    for (unsigned i = first; i <= last; i++) {
        ht_shard_name(ht_file_name(path), part, i, name);
        if (beside(path, name, to, err) != HT_OK) return err->code;
        if (!ht_file_exists(to) && lost++ == 0) strcpy(missing, name);
    }
    if (lost == 0) return HT_OK;
    return ht_error_set(err, HT_FAIL,
                        "%s: is part %u of %u of a model; missing: %s (%u in all); put all parts there, or "
                        "rename the file if it is a whole",
                        path, part->number, part->of, missing, lost);
}

/* A tensor that two parts have is one of two. */
static ht_code check_duplicates(const ht_weights *w, ht_error *err)
{
    ht_tensor_info info;
    for (int f = 1; f < w->file_count; f++)
        for (size_t i = 0; i < ht_safetensors_count(w->file[f]); i++) {
            if (ht_safetensors_describe(w->file[f], i, &info, err) != HT_OK) return err->code;
            for (int g = 0; g < f; g++)
                if (ht_safetensors_has(w->file[g], info.name))
                    return ht_error_set(
                        err, HT_FAIL,
                        "%s: %.60s is in %s, too, and no index says which one counts; put the "
                        "model's index there",
                        w->path[f], info.name, w->name[g]);
        }
    return HT_OK;
}

static ht_code open_parts(ht_weights *w, const char *path, const ht_shard *part, ht_notes *notes,
                          ht_error *err)
{
    char name[HT_SHARD_NAME], to[PATH_SIZE];
    ht_shard_name(ht_file_name(path), part, 0, name);
    if (beside(path, name, to, err) != HT_OK) return err->code;
    unsigned first = part->number == 0 || ht_file_exists(to) ? 0 : 1;
    if (check_parts(path, part, first, err) != HT_OK) return err->code;
    for (unsigned i = first; i < part->of + first; i++) {
        ht_shard_name(ht_file_name(path), part, i, name);
        if (shard_path(path, name, to, err) != HT_OK || add_file(w, to, name, err) != HT_OK) return err->code;
    }
    if (check_duplicates(w, err) != HT_OK) return err->code;
    ht_notes_add(notes, "%s: is part %u of %u of a model, which is read whole", path, part->number, part->of);
    return list(w, NULL, notes, err);
}

/* The index that belongs to a part, as hubs name it. */
static ht_code index_of(const char *path, const ht_shard *part, char to[PATH_SIZE], ht_error *err)
{
    char name[HT_SHARD_NAME];
    snprintf(name, sizeof name, "%.*s", (int)(part->stem ? part->stem - 1 : 0), ht_file_name(path));
    if (beside(path, name, to, err) != HT_OK) return err->code;
    size_t length = strlen(to);
    snprintf(to + length, PATH_SIZE - length, "%s%s", ht_text_ends(name, file_end) ? "" : file_end,
             index_end);
    return HT_OK;
}

/* A name that says "part" without a total: whoever finds another part beside it is told that a part is no
 * model. */
static ht_code check_piece(const char *path, ht_notes *notes, ht_error *err)
{
    char folder[PATH_SIZE];
    found others = {0};
    ht_piece piece = ht_shard_piece(ht_file_name(path));
    if (piece == HT_PIECE_NO) return HT_OK;
    snprintf(folder, sizeof folder, "%.*s", (int)(ht_file_name(path) - path), path);
    DIR *dir = opendir(folder[0] ? folder : ".");
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (ht_shard_pieces(ht_file_name(path), entry->d_name) && ++others.count)
            add_name(&others, entry->d_name, false);
    if (dir) closedir(dir);
    if (others.count > 0)
        return ht_error_set(
            err, HT_FAIL,
            "%s: is by its name a part of a model, others lie beside it: %s; give the model's "
            "index, join them into one file, or rename it if it is a whole",
            path, others.names);
    if (piece == HT_PIECE_YES)
        ht_notes_add(notes, "%s: its name says that it is a part of a model; it is read alone", path);
    return HT_OK;
}

/* A file; one that calls itself a part stands for its whole model. */
static ht_code open_file(ht_weights *w, const char *path, ht_notes *notes, ht_error *err)
{
    char index[PATH_SIZE];
    ht_shard part;
    if (ht_text_ends(path, index_end)) return open_index(w, path, notes, err);
    if (!ht_shard_parse(ht_file_name(path), &part)) {
        ht_code code = add_file(w, path, path, err);
        if (code == HT_OK) code = check_piece(path, notes, err);
        return code == HT_OK ? list(w, NULL, notes, err) : code;
    }
    /* What is no safetensors file at all is named for what it is, not for its parts. */
    ht_safetensors *probe = ht_safetensors_open(path, err);
    if (!probe) return err->code;
    ht_safetensors_close(probe);
    if (index_of(path, &part, index, err) != HT_OK) return err->code;
    if (!ht_file_exists(index)) return open_parts(w, path, &part, notes, err);
    if (open_index(w, index, notes, err) != HT_OK) return err->code;
    for (int f = 0; f < w->file_count; f++)
        if (strcmp(w->name[f], ht_file_name(path)) == 0)
            return ht_notes_add(notes, "%s: is part %u of %u of a model, which is read whole, by %s", path,
                                part.number, part.of, index),
                   HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: is not among the files that %s names; rename one of them", path,
                        index);
}

/* ---- a directory ---- */

/* The files of the directory whose names end so. */
static size_t find_all(const char *folder, const char *end, found *f)
{
    glob_t list;
    char pattern[2 * PATH_SIZE + 64];
    size_t used = 0;
    *f = (found){.one_model = true};
    for (const char *p = folder; *p && used + 3 < 2 * PATH_SIZE; p++) {
        if (strchr("*?[\\", *p)) pattern[used++] = '\\';
        pattern[used++] = *p;
    }
    snprintf(pattern + used, 64, "%s*%s", ht_text_ends(folder, "/") ? "" : "/", end);
    if (glob(pattern, 0, NULL, &list) != 0) return 0;
    f->count = list.gl_pathc;
    ht_text_copy(f->first, PATH_SIZE, list.gl_pathv[0]);
    for (size_t i = 0; i < f->count; i++) {
        const char *name = ht_file_name(list.gl_pathv[i]);
        f->one_model = f->one_model && ht_shard_same_model(ht_file_name(f->first), name);
        add_name(f, name, i + 1 == f->count);
    }
    globfree(&list);
    return f->count;
}

/* An index, or what there is without one. */
static ht_code choose_unusual(const char *folder, found *f, ht_notes *notes, ht_error *err)
{
    bool index = find_all(folder, any_index, f) > 0;
    if (!index && find_all(folder, file_end, f) == 0) find_all(folder, any_part, f);
    if (f->count == 1) ht_notes_add(notes, "%s: %s is read, the only one there", folder, f->names);
    if (f->count == 1 || (f->count > 1 && f->one_model)) return HT_OK;
    if (index)
        return ht_error_set(err, HT_FAIL, "%s: holds %zu models, each with its index: %s; give one of these",
                            folder, f->count, f->names);
    if (f->count > 1)
        return ht_error_set(err, HT_FAIL,
                            "%s: is no run directory (no checkpoint.safetensors), but holds %zu models or "
                            "parts of one, and no index: %s; give one of the files, or put "
                            "model.safetensors.index.json there",
                            folder, f->count, f->names);
    return ht_error_set(err, HT_FAIL,
                        "%s: is no run directory with a checkpoint.safetensors (`heavytail train --run DIR` "
                        "makes one), and holds no .safetensors file",
                        folder);
}

/* What stands for the directory. */
static ht_code choose(const char *folder, char to[PATH_SIZE], ht_notes *notes, ht_error *err)
{
    enum { RUN, WHOLE, INDEX };
    static const char *const usual[] = {[RUN] = "checkpoint.safetensors",
                                        [WHOLE] = "model.safetensors",
                                        [INDEX] = "model.safetensors.index.json"};
    found f;
    if (access(folder, R_OK | X_OK) != 0)
        return ht_error_set(err, HT_FAIL, "%s: cannot be read: %s", folder, strerror(errno));
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (ht_file_join(to, PATH_SIZE, folder, usual[i], err) != HT_OK) return err->code;
        if (!ht_file_exists(to)) continue;
        size_t others = i == WHOLE ? find_all(folder, file_end, &f) : 1;
        if (others > 1)
            ht_notes_add(notes, "%s: %s is read, one of %zu files there: %s", folder, usual[i], others,
                         f.names);
        return HT_OK;
    }
    ht_code code = choose_unusual(folder, &f, notes, err);
    ht_text_copy(to, PATH_SIZE, f.first);
    return code;
}

/* ---- all ---- */

static bool find_ours(const ht_weights *file)
{
    static const char *const marks[] = {"heavytail.step", "heavytail.activation", HT_CHECKSUM_KEY};
    bool first = false, marked = false;
    ht_error ignored; /* it has been opened: its header is good */
    ht_tensor_info info;
    if (ht_weights_metadata(file, "heavytail.names")) return false;
    for (size_t i = 0; i < ht_weights_count(file) && !first; i++)
        first = ht_weights_describe(file, i, &info, &ignored) == HT_OK &&
                (strcmp(info.name, "layers.0.weight") == 0 || strcmp(info.name, "layers.0.tokens") == 0);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        marked = marked || ht_weights_metadata(file, marks[i]);
    return first && marked;
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
    if (code == HT_OK) code = open_file(w, path, notes, err);
    if (code == HT_OK) {
        w->ours = find_ours(w);
        return w;
    }
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

ht_code ht_weights_load_part(ht_weights *w, size_t i, size_t first, size_t count, float *f32, double *f64,
                             ht_error *err)
{
    ht_tensor_info info;
    if (ht_weights_describe(w, i, &info, err) != HT_OK) return err->code;
    return ht_safetensors_load_part(w->file[w->at[i].file], &info, first, count, f32, f64, err);
}

bool ht_weights_ours(const ht_weights *file)
{
    return file->ours;
}
