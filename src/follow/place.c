#include "follow/place.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/hash.h"
#include "weights/shard.h"

static const char weights_end[] = ".safetensors", index_end[] = ".safetensors.index.json",
                  array_end[] = ".npy";

/* Our own journal has steps, too. */
static bool is_metrics(const char *name)
{
    if (strcmp(name, "journal.jsonl") == 0) return false;
    return ht_text_ends(name, ".csv") || ht_text_ends(name, ".jsonl") || ht_text_ends(name, ".ndjson");
}

static bool is_file_by_name(const char *name)
{
    return ht_text_ends(name, weights_end) || ht_text_ends(name, index_end) ||
           ht_text_ends(name, array_end) || is_metrics(name);
}

/* ---- opening ---- */

ht_code ht_place_open(ht_place *p, const char *path, ht_error *err)
{
    *p = (ht_place){0};
    size_t length = strlen(path);
    if (length == 0 || length + 300 > sizeof p->path)
        return ht_error_set(err, HT_FAIL, "%.80s: %s", path, length ? "the path is too long" : "give a path");
    strcpy(p->path, path);
    while (length > 1 && p->path[length - 1] == '/') p->path[--length] = '\0';
    strcpy(p->directory, p->path);
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return ht_error_set(err, HT_FAIL,
                            "%.200s: is a pipe or a device; give the file or the directory that the training "
                            "writes",
                            path);
    if (ht_file_is_dir(path) || (!ht_file_exists(path) && !is_file_by_name(path))) return HT_OK;
    const char *base = ht_file_name(p->path);
    if (strlen(base) >= sizeof p->only)
        return ht_error_set(err, HT_FAIL, "%.80s: the name is too long", path);
    strcpy(p->only, base);
    size_t folder = (size_t)(base - p->path);
    if (folder == 0)
        strcpy(p->directory, ".");
    else
        p->directory[folder > 1 ? folder - 1 : 1] = '\0';
    return HT_OK;
}

void ht_place_close(ht_place *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->states[i].name);
        free(p->states[i].file);
    }
    for (size_t i = 0; i < p->metrics_count; i++) free(p->metrics[i].name);
    for (size_t i = 0; i < p->folder_count; i++) free(p->folders[i].name);
    ht_free(p->states);
    ht_free(p->folders);
    ht_text_free(&p->whole);
    *p = (ht_place){0};
}

bool ht_place_moved(const ht_place *p)
{
    struct stat info;
    bool there = stat(p->directory, &info) == 0 && S_ISDIR(info.st_mode);
    return there != p->there || (there && (info.st_dev != p->device || info.st_ino != p->number));
}

void ht_place_whole(ht_place *p, const char *folder, const char *name)
{
    if (strchr(name, '\n')) return; /* then it is waited for until it is quiet */
    ht_text_add(&p->whole, "\n%s%s\n", folder, name);
}

static bool was_whole(const ht_place *p, const char *name)
{
    char line[HT_PLACE_PATH];
    if (!p->whole.length || snprintf(line, sizeof line, "\n%s\n", name) >= (int)sizeof line) return false;
    return strstr(p->whole.data, line) != NULL;
}

/* ---- names ---- */

/* Which state a file belongs to: "model" for the parts of a model and its index, "*.npy" for arrays; else
 * itself. False: to none. */
static bool state_of(const char *folder, const char *name, char to[HT_PLACE_PATH], bool *arrays)
{
    ht_shard part;
    int stem = -1;
    *arrays = ht_text_ends(name, array_end);
    if (ht_text_ends(name, index_end))
        stem = (int)(strlen(name) - strlen(index_end));
    else if (strstr(name, weights_end) && ht_shard_parse(name, &part))
        stem = (int)part.stem;
    else if (!ht_text_ends(name, weights_end) && !*arrays)
        return false;
    while (stem > 0 && strchr("-._", name[stem - 1])) stem--;
    const int end = (int)strlen(weights_end);
    if (stem > end && strncmp(name + stem - end, weights_end, (size_t)end) == 0) stem -= end;
    if (*arrays)
        snprintf(to, HT_PLACE_PATH, "%s*%s", folder, array_end);
    else if (stem >= 0)
        snprintf(to, HT_PLACE_PATH, "%s%.*s%s", folder, stem, name, index_end);
    else
        snprintf(to, HT_PLACE_PATH, "%s%s", folder, name);
    return true;
}

