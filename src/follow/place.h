/* place.h - what lies where somebody said to look: a file, or a directory and the directories in it. Files
 * that are one state of the weights belong together (the parts of a model, the .npy of a folder); files of
 * metrics stand apart. Looking at the disk is all that this does: what a change means is follow.c's. */
#ifndef HT_FOLLOW_PLACE_H
#define HT_FOLLOW_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/text.h"

enum { HT_PLACE_PATH = 4096, HT_PLACE_FOLDERS = 4096, HT_PLACE_METRICS = 16 };

/* One state of the weights. */
typedef struct ht_state {
    char *name;  /* its own: "step-00000010.safetensors", "checkpoint-500/model.safetensors.index.json" */
    char *file;  /* what it is called now, below the directory: the index, or the first part there is */
    bool arrays; /* `file` is a folder ("" the directory itself), whose .npy files it is */
    size_t parts;
    uint64_t device, number; /* of the last part that was found, */
    bool linked;             /* which has other names, too */
    uint64_t mark;           /* changes with the size, time, number and name of any part */
    struct timespec newest;  /* of the times at which parts were written */
    double changed;          /* when, on the clock, the mark was seen to change */
    double retry;            /* not to be looked at before */
    bool whole;              /* all was put there by renames, or closed by its writer, since then */
    uint64_t looked, told;   /* the marks that were looked at; whose fault was told */
    bool found, known;       /* by this scan; by one before */
} ht_state;

typedef struct ht_metrics_file {
    char *name;
    uint64_t device, number, size;
    struct timespec written;
    bool found;
    void *reader; /* whoever reads it; freed by him */
} ht_metrics_file;

typedef struct ht_folder {
    char *name; /* "" or "checkpoint-500/" */
    int watch;  /* of notice.h; -1: none */
    bool found;
    uint64_t device, number;
} ht_folder;

typedef struct ht_place {
    char path[HT_PLACE_PATH];      /* as given */
    char directory[HT_PLACE_PATH]; /* it, or what it lies in */
    char only[256];                /* the file; "": the whole directory */
    bool there;                    /* at the last scan */
    uint64_t device, number;       /* of the directory */
    ht_state *states;              /* by name */
    size_t count, room;
    ht_metrics_file metrics[HT_PLACE_METRICS]; /* those that are gone stay: their curves are ghosts to come */
    size_t metrics_count;
    ht_folder *folders; /* the first is the directory itself */
    size_t folder_count, folder_room;
    ht_text whole;         /* names, a line each, of what was closed or renamed since the last scan */
    bool too_many_metrics; /* the others are left out */
    char closed[204];      /* the first folder that may not be read; "" without */
    bool too_many;         /* folders: those beyond HT_PLACE_FOLDERS are not looked into */
} ht_place;

/* HT_FAIL for a path that is too long. */
ht_code ht_place_open(ht_place *place, const char *path, ht_error *err);
void ht_place_close(ht_place *place);

/* Was the directory replaced since it was scanned? Costs one call of the system. */
bool ht_place_moved(const ht_place *place);

/* A file in that folder was closed or renamed into it. */
void ht_place_whole(ht_place *place, const char *folder, const char *name);

/* Looks at the disk. States and folders that are gone are still in the lists, not `found`, until
 * ht_place_forget. `now` is the clock's. HT_FAIL: no memory, or the directory cannot be read although it is
 * there. */
ht_code ht_place_scan(ht_place *place, double now, ht_error *err);
void ht_place_forget(ht_place *place);

/* Whether a state of one file, and the metrics, are on the disk as they were scanned: a few calls of the
 * system, where a scan looks at each file there is. False of a state of several files: only a scan can tell.
 */
bool ht_place_same(const ht_place *place, const ht_state *state);

/* "directory/name". HT_FAIL: too long. */
ht_code ht_place_join(const ht_place *place, const char *name, char to[HT_PLACE_PATH], ht_error *err);

/* The paths of a state, as ht_look_take wants them: ht_place_paths_free. */
ht_code ht_place_paths(const ht_place *place, const ht_state *state, char ***paths, int *count,
                       ht_error *err);
void ht_place_paths_free(char **paths, int count);

/* The number in a name, or in its folder's, that counts steps, as "step-00000010", "checkpoint-500/…" and
 * "epoch=3" have it; NaN: none. Pure. */
double ht_place_step(const char *name);

/* The name without its numbers: names that have the same are states of one training. Pure. */
void ht_place_series(const char *name, char *to, size_t size);

#endif
