/* source.h - where the files of a data set are: the directory asked for, $HEAVYTAIL_DATA, the user's data. */
#ifndef HT_DATA_SOURCE_H
#define HT_DATA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "data/loader.h"
#include "heavytail/status.h"

/* Endings a file may have, in the order they are tried: a NULL-terminated list, "" for none. */
typedef const char *const ht_endings[];

/* Folders of a place, a NULL-terminated list. */
typedef const char *const ht_folders[];

/* Finds the directory that holds `stem` with one of `endings`: <place>/<folder> or <place>, for each place in
 * order. `to` has HT_DATA_PATH bytes. If there is none, one error says what was looked for, where, and what
 * to do. */
ht_code ht_source_dir(const ht_data_request *request, const char *folder, const char *stem,
                      ht_endings endings, char *to, ht_error *err);

/* The same for a set that may lie in one of several folders of a place, tried in their order ("" is the place
 * itself; the list ends with NULL). A folder whose name speaks of another set (data/load/known.h) is taken
 * only when no other folder has the files, or none of the directory that was asked for. */
ht_code ht_source_dir_in(const ht_data_request *request, ht_folders folders, const char *stem,
                         ht_endings endings, char *to, ht_error *err);

/* Whether some place has `name`, in one of the folders or by itself; its path in `to`. For hints. */
bool ht_source_has(const ht_data_request *request, ht_folders folders, const char *name, char *to);

/* The file `stem` + ending in `dir`, or in a folder of its own name there (as some archives unpack); an error
 * if it is missing beside its siblings. */
ht_code ht_source_file(const char *dir, const char *stem, ht_endings endings, char *to, ht_error *err);

/* A path a user wrote (csv:, npy:): as it stands, then relative to each place. */
ht_code ht_source_path(const ht_data_request *request, const char *path, char *to, ht_error *err);

/* Whether a path leads nowhere but below the places, taken as it is written (links that somebody has made
 * there are his own doing): for names that come from strangers. */
bool ht_source_inside(const char *path, const char *dir);

#endif