/* Does the number of so many digits at `at` count steps? After a word that says so; alone; or behind any word
 * and a mark, when it is long ("model-000500", but not "resnet-50"). */
static bool counts_steps(const char *name, size_t at, size_t digits)
{
    enum { LONG = 4 };
    static const char *const words[] = {"step", "steps",     "epoch", "ep",         "e",   "s",
                                        "iter", "iteration", "it",    "checkpoint", "ckpt"};
    size_t end = at;
    while (end > 0 && strchr("-_.=", name[end - 1])) end--;
    size_t from = end;
    while (from > 0 && isalpha((unsigned char)name[from - 1])) from--;
    if (from == end) return end < at || at == 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == end - from && strncasecmp(name + from, words[i], end - from) == 0)
            return true;
    return end < at && digits >= LONG;
}

/* The last such number in name[from, to). */
static double number_in(const char *name, size_t from, size_t to)
{
    double found = (double)NAN;
    for (size_t i = from, end; i < to; i = end) {
        end = i + 1;
        if (!isdigit((unsigned char)name[i])) continue;
        while (end < to && isdigit((unsigned char)name[end])) end++;
        bool whole = end == to || !isalpha((unsigned char)name[end]);
        if (end - i <= 15 && whole && counts_steps(name + from, i - from, end - i))
            found = strtod(name + i, NULL);
    }
    return found;
}

double ht_place_step(const char *name)
{
    const char *base = ht_file_name(name);
    size_t from = (size_t)(base - name), to = strlen(name);
    ht_shard part;
    if (ht_text_ends(name, array_end) || strchr(base, '*')) to = from;
    for (const char *const *end = (const char *const[]){index_end, weights_end, NULL}; *end; end++)
        if (ht_text_ends(name, *end) && to == strlen(name)) to -= strlen(*end);
    if (ht_shard_parse(base, &part)) to = from + part.stem;
    double step = number_in(name, from, to);
    return isnan(step) && from > 0 ? number_in(name, 0, from - 1) : step;
}

void ht_place_series(const char *name, char *to, size_t size)
{
    size_t used = 0;
    bool number = false;
    for (; *name && used + 1 < size; name++) {
        bool digit = isdigit((unsigned char)*name) != 0;
        if (!digit || !number) to[used++] = digit ? '#' : *name;
        number = digit;
    }
    to[used] = '\0';
}

/* ---- lists ---- */

static ht_code no_memory(ht_error *err)
{
    return ht_error_set(err, HT_FAIL, "not enough memory for the list of files");
}

/* One that is there by another name already, as by a link to the directory itself, is not added. */
static ht_code add_folder(ht_place *p, const char *name, const struct stat *info, ht_error *err)
{
    ht_folder *known = NULL;
    for (size_t i = 0; i < p->folder_count; i++) {
        ht_folder *f = &p->folders[i];
        if (strcmp(f->name, name) == 0) known = f;
        if (known != f && f->found && f->device == info->st_dev && f->number == info->st_ino) return HT_OK;
    }
    if (known) {
        known->found = true;
        known->device = info->st_dev;
        known->number = info->st_ino;
        return HT_OK;
    }
    if (p->folder_count == p->folder_room) {
        size_t room = p->folder_room ? 2 * p->folder_room : 8;
        if (ht_grow((void **)&p->folders, p->folder_count, room, sizeof *p->folders, "the list of folders",
                    err) != HT_OK)
            return err->code;
        p->folder_room = room;
    }
    char *copy = strdup(name);
    if (!copy) return no_memory(err);
    p->folders[p->folder_count++] =
        (ht_folder){.name = copy, .watch = -1, .found = true, .device = info->st_dev, .number = info->st_ino};
    return HT_OK;
}

/* Where it stands, or would: lists of states are sorted. */
static size_t position(const ht_place *p, const char *name, bool *there)
{
    size_t low = 0, high = p->count;
    *there = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(p->states[middle].name, name);
        if (order == 0) return *there = true, middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static ht_state *state_named(ht_place *p, const char *name, bool arrays, ht_error *err)
{
    bool there;
    size_t at = position(p, name, &there);
    if (there) return &p->states[at];
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 16;
        if (ht_grow((void **)&p->states, p->count, room, sizeof *p->states, "the list of files", err) !=
            HT_OK)
            return NULL;
        p->room = room;
    }
    char *copy = strdup(name);
    if (!copy) return no_memory(err), NULL;
    memmove(&p->states[at + 1], &p->states[at], (p->count++ - at) * sizeof *p->states);
    p->states[at] = (ht_state){.name = copy, .arrays = arrays};
    return &p->states[at];
}

