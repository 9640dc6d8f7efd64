#include "data/source.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "data/load/known.h"

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

/* The first of `stem` + ending that exists in `dir`; a file goes before a folder of that name, which may hold
 * the file (as one archive of MNIST unpacks). */
static bool find_in(const char *dir, const char *stem, ht_endings endings, char *to)
{
    char name[512], inside[1024];
    bool folder = false;
    for (size_t i = 0; endings[i]; i++) {
        int length = snprintf(name, sizeof name, "%s%s", stem, endings[i]);
        if (length < 0 || (size_t)length >= sizeof name) continue;
        if (!join(to, dir, name) || !ht_file_exists(to)) continue;
        if (!ht_file_is_dir(to)) return true;
        snprintf(inside, sizeof inside, "%s/%s", name, name);
        if (join(to, dir, inside) && ht_file_exists(to)) return true;
        folder = true;
    }
    for (size_t i = 0; folder && endings[i]; i++) {
        snprintf(name, sizeof name, "%s%s", stem, endings[i]);
        if (join(to, dir, name) && ht_file_exists(to)) return true;
    }
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

/* The folder of a place, if its files are there. */
static bool try_folder(const char *place, const char *folder, const char *stem, ht_endings endings, char *to)
{
    char file[HT_DATA_PATH];
    if (*folder ? !join(to, place, folder) : !memccpy(to, place, '\0', HT_DATA_PATH)) return false;
    return find_in(to, stem, endings, file);
}

/* The first folder of a place that has the files. Of its folders, those whose name speaks of another set
 * count only when `any`. */
static bool search_place(const ht_data_request *request, const char *place, ht_folders folders,
                         const char *stem, ht_endings endings, bool any, char *to)
{
    for (int k = 0; folders[k]; k++) {
        if (!try_folder(place, folders[k], stem, endings, to)) continue;
        const char *named = ht_known_by_folder(to);
        if (any || !named || strcmp(named, request->name) == 0) return true;
    }
    return false;
}

ht_code ht_source_dir_in(const ht_data_request *request, ht_folders folders, const char *stem,
                         ht_endings endings, char *to, ht_error *err)
{
    places list;
    find_places(request, &list);
    bool asked = request->dir && *request->dir; /* for the first place: then it is no place to pass over */
    for (int i = 0; i < list.count; i++)
        if (search_place(request, list.paths[i], folders, stem, endings, false, to) ||
            (asked && i == 0 && search_place(request, list.paths[i], folders, stem, endings, true, to)))
            return HT_OK;
    for (int i = 0; i < list.count; i++)
        if (search_place(request, list.paths[i], folders, stem, endings, true, to)) return HT_OK;
    return not_found(request, request->source, &list, err);
}

ht_code ht_source_dir(const ht_data_request *request, const char *folder, const char *stem,
                      ht_endings endings, char *to, ht_error *err)
{
    const char *const folders[] = {folder, "", NULL};
    return ht_source_dir_in(request, folders, stem, endings, to, err);
}

bool ht_source_has(const ht_data_request *request, ht_folders folders, const char *name, char *to)
{
    static const ht_endings none = {"", NULL};
    char folder[HT_DATA_PATH];
    places list;
    find_places(request, &list);
    for (int i = 0; i < list.count; i++)
        for (int k = 0; folders[k]; k++)
            if (try_folder(list.paths[i], folders[k], name, none, folder) && join(to, folder, name))
                return true;
    return false;
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

/* ---- paths of strangers ------------------------------------------------------------------------ */

static bool climbs(const char *path)
{
    for (;;) {
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.') return true;
        if (!path[length]) return false;
        path += length + 1;
    }
}

/* Both absolute. */
static bool below(const char *place, const char *path)
{
    size_t length = strlen(place);
    while (length > 0 && place[length - 1] == '/') length--;
    return strncmp(path, place, length) == 0 && (path[length] == '/' || !path[length]);
}

static bool below_place(const char *place, const char *path)
{
    char *real = realpath(place, NULL);
    bool inside = below(place, path) || (real && below(real, path));
    free(real);
    return inside;
}

bool ht_source_inside(const char *path, const char *dir)
{
    ht_data_request request = {.dir = dir};
    char full[2 * HT_DATA_PATH];
    places list;
    if (climbs(path)) return false;
    ht_text_copy(full, sizeof full, path);
    if (path[0] != '/') {
        /* One that is not here can only be found in a place. */
        char *here = ht_file_exists(path) ? realpath(".", NULL) : NULL;
        if (!here) return true;
        snprintf(full, sizeof full, "%s/%s", here, path);
        free(here);
    }
    find_places(&request, &list);
    for (int i = 0; i < list.count; i++)
        if (below_place(list.paths[i], full)) return true;
    return false;
}
