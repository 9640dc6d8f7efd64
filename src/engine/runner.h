/* runner.h - a trainer on its own thread, with the analyst beside it. The screen sends commands and receives
 * samples and reports; no side ever waits for another. All functions but start and stop belong to one thread
 * (the UI). */
#ifndef HT_ENGINE_RUNNER_H
#define HT_ENGINE_RUNNER_H

#include "engine/run/recorder.h"
#include "engine/trainer.h"
#include "link/messages.h"

typedef struct ht_runner ht_runner;

/* Starts paused. Borrows the trainer, its data and its pool until ht_runner_stop. */
ht_runner *ht_runner_start(ht_trainer *trainer, const ht_dataset *data, ht_pool *pool, ht_error *err);
/* The same; what happens also goes to `recorder` (NULL: none), borrowed. Without one, evaluations that are
 * due (train.eval_every) are left out while they would take more than 0.5 % of the time: they are for the
 * screen alone. Where one would hold training up it comes some steps after its own, but before the next. */
ht_runner *ht_runner_start_recorded(ht_trainer *trainer, const ht_dataset *data, ht_pool *pool,
                                    ht_recorder *recorder, ht_error *err);
/* Ends training; what it has sent can still be received, and the trainer is the caller's again. */
void ht_runner_join(ht_runner *runner);
/* The same, and the analyst is to end, too, each within so many seconds; false when one of them has not
 * (a large product or LAPACK cannot be stopped): then nothing that they use may be freed. A run that is
 * recorded needs the join before it is saved; else the process may end by _exit. */
bool ht_runner_gone(ht_runner *runner, double seconds);
void ht_runner_stop(ht_runner *runner); /* the same, and frees everything */

/* Sends a command; returns its number, which samples echo as applied_seq. 0 if the ring is full (the thread
 * does not read it). */
uint32_t ht_runner_send(ht_runner *runner, ht_command_kind kind, ht_param param, double value);

uint32_t ht_runner_prune(ht_runner *runner, const ht_prune_intent *intent); /* sends HT_COMMAND_PRUNE */

uint32_t ht_runner_label(ht_runner *runner, uint64_t step, const char *text); /* sends HT_COMMAND_LABEL */

uint32_t ht_runner_look(ht_runner *runner, const ht_analysis_request *request); /* sends HT_COMMAND_LOOK */

bool ht_runner_receive(ht_runner *runner, ht_sample *sample);        /* false when there is nothing new */
const ht_report *ht_runner_report(ht_runner *runner, bool *fresh);   /* the analyst's latest */
const ht_glimpse *ht_runner_glimpse(ht_runner *runner, bool *fresh); /* histogram, norms, κ: often */
const ht_epochs *ht_runner_epochs(ht_runner *runner, bool *fresh);   /* Occam's, and of samples held back */
const ht_stored *ht_runner_stored(ht_runner *runner, bool *fresh);   /* where HT_COMMAND_REWIND can go */

#endif