/* NULL with HT_OK in *err: there are enough already. */
static ht_metrics_file *metrics_named(ht_place *p, const char *name, ht_error *err)
{
    err->code = HT_OK;
    for (size_t i = 0; i < p->metrics_count; i++)
        if (strcmp(p->metrics[i].name, name) == 0) return &p->metrics[i];
    if (p->metrics_count == HT_PLACE_METRICS) {
        p->too_many_metrics = true;
        return NULL;
    }
    char *copy = strdup(name);
    if (!copy) return no_memory(err), NULL;
    p->metrics[p->metrics_count] = (ht_metrics_file){.name = copy};
    return &p->metrics[p->metrics_count++];
}

/* ---- scanning ---- */

static bool later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static uint64_t mark_of(const char *name, const struct stat *info)
{
    const uint64_t words[] = {info->st_dev, info->st_ino, (uint64_t)info->st_size,
                              (uint64_t)info->st_mtim.tv_sec, (uint64_t)info->st_mtim.tv_nsec};
    return ht_hash(ht_hash(HT_HASH_START, name, strlen(name)), words, sizeof words);
}

/* What is found of a state goes where its mark, parts and file are made anew; the old mark is compared at the
 * end. */
typedef struct gathered {
    uint64_t mark;
    bool whole;
} gathered;

static bool wanted(const ht_place *p, const char *name, const char *state)
{
    char only[HT_PLACE_PATH];
    bool arrays;
    if (!p->only[0] || strcmp(name, p->only) == 0) return true;
    if (is_metrics(name))
        return !is_metrics(p->only) &&
               (strcmp(name, "metrics.jsonl") == 0 || strcmp(name, "metrics.csv") == 0);
    if (!state || ht_text_ends(p->only, array_end) || !state_of("", p->only, only, &arrays)) return false;
    return strcmp(state, only) == 0;
}

static ht_code found_weights(ht_place *p, const char *full, const char *state, bool arrays,
                             const struct stat *info, ht_error *err)
{
    ht_state *s = state_named(p, state, arrays, err);
    if (!s) return err->code;
    const char *file = full;
    char folder[HT_PLACE_PATH];
    if (arrays && !p->only[0]) { /* a folder of them */
        snprintf(folder, sizeof folder, "%.*s", (int)(ht_file_name(full) - full), full);
        file = folder;
    }
    if (!s->found) {
        s->parts = 0;
        s->mark = 0;
        s->newest = (struct timespec){0};
        s->whole = true;
    }
    s->found = true;
    bool better = s->parts == 0 || ht_text_ends(file, index_end) ||
                  (!ht_text_ends(s->file, index_end) && strcmp(file, s->file) < 0);
    if (better) {
        free(s->file);
        s->file = strdup(file);
        if (!s->file) return no_memory(err);
    }
    s->parts++;
    s->device = info->st_dev;
    s->number = info->st_ino;
    s->linked = info->st_nlink > 1;
    s->mark += mark_of(full, info);
    s->whole = s->whole && was_whole(p, full);
    if (later(info->st_mtim, s->newest)) s->newest = info->st_mtim;
    return HT_OK;
}

static ht_code found_metrics(ht_place *p, const char *full, const struct stat *info, ht_error *err)
{
    ht_metrics_file *m = metrics_named(p, full, err);
    if (!m) return err->code;
    m->found = true;
    m->device = info->st_dev;
    m->number = info->st_ino;
    m->size = (uint64_t)info->st_size;
    m->written = info->st_mtim;
    return HT_OK;
}

static ht_code found_file(ht_place *p, const char *folder, const char *name, const struct stat *info,
                          ht_error *err)
{
    char full[HT_PLACE_PATH], state[HT_PLACE_PATH];
    bool arrays, weights = state_of(folder, name, state, &arrays);
    if (snprintf(full, sizeof full, "%s%s", folder, name) >= (int)sizeof full)
        return HT_OK; /* cannot be opened */
    if (!wanted(p, name, weights ? state : NULL)) return HT_OK;
    if (weights) return found_weights(p, full, state, arrays, info, err);
    return is_metrics(name) ? found_metrics(p, full, info, err) : HT_OK;
}

