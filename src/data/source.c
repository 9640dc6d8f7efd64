#include "data/source.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "heavytail/dataset.h"

enum { PLACES = 3 };

typedef struct places {
    char paths[PLACES][HT_DATA_PATH];
    int count;
} places;

/* "first/second" into a path buffer; false if it is too long. */
static bool join(char *to, const char *first, const char *second)
{
    int length = snprintf(to, HT_DATA_PATH, "%s/%s", first, second);
    return length >= 0 && length < HT_DATA_PATH;
}

/* A place whose name is too long for a path cannot hold a file; it is left out. */
static void add_place(places *list, const char *path, const char *below)
{
    char *to = list->paths[list->count];
    if (!path || !*path || strlen(path) >= HT_DATA_PATH) return;
    ht_text_copy(to, HT_DATA_PATH, path);
    if (!*below || join(to, path, below)) list->count++;
}

static void find_places(const ht_data_request *request, places *list)
{
    const char *data_home = getenv("XDG_DATA_HOME");
    list->count = 0;
    add_place(list, request->dir, "");
    add_place(list, getenv("HEAVYTAIL_DATA"), "");
    /* The XDG rule: an unset, empty or relative value means the default. */
    if (data_home && data_home[0] == '/')
        add_place(list, data_home, "heavytail");
    else
        add_place(list, getenv("HOME"), ".local/share/heavytail");
}

/* The first of `stem` + ending that exists in `dir`. */
static bool find_in(const char *dir, const char *stem, ht_endings endings, char *to)
{
    char name[512];
    for (size_t i = 0; endings[i]; i++) {
        int length = snprintf(name, sizeof name, "%s%s", stem, endings[i]);
        if (length < 0 || (size_t)length >= sizeof name) continue;
        if (join(to, dir, name) && ht_file_exists(to)) return true;
    }
    return false;
}

/* MNIST and Fashion-MNIST have the same file names: a directory called after another set is not ours. */
static bool belongs_to_another(const char *dir, const char *folder)
{
    char last[256];
    size_t end = strlen(dir), count;
    while (end > 0 && dir[end - 1] == '/') end--;
    size_t start = end;
    while (start > 0 && dir[start - 1] != '/') start--;
    if (end - start >= sizeof last) return false;
    memcpy(last, dir + start, end - start);
    last[end - start] = '\0';
    const ht_dataset_info *table = ht_dataset_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(last, table[i].name) == 0 && strcmp(last, folder) != 0) return true;
    return false;
}

static ht_code not_found(const ht_data_request *request, const char *wanted, const places *list,
                         ht_error *err)
{
    char where[320] = "";
    size_t used = 0;
    for (int i = 0; i < list->count && used < sizeof where; i++)
        used +=
            (size_t)snprintf(where + used, sizeof where - used, "%s%.100s", i ? ", " : "", list->paths[i]);
    return ht_error_set(
        err, HT_FAIL,
        "data set '%.60s' not found: looked for %.200s in %s; put the files there, set HEAVYTAIL_DATA to "
        "the directory that has them, or use the embedded set '%s'",
        request->name, wanted, list->count ? where : "no directory (HOME is not set)", request->instead);
}

ht_code ht_source_dir(const ht_data_request *request, const char *folder, const char *stem,
                      ht_endings endings, char *to, ht_error *err)
{
    places list;
    char file[HT_DATA_PATH];
    find_places(request, &list);
    for (int i = 0; i < list.count; i++) {
        if (join(to, list.paths[i], folder) && find_in(to, stem, endings, file)) return HT_OK;
        if (belongs_to_another(list.paths[i], folder)) continue;
        ht_text_copy(to, HT_DATA_PATH, list.paths[i]);
        if (find_in(to, stem, endings, file)) return HT_OK;
    }
    return not_found(request, request->source, &list, err);
}

ht_code ht_source_file(const char *dir, const char *stem, ht_endings endings, char *to, ht_error *err)
{
    if (find_in(dir, stem, endings, to)) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s/%s%s: is missing, though other files of the set are there; copy the whole set into that "
        "directory",
        dir, stem, endings[0]);
}

ht_code ht_source_path(const ht_data_request *request, const char *path, char *to, ht_error *err)
{
    places list;
    ht_text_copy(to, HT_DATA_PATH, path);
    if (strlen(path) >= HT_DATA_PATH)
        return ht_error_set(err, HT_USAGE, "%.80s...: the path is too long", path);
    if (ht_file_exists(path)) return HT_OK;
    find_places(request, &list);
    for (int i = 0; path[0] != '/' && i < list.count; i++)
        if (join(to, list.paths[i], path) && ht_file_exists(to)) return HT_OK;
    return not_found(request, path, &list, err);
}
