/* shelf.h - the runs to compare with: earlier ones of this session and those in run directories. A run that
 * is ticked is one of the model's ghosts (view/ghost.h), drawn in every chart; the shelf keeps the others.
 * Owned by the UI thread. */
#ifndef HT_VIEW_RUNS_SHELF_H
#define HT_VIEW_RUNS_SHELF_H

#include "view/ghost.h"
#include "view/runs/chooser.h"

/* A run takes some MB. */
enum { HT_SHELF = 24, HT_SHELF_SESSION = 6 };

typedef struct ht_shelved {
    ht_ghost *ghost;           /* owned */
    char path[HT_CHOICE_PATH]; /* of its directory; "": a run of this session … */
    unsigned number;           /* … the first, the second … */
    bool read, wanted;         /* the directory was read; it is to be ticked then */
    bool saved, has_state;     /* there is a checkpoint; how it stands is known: */
    ht_state state;
    double written;                            /* the last time, in seconds since 1970 */
    uint64_t mark;                             /* of its files as they were read */
    char problem[sizeof((ht_error *)0)->text]; /* why it could not be read; "": it could */
} ht_shelved;

typedef struct ht_shelf {
    int count;
    ht_shelved run[HT_SHELF];
    unsigned runs;      /* of this session, so far */
    int chosen, column; /* in the list; the first run that the table shows */
    double now;         /* in seconds since 1970 */
    ht_chooser chooser;
} ht_shelf;

/* A row of the list: the ghosts that no shelf keeps first, in their order. */
typedef struct ht_run_row {
    ht_shelved *run; /* NULL: of a pinned ghost */
    ht_ghost *ghost;
} ht_run_row;

int ht_shelf_rows(const ht_model *model);
ht_run_row ht_shelf_row(const ht_model *model, int i);

/* The model's shelf, made where there is none. NULL with *err set. */
ht_shelf *ht_shelf_of(ht_model *model, ht_error *err);
/* After ht_ghost_free_all; NULL is fine. */
void ht_shelf_free(ht_shelf *shelf);

/* One more run, as yet empty. HT_FAIL: the shelf is full, or there is no memory. */
ht_shelved *ht_shelf_add(ht_shelf *shelf, ht_error *err);
ht_shelved *ht_shelf_find(ht_shelf *shelf, const char *path); /* NULL: not there */

/* Keeps the run that is about to be left; the oldest of this session that is not ticked gives way. */
ht_code ht_shelf_keep(ht_model *model, ht_error *err);

/* Into the charts, or out of them: a pinned ghost goes to the shelf. HT_USAGE: there are HT_GHOSTS already;
 * the twin has a key of its own; what was not read cannot be shown. */
ht_code ht_shelf_tick(ht_model *model, int row, ht_error *err);

/* Off the list, and out of the charts. */
void ht_shelf_drop(ht_model *model, int row);

#endif
