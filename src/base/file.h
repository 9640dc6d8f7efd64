/* file.h - whole files in and out. A file appears under its name only when it is complete. */
#ifndef HT_BASE_FILE_H
#define HT_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "heavytail/status.h"

/* Reads a regular file of at most `limit` bytes. *data (caller frees with ht_free) gets one extra '\0'. */
ht_code ht_file_read(const char *path, size_t limit, char **data, size_t *size, ht_error *err);

/* For a file that is read piece by piece: opens a regular file and says how large it is; the caller closes
 * the descriptor. -1 with *err set. */
int ht_file_open(const char *path, uint64_t *size, ht_error *err);

/* `size` bytes from `offset` on; fewer are a failure. */
ht_code ht_file_read_at(int fd, const char *path, void *to, size_t size, uint64_t offset, ht_error *err);

typedef struct ht_part {
    const void *data;
    size_t size;
} ht_part;

/* Writes the parts one after the other to "<path>.tmp-<pid>" in the same directory, fsyncs, renames over
 * `path` and fsyncs the directory. On failure the old file stays. */
ht_code ht_file_write_parts(const char *path, const ht_part *parts, size_t count, ht_error *err);
ht_code ht_file_write(const char *path, const void *data, size_t size, ht_error *err); /* of one part */

/* Appends a whole line (or several) to a file, making it if needed. On failure the file is as it was. */
ht_code ht_file_append(const char *path, const void *data, size_t size, ht_error *err);

/* Leaves the first `size` bytes of a file, in place, and fsyncs. */
ht_code ht_file_cut(const char *path, uint64_t size, ht_error *err);

/* Makes a directory and its parents; an existing directory is fine. */
ht_code ht_file_make_dir(const char *path, ht_error *err);

/* Makes an empty file of this name, unless there is one already: *taken. Of two programs that ask at the same
 * moment one gets it. */
ht_code ht_file_take_name(const char *path, bool *taken, ht_error *err);

bool ht_file_exists(const char *path);
bool ht_file_is_dir(const char *path);

/* Of "a/b.npy" the last component, "b.npy", within the path; "" of a path that ends with '/'. */
const char *ht_file_name(const char *path);
/* … without its last ending, "b"; what begins with a '.' keeps it. */
void ht_file_stem(const char *path, char *to, size_t size);
/* … and the folder of it, "a"; "." where the path names none, "/" of what lies there. */
void ht_file_folder(const char *path, char *to, size_t size);

/* "dir/name" into `to`. HT_FAIL if it does not fit. */
ht_code ht_file_join(char *to, size_t size, const char *dir, const char *name, ht_error *err);

/* ---- in a directory that is held open ----
 *
 * `at` is its descriptor (AT_FDCWD: none). The file is the last component of `path` in it, whatever has
 * become of the directory's name meanwhile; messages say `path`. */

/* A file as its writer has left it. */
typedef struct ht_file_mark {
    bool there;
    struct stat as; /* of the name: a link is not followed */
} ht_file_mark;

ht_file_mark ht_file_mark_in(int at, const char *path);
/* Is there no file now, or that one, untouched? NULL: any is good. */
bool ht_file_is_marked(int at, const char *path, const ht_file_mark *mark);

int ht_file_open_in(int at, const char *path, uint64_t *size, ht_error *err);
ht_code ht_file_read_in(int at, const char *path, size_t limit, char **data, size_t *size, ht_error *err);
/* HT_FAIL with nothing changed when the work is cancelled (cancel.h). `old`: what may be replaced, asked at
 * the last moment; the file of another program stays, with HT_FAIL. It becomes the mark of the new file. */
ht_code ht_file_write_in(int at, const char *path, const ht_part *parts, size_t count, ht_file_mark *old,
                         ht_error *err);

/* A file replaced piece by piece: what is written to the descriptor appears under the name with the commit.
 * The descriptor stays open for reading and appending; after a failure the file is to be abandoned. */
int ht_file_begin_in(int at, const char *path, ht_error *err);
ht_code ht_file_commit_in(int at, const char *path, int fd, ht_file_mark *old, ht_error *err);
void ht_file_abandon_in(int at, const char *path, int fd); /* closes it */

/* Opens a file for reading, appending and cutting; never through a link. */
int ht_file_change_in(int at, const char *path, bool create, uint64_t *size, ht_error *err);
ht_code ht_file_append_to(int fd, const char *path, const void *data, size_t size, ht_error *err);
ht_code ht_file_cut_to(int fd, const char *path, uint64_t size, ht_error *err); /* fsyncs, too */
ht_code ht_file_sync_to(int fd, const char *path, ht_error *err);

/* Removes what a program that was killed has left of a file: "<name>.tmp-<pid>" of any process. */
void ht_file_remove_temporaries_in(int at, const char *name);

/* Replaces this program by a new start of it, under its own name (not "exe"). Returns only when that fails.
 */
void ht_file_exec_self(char *const argv[]);

#endif
