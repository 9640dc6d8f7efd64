/* ghost.h - runs kept for comparison: the curves, the last look of the analyst, and the settings, as they
 * were when the run was pinned. Drawn dimmed in every chart. At most HT_GHOSTS, a few MB each; the memory of
 * one that went is kept for the next. */
#ifndef HT_VIEW_GHOST_H
#define HT_VIEW_GHOST_H

#include "chart/chart.h"
#include "view/model.h"

typedef struct ht_ghost {
    char letter;   /* 'A' … */
    char name[32]; /* that the user gave it; "": its settings tell it apart */
    uint64_t step;
    bool twin;    /* goes on: the run without noise beside this one (lab/lab_twin.c) */
    bool shelved; /* the list of runs owns it (runs/shelf.h): out of the charts it stays there */
    bool left;    /* steps that were left by going back: has the whole history that the run had then */
    ht_params params;
    double test_loss, test_accuracy;
    ht_curve trace[HT_TRACE_COUNT];
    ht_heat heat;
    int moment_count;
    ht_moment moments[HT_MODEL_MARKS];
    ht_labels labels;
    ht_report report;
    struct ht_ghost *next; /* free: its memory is kept for the next ghost */
} ht_ghost;

/* Keeps the run as it stands. With HT_GHOSTS kept already the oldest goes: *dropped is then its letter, else
 * 0. NULL with *err set when there is no memory. */
ht_ghost *ht_ghost_pin(ht_model *model, char *dropped, ht_error *err);

/* The same of another run than the one that is shown. */
ht_ghost *ht_ghost_pin_other(ht_model *model, const ht_model *other, char *dropped, ht_error *err);

/* The ghost takes in how the run that it was pinned of stands now. */
void ht_ghost_follow(ht_ghost *ghost, const ht_model *run);

/* The twin's, while it is there: it may be dropped like any other, or give way. NULL. */
ht_ghost *ht_ghost_twin(const ht_model *model);
void ht_ghost_drop_twin(ht_model *model);

/* The newest ghost takes in what the run has done since it was pinned; its settings stay. */
void ht_ghost_catch_up(ht_model *model);

/* The run goes forward again, to `step` of a future that was left and that a ghost keeps: its history comes
 * back from there. At the very end of that future the ghost goes. */
void ht_ghost_return(ht_model *model, uint64_t step);

/* A reset leaves this run: its history is kept (without memory it is not). */
void ht_ghost_leave_run(ht_model *model);

/* Across a reset, back or forth: this run and the one that was left change places. False if that is not kept:
 * the history is then still the wrong one. */
bool ht_ghost_exchange_run(ht_model *model);

/* Drops the one pinned last; returns its letter, 0 if there is none. */
char ht_ghost_drop(ht_model *model);

/* Drops all of them and the run that was left, and frees their memory. */
void ht_ghost_free_all(ht_model *model);

/* The one pinned last, or NULL. */
ht_ghost *ht_ghost_newest(const ht_model *model);

/* "A plain": the letter and the name; or "A no noise": what set it apart from the run that is shown now. */
void ht_ghost_label(const ht_model *model, const ht_ghost *ghost, char *to, size_t size);

/* A ghost of the list of runs comes into the charts; false when there are HT_GHOSTS. Out of them; is it in
 * them? */
bool ht_ghost_show(ht_model *model, ht_ghost *ghost);
void ht_ghost_hide(ht_model *model, const ht_ghost *ghost);
bool ht_ghost_shown(const ht_model *model, const ht_ghost *ghost);
/* Drops this one. */
void ht_ghost_take(ht_model *model, const ht_ghost *ghost);

/* Its role goes by its letter: whatever else is dropped, it keeps its colour. */
ht_role ht_ghost_role(const ht_ghost *ghost);

/* Adds the series of ghost i to a chart: named "A", or with its name or settings where there is room for
 * them, and with its letter at its line. NULL like ht_chart_add. */
ht_series *ht_ghost_add(const ht_model *model, ht_chart *chart, int i, int columns, int count);

#endif
