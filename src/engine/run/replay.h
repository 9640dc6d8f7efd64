/* replay.h - makes the weights of a run again from its journal. */
#ifndef HT_ENGINE_RUN_REPLAY_H
#define HT_ENGINE_RUN_REPLAY_H

#include "engine/run/journal.h"
#include "engine/trainer.h"

/* Asked before every step; false stops the replay. */
typedef bool ht_replay_watch(void *context, uint64_t step);

/* Takes a trainer that is fresh from journal->initial along the path to `entry`: every change of that path at
 * its step, then on to the entry's own step. What rewinding and undo left behind is not made again, nor
 * anything before the last reset but its parameters: the weights do not depend on it. HT_FAIL when a step is
 * refused, memory is short, or `watch` (may be NULL) stops it. */
ht_code ht_replay(ht_trainer *trainer, const ht_journal *journal, size_t entry, ht_replay_watch *watch,
                  void *context, ht_error *err);

/* The entry of the state that the trainer has read from the checkpoint at `path` (in the directory `at`,
 * file.h); journal->count when the journal does not tell of it. Parameters that training depends on become
 * those of the state: what there is in the file depends on train.average, and it is read again if that was
 * another. */
ht_code ht_replay_find(ht_trainer *trainer, int at, const char *path, const ht_journal *journal,
                       size_t *entry, ht_error *err);

#endif