/* Names of files and folders that are being written, or are of no concern: hidden ones, temporaries, and the
 * state of an optimizer. */
static bool is_aside(const char *name)
{
    return name[0] == '.' || strncmp(name, "tmp", 3) == 0 || strstr(name, ".tmp") || strstr(name, "optim");
}

static ht_code scan_folder(ht_place *p, const char *folder, ht_error *err)
{
    char path[HT_PLACE_PATH], name[HT_PLACE_PATH];
    bool top = folder[0] == '\0';
    struct stat info;
    if (snprintf(path, sizeof path, "%s/%s", p->directory, folder) >= (int)sizeof path) return HT_OK;
    DIR *dir = opendir(path);
    if (!dir && !top && errno == EACCES && !p->closed[0])
        snprintf(p->closed, sizeof p->closed, "%.200s", folder);
    if (!dir && (!top || errno == ENOENT || errno == ENOTDIR)) return HT_OK; /* gone meanwhile */
    if (!dir) return ht_error_set(err, HT_FAIL, "%s: cannot be read: %s", p->directory, strerror(errno));
    ht_code code = HT_OK;
    for (const struct dirent *e; code == HT_OK && (e = readdir(dir));) {
        bool folder_by_type = e->d_type == DT_DIR;
        if (is_aside(e->d_name) && strcmp(e->d_name, p->only) != 0) continue;
        if (!folder_by_type && e->d_type == DT_REG && !is_file_by_name(e->d_name) &&
            !strstr(e->d_name, weights_end))
            continue;
        if (fstatat(dirfd(dir), e->d_name, &info, 0) != 0) continue; /* gone meanwhile */
        if (S_ISREG(info.st_mode)) code = found_file(p, folder, e->d_name, &info, err);
        if (!S_ISDIR(info.st_mode) || !top || p->only[0]) continue;
        if (p->folder_count >= HT_PLACE_FOLDERS) {
            p->too_many = true;
            continue;
        }
        if (snprintf(name, sizeof name, "%s/", e->d_name) < (int)sizeof name)
            code = add_folder(p, name, &info, err);
    }
    closedir(dir);
    return code;
}

/* What was there before, and is compared with what is found. */
static gathered *remember(const ht_place *p, ht_error *err)
{
    gathered *before = ht_alloc(p->count + 1, sizeof *before, "the list of files", err);
    for (size_t i = 0; before && i < p->count; i++)
        before[i] = (gathered){p->states[i].mark, p->states[i].whole};
    return before;
}

/* States that are new have no mark before. */
static void compare(ht_place *p, const gathered *before, size_t count, double now)
{
    for (size_t i = 0, old = 0; i < p->count; i++) {
        ht_state *s = &p->states[i];
        bool is_old = s->known && old < count;
        gathered was = is_old ? before[old++] : (gathered){0};
        s->known = true;
        if (!s->found) continue;
        if (s->mark != was.mark) {
            s->changed = now;
            s->retry = 0;
        } else {
            s->whole = s->whole || was.whole;
        }
    }
}

ht_code ht_place_scan(ht_place *p, double now, ht_error *err)
{
    struct stat info;
    size_t count = p->count;
    gathered *before = remember(p, err);
    if (!before) return err->code;
    for (size_t i = 0; i < p->count; i++) p->states[i].found = false;
    for (size_t i = 0; i < p->metrics_count; i++) p->metrics[i].found = false;
    for (size_t i = 0; i < p->folder_count; i++) p->folders[i].found = false;
    p->there = stat(p->directory, &info) == 0 && S_ISDIR(info.st_mode);
    ht_code code = HT_OK;
    if (p->there) {
        p->device = info.st_dev;
        p->number = info.st_ino;
        code = add_folder(p, "", &info, err);
        for (size_t i = 0; i < p->folder_count && code == HT_OK; i++)
            if (p->folders[i].found) code = scan_folder(p, p->folders[i].name, err);
    }
    compare(p, before, count, now);
    p->whole.length = 0;
    if (p->whole.data) p->whole.data[0] = '\0';
    ht_free(before);
    return code;
}

