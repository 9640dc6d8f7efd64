/* lab.h - the state of the open lab, and what its keys, mouse and scripts do. UI thread only. */
#ifndef HT_LAB_LAB_H
#define HT_LAB_LAB_H

#include "experiment/compare.h"
#include "experiment/width_sweep.h"
#include "session/session.h"
#include "engine/runner.h"
#include "lab/lab_past.h"
#include "render/cells.h"
#include "render/screen.h"
#include "term/cast.h"
#include "term/term.h"
#include "view/keymap.h"
#include "view/layout.h"
#include "view/model.h"

enum { HT_AHEAD = 256 };

typedef struct ht_change { /* for undo */
    ht_param param;
    double before, after;
    const char *state; /* not a parameter, but what left a state of the run behind: "the pruning" … */
    unsigned number;   /* … and which of those it was */
    bool label;        /* nor that, but the words at a step: */
    uint64_t step;
    char text_before[HT_LABEL_TEXT], text_after[HT_LABEL_TEXT];
} ht_change;

typedef struct ht_lab {
    ht_session *session;
    ht_runner *runner;
    ht_recorder *recorder; /* NULL without --run */
    ht_cast *cast;         /* --record: what is shown goes there; NULL without */
    ht_past past;          /* of a run that is taken up, until the screen shows it … */
    ht_error past_damage;  /* … and what of that could not be read; HT_OK: nothing */
    bool lost;             /* the run directory is not where it was; that has been told */
    ht_model *model;
    ht_cells *cells;
    ht_screen screen;
    ht_layout layout;
    bool dirty, urgent, quit;
    bool stuck;               /* at the end: a thread still computes, and what it uses must stay */
    ht_event ahead[HT_AHEAD]; /* typed while the data were opened */
    int ahead_count;
    bool ahead_typed;  /* … and among it what opens a prompt, into which a q would go */
    uint32_t restart;  /* the command that goes back to step 0, until the trainer has done it; else 0 */
    uint64_t revision; /* the last one the screen has seen */
    double drawn, last_event;
    ht_panel_id dashboard_focus; /* where the frame was when another view got it */
    bool watched;                /* the analyst was told that the tails are in sight */
    int noise_before;            /* the type that `n` brings back */
    int undo_count, undo_limit;  /* changes made and still undoable; changes that redo could bring back */
    ht_change undo[HT_UNDO];
    unsigned states;             /* left behind so far; undo reaches the last */
    ht_analysis_request request; /* what the analyst was asked for last */
    ht_width_sweep *width_sweep; /* the one that runs, or NULL */
    double width_sweep_looked;
    ht_compare *compare; /* the one that runs, or NULL */
    double compare_looked;
    /* A run directory of the list of runs while it is read, or NULL. */
    struct ht_run_reading *reading;
    struct ht_played *lesson;           /* the one that is played, or NULL */
    uint32_t applied;                   /* the last command that the trainer has answered */
    struct ht_lab_trainings *trainings; /* of other programs, watched instead of one of its own, or NULL */
    struct ht_twin *twin;               /* the run without noise beside this one, or NULL */
    bool resumes;                       /* the main run goes on after the width sweep or the comparison */
    bool stopping;                      /* the width sweep or the comparison was told to stop … */
    ht_action follow;                   /* … and this view's training starts then, or HT_DO_NOTHING */
    bool picture_due; /* one is to be written, once no key comes for a moment: many keys must not make many
                         files */
    bool noted;       /* the message is a note of ours, until the next key … */
    char standing[HT_MESSAGE]; /* … brings back the trainer's message */
    ht_text long_messages; /* lines: those that the screen had no room for, to be told when it is closed */
    bool moved;            /* the mouse has, since the last frame: what comes many times is looked at once */
    ht_event move;
    bool points;          /* … and no key came since: ? is about the word there */
    bool held;            /* the button went down before this event */
    bool dragging;        /* a slider: */
    ht_param drag_param;  /* whose */
    ht_rect drag_track;   /* where it is on the screen */
    bool drag_remembered; /* for undo: the drag goes on with that change */
    char *script;         /* --script: the text, and how much of it is done */
    size_t script_at, script_size;
    double script_wait; /* time before which nothing is read */
} ht_lab;

/* Opens the terminal, in the theme of the settings; a model and cells are there then. `script`: NULL: none.
 */
