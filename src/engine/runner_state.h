/* runner_state.h - what the files of the runner share: runner.c is the thread and its training,
 * runner_commands.c carries out the screen's commands, runner_tell.c answers. After the start only
 * `commands`, `samples` and the triple buffers, `wake`, `quit` and `next_seq` are touched by the screen's
 * thread. */
#ifndef HT_ENGINE_RUNNER_STATE_H
#define HT_ENGINE_RUNNER_STATE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "engine/analyst.h"
#include "engine/glimpse.h"
#include "engine/jury.h"
#include "engine/run/recorder.h"
#include "engine/runner.h"
#include "engine/timeline.h"
#include "link/mailbox.h"
#include "link/ring.h"
#include "link/triple.h"
#include "nn/evaluation.h"

enum { HT_HELD_ROWS = 64 };

struct ht_runner {
    ht_trainer *trainer;
    const ht_dataset *data;
    ht_pool *pool;
    ht_ring *commands, *samples;
    ht_triple *reports, *glimpses, *stored, *epochs;
    ht_recorder *recorder; /* or NULL */
    ht_mailbox *box, *glimpse_box;
    ht_analyst *analyst;
    ht_glimpser *glimpser;
    pthread_t thread;
    bool started;
    atomic_bool quit;  /* the thread is to end: this cancels what no command asked for … */
    atomic_bool hurry; /* … and this, a little later, what a command asked for */
    sem_t wake;        /* one post a command: a paused trainer sleeps on it */
    uint32_t next_seq; /* UI side */

    /* trainer's thread */
    ht_state state;
    uint32_t applied_seq, generation;
    ht_timeline *timeline;
    double store_due; /* in seconds of training */
    uint64_t run, undo_run,
        runs; /* which run since a reset this is, and the one that undo goes to; how many */
    bool single, past_criterion; /* past_criterion: the user went on after "done" */
    int layer;                   /* whose weights are looked at, or HT_ALL_LAYERS … */
    bool watched;                /* … with pictures while training runs */
    bool settled, glimpsed;      /* the analyst has the weights as they stand; and who glimpses */
    ht_effort effort;
    double fresh_until;                     /* on the clock: a control has changed, quick looks until then */
    ht_analysis_request request;            /* what it is to look at */
    double masked;                          /* share of the hidden weights that stay zero */
    uint64_t epochs_told;                   /* epochs validated when they were published last */
    uint64_t evaluation_step;               /* of the last one … */
    double evaluation_end, evaluation_cost; /* … when it ended, and the time it computed */
    double evaluation_wall;                 /* how long one that is made at once takes */
    bool scoring;                           /* one is in the making: */
    ht_network *scored;                     /* of this copy of the weights … */
    ht_evaluation *scorer;                  /* … by this; NULL: all are made at once */
    ht_sample score;                        /* all of it but the score */
    double score_due;                       /* its next piece, on the clock; without a recorder */
    bool heard;                             /* what was done last between two steps: hearing the jury */
    ht_jury *jury;
    bool taken, under_way;        /* this step's state was given to it; steps were made since RUN */
    int held_count;               /* rows of metrics that are not recorded while … */
    ht_sample held[HT_HELD_ROWS]; /* … a state before them is still to be judged */
    /* While the ring is full (the screen does not read), by kind: steps folded, the latest evaluation and
     * state. */
    ht_sample pending[HT_SAMPLE_STATE + 1];
    bool has_pending[HT_SAMPLE_STATE + 1];
};

/* ---- runner_tell.c ---- */

/* One of that kind as things stand. */
ht_sample ht_runner_sample(const ht_runner *r, ht_sample_kind kind);

/* To the screen, and to the recorder; waits nowhere: what finds no room is folded or kept. */
void ht_runner_emit(ht_runner *r, const ht_sample *sample);

/* Pushes what had to wait; false while something still waits. */
bool ht_runner_flush(ht_runner *r);

void ht_runner_enter(ht_runner *r, ht_state state, const char *message);

/* Says something without changing anything. */
void ht_runner_say(ht_runner *r, const char *message);

/* To be called whenever the mask may have changed. */
void ht_runner_note_mask(ht_runner *r);

/* What was told of the epochs, as it is now: also after a way back, or a resumed run. */
void ht_runner_tell_epochs(ht_runner *r);

/* Which states are kept. */
void ht_runner_tell_stored(ht_runner *r);

/* What the screen shows is no longer how things stand: it is looked at again. */
void ht_runner_stir(ht_runner *r);

/* ---- runner_score.c ---- */

/* After the first score: room for those that are made a piece at a time, if it took long. */
void ht_runner_prepare_score(ht_runner *r);

/* A test score of the weights as they are; `row`: also a row of metrics. Where it would hold training up it
 * is only begun; one in the making is finished before it, as below. */
void ht_runner_evaluate(ht_runner *r, bool row);

bool ht_runner_scores(const ht_runner *r); /* one is in the making, and a piece of it is due */
void ht_runner_score_piece(ht_runner *r);  /* makes that piece */

bool ht_runner_owes_row(const ht_runner *r); /* the one in the making will be a row of metrics */

/* Such a score is finished at once: its row belongs before what comes now. One that is no row is given up. */
void ht_runner_end_score(ht_runner *r);

/* For tests: scores that take so many seconds or more are made a piece at a time, and a piece goes on for so
 * many, whatever the steps left until the next score ask for. To be set while no runner runs. */
void ht_runner_pace_scores(double slow, double piece);

/* ---- runner_jury.c ---- */

/* May a step be made, as far as the ends of a run are concerned? Enters DONE when it has ended. */
bool ht_runner_may_train(ht_runner *r);

/* A piece of what is to be judged, between two steps; the run may have ended then. */
void ht_runner_hear(ht_runner *r);

/* The run is about to become another: what was to be judged counts no more. */
void ht_runner_discharge(ht_runner *r);

/* The end of the thread: steps beyond a state that was not judged do not count. */
void ht_runner_settle(ht_runner *r);

/* ---- runner_commands.c ---- */

void ht_runner_apply(ht_runner *r, const ht_command *command);

/* The state is kept to go back to; the next one is due so much later that copying stays cheap. */
void ht_runner_store(ht_runner *r);

#endif