void ht_place_forget(ht_place *p)
{
    size_t states = 0, folders = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (p->states[i].found) {
            p->states[states++] = p->states[i];
            continue;
        }
        free(p->states[i].name);
        free(p->states[i].file);
    }
    for (size_t i = 0; i < p->folder_count; i++) {
        if (p->folders[i].found) {
            p->folders[folders++] = p->folders[i];
            continue;
        }
        free(p->folders[i].name);
    }
    p->count = states;
    p->folder_count = folders;
}

static bool stat_in(const ht_place *p, const char *name, struct stat *info)
{
    char path[HT_PLACE_PATH];
    ht_error ignored;
    return ht_place_join(p, name, path, &ignored) == HT_OK && stat(path, info) == 0;
}

bool ht_place_same(const ht_place *p, const ht_state *s)
{
    struct stat info;
    if (s->arrays || s->parts != 1 || !stat_in(p, s->file, &info) || mark_of(s->file, &info) != s->mark)
        return false;
    for (size_t i = 0; i < p->metrics_count; i++) {
        const ht_metrics_file *m = &p->metrics[i];
        if (!m->found) continue;
        if (!stat_in(p, m->name, &info) || info.st_dev != m->device || info.st_ino != m->number ||
            (uint64_t)info.st_size != m->size || later(info.st_mtim, m->written))
            return false;
    }
    return true;
}

/* ---- paths ---- */

ht_code ht_place_join(const ht_place *p, const char *name, char to[HT_PLACE_PATH], ht_error *err)
{
    bool here = strcmp(p->directory, ".") == 0 && p->only[0];
    if (snprintf(to, HT_PLACE_PATH, "%s%s%s", here ? "" : p->directory,
                 here || strcmp(p->directory, "/") == 0 ? "" : "/", name) < HT_PLACE_PATH)
        return HT_OK;
    return ht_error_set(err, HT_FAIL, "%.80s/%.80s: the path is too long", p->directory, name);
}

static int by_name(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

static ht_code add_path(char ***paths, int *count, int *room, const char *path, ht_error *err)
{
    if (*count == *room) {
        int more = *room ? 2 * *room : 16;
        if (ht_grow((void **)paths, (size_t)*count, (size_t)more, sizeof **paths, "the list of files", err) !=
            HT_OK)
            return HT_FAIL;
        *room = more;
    }
    char *copy = strdup(path);
    if (!copy) return no_memory(err);
    (*paths)[(*count)++] = copy;
    return HT_OK;
}

static ht_code list_arrays(const char *folder, char ***paths, int *count, ht_error *err)
{
    char path[HT_PLACE_PATH];
    int room = 0;
    ht_code code = HT_OK;
    DIR *dir = opendir(folder);
    if (!dir) return ht_error_set(err, HT_FAIL, "%s: is gone", folder);
    for (const struct dirent *e; code == HT_OK && (e = readdir(dir));) {
        if (!ht_text_ends(e->d_name, array_end) || is_aside(e->d_name)) continue;
        if (snprintf(path, sizeof path, "%s%s%s", folder, ht_text_ends(folder, "/") ? "" : "/", e->d_name) <
            (int)sizeof path)
            code = add_path(paths, count, &room, path, err);
    }
    closedir(dir);
    if (code != HT_OK) return code;
    if (!*paths) return ht_error_set(err, HT_FAIL, "%s: is gone", folder);
    qsort(*paths, (size_t)*count, sizeof **paths, by_name);
    return HT_OK;
}

ht_code ht_place_paths(const ht_place *p, const ht_state *s, char ***paths, int *count, ht_error *err)
{
    char path[HT_PLACE_PATH];
    *paths = NULL;
    *count = 0;
    if (ht_place_join(p, s->file, path, err) != HT_OK) return err->code;
    if (s->arrays && !p->only[0]) return list_arrays(path, paths, count, err);
    *paths = ht_alloc(1, sizeof **paths, "a path", err);
    if (!*paths) return err->code;
    (*paths)[0] = strdup(path);
    *count = (*paths)[0] != NULL;
    return *count ? HT_OK : no_memory(err);
}

void ht_place_paths_free(char **paths, int count)
{
    for (int i = 0; i < count; i++) free(paths[i]);
    ht_free(paths);
}