ht_code ht_lab_open_screen(ht_lab *lab, const ht_params *params, const char *script, ht_error *err);
/* All panels at once: what stands in several of them is of one moment. */
void ht_lab_draw(ht_lab *lab);
/* The same, where something has changed and its time has come. */
void ht_lab_frame(ht_lab *lab);
/* Sleeps until something comes from the terminal, or the next frame; then does what keys, mouse and script
 * say. */
void ht_lab_listen(ht_lab *lab);

void ht_lab_event(ht_lab *lab, const ht_event *event);
/* The mouse has moved: kept until ht_lab_take_move, which comes once a frame and before any other event. */
void ht_lab_keep_move(ht_lab *lab, const ht_event *event);
void ht_lab_take_move(ht_lab *lab);

/* Into the model; a note is not replaced by a state without a message. */
void ht_lab_sample(ht_lab *lab, const ht_sample *sample);

/* Seconds that each thread gets to end in order when the lab is left (0.1); one that needs longer is not
 * waited for, and the whole process ends with _exit. Who runs the lab inside another program sets it higher
 * before. */
extern double ht_lab_end_seconds;

/* One line at the bottom: a note (good) or a warning, until the next key. */
void ht_lab_note(ht_lab *lab, bool good, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* After a frame of so many columns: keeps the message for later if it stood there in part only. */
void ht_lab_message_drawn(ht_lab *lab, int columns);

/* Writes the picture that is due, if one is. */
void ht_lab_picture(ht_lab *lab);

/* Takes in what trainer, analyst and the runs in the background have sent; the lab is dirty then. */
void ht_lab_receive(ht_lab *lab);

/* The twin as it stands: a model that is only read. NULL without one. */
const ht_model *ht_lab_twin_model(const ht_lab *lab);
void ht_lab_twin_end(ht_lab *lab);
/* Stops it within so many seconds; false: it still computes, and what it uses must stay. */
/* Looks at the layer that is picked. */
void ht_lab_twin_layer(ht_lab *lab);
bool ht_lab_twin_gone(ht_lab *lab, double seconds);

/* Run directories beside this run (view/runs/shelf.h). Puts one on the list, to be shown once it is read;
 * HT_USAGE: it is none. */
ht_code ht_lab_runs_add(ht_lab *lab, const char *path, ht_error *err);
/* Those on the list, at once: by any one thread, before the lab is open. Then shows them, and tells what is
 * wrong with them. */
void ht_lab_runs_read(ht_lab *lab);
void ht_lab_runs_welcome(ht_lab *lab);
/* Stops reading within so many seconds; false: it goes on, and what it uses must stay. */
bool ht_lab_runs_gone(ht_lab *lab, double seconds);

/* Begins lesson `number`: its settings, from step 0. HT_USAGE: this lab cannot (other data, another network),
 * or there is no such lesson. */
ht_code ht_lab_lesson_begin(ht_lab *lab, int number, ht_error *err);
void ht_lab_lesson_end(ht_lab *lab);
/* Goes on by itself; true if there is something new to show. */
bool ht_lab_lesson_poll(ht_lab *lab);

struct ht_claim;
/* For who plays a lesson without a reader: no time is taken to read, and every key must be pressed. */
typedef void ht_lab_hear(void *context, int step, const struct ht_claim *claim, bool holds,
                         const char *values);
void ht_lab_lesson_check(ht_lab *lab, ht_lab_hear *hear, void *context);
int ht_lab_lesson_key(ht_lab *lab);         /* the next that the step wants pressed, or 0 */
bool ht_lab_lesson_over(const ht_lab *lab); /* its last step is done */
/* Where it stands: "step 3 (Noise): waits for …". */
void ht_lab_lesson_tell(const ht_lab *lab, char *to, size_t size);

/* Asks the analyst for what the screen shows, if that is something else than before. */
void ht_lab_look(ht_lab *lab);

/* Takes in how a running width sweep or comparison stands; true if there is something new to show. */
bool ht_lab_background_poll(ht_lab *lab);

/* Writes the screen as it was drawn last: a picture, text with colours, or text, by the path's ending. */
ht_code ht_lab_dump(ht_lab *lab, const char *path, ht_error *err);

/* A script is lines of: key NAME | type TEXT | wait SECONDS | wait step>=N (also: step N) | # comment. */
ht_code ht_lab_script_load(ht_lab *lab, const char *path, ht_error *err);
bool ht_lab_scripted(const ht_lab *lab); /* lines are left */
bool ht_lab_script(ht_lab *lab);         /* carries out what is due; true if something was done */

#endif
