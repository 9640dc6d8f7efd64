/* runfiles.h - the files of a run directory, held by descriptor: what is written goes to the directory that
 * was opened and locked, whatever has its name now. Each file is remembered as we left it, so that a
 * directory or a file that another program has moved, removed or replaced is noticed, and the run is saved
 * aside: files of other programs are never overwritten. Part of rundir.c. One thread at a time. */
#ifndef HT_ENGINE_RUN_RUNFILES_H
#define HT_ENGINE_RUN_RUNFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"

typedef enum ht_runfile {
    HT_RUN_PRESET,
    HT_RUN_JOURNAL,
    HT_RUN_METRICS,
    HT_RUN_BRANCHES,
    HT_RUN_CHECKPOINT,
    HT_RUN_FILES
} ht_runfile;

enum { HT_RUN_PATH = 4096 };

const char *ht_runfile_name(ht_runfile file); /* "preset.ini" */

typedef struct ht_held {
    int fd;            /* -1: not held */
    ht_file_mark mark; /* as we have left it */
} ht_held;

typedef struct ht_runfiles {
    char path[HT_RUN_PATH]; /* for messages, and to see whether the name is still ours */
    int fd;                 /* of the directory; holds the lock */
    ht_held file[HT_RUN_FILES];
    char displaced[512]; /* what happened to the directory that was opened; "" while it is there */
    char lacks[64]; /* files, as a list, whose beginning was gone when the run was saved aside; "": none */
} ht_runfiles;

/* Opens or makes the directory and locks it; one that is in use is refused. Removes what was left half
 * written. */
ht_code ht_runfiles_open(ht_runfiles *files, const char *path, ht_error *err);
void ht_runfiles_close(ht_runfiles *files);

/* "directory/name": what messages and the functions of file.h call it. */
ht_code ht_runfiles_path(const ht_runfiles *files, ht_runfile file, char to[HT_RUN_PATH], ht_error *err);
bool ht_runfiles_has(const ht_runfiles *files, ht_runfile file);

/* Holds a file to append to; with `create` it is made if needed. */
ht_code ht_runfiles_hold(ht_runfiles *files, ht_runfile file, bool create, ht_error *err);
/* Holds `fd`, which has just been put into the file's place. */
void ht_runfiles_adopt(ht_runfiles *files, ht_runfile file, int fd);
/* Remembers a file as it is now, after it was read. */
void ht_runfiles_note(ht_runfiles *files, ht_runfile file);
/* Holds a file that was replaced as its mark says. */
void ht_runfiles_renew(ht_runfiles *files, ht_runfile file);

/* On failure the file is as it was. */
ht_code ht_runfiles_append(ht_runfiles *files, ht_runfile file, const char *data, size_t size, ht_error *err);
ht_code ht_runfiles_cut(ht_runfiles *files, ht_runfile file, uint64_t size, ht_error *err);
ht_code ht_runfiles_sync(ht_runfiles *files, ht_runfile file, ht_error *err); /* if it is held */
ht_code ht_runfiles_remove(ht_runfiles *files, ht_runfile file, ht_error *err);
/* Is the file as we have left it? */
bool ht_runfiles_untouched(const ht_runfiles *files, ht_runfile file);
uint64_t ht_runfiles_size(const ht_runfiles *files, ht_runfile file); /* of one that is held */

/* Are directory and files as we left them? If not: a directory that was moved is written on where it is now;
 * else all that was written is copied to a new directory beside it (or, failing that, in $TMPDIR or /tmp),
 * which takes its place. `displaced` and `path` say what happened. HT_FAIL when that cannot be done: nothing
 * may be written. */
ht_code ht_runfiles_check(ht_runfiles *files, ht_error *err);

#endif
