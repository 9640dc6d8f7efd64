/* replay.h - makes the weights of a run again from its journal. */
#ifndef HT_ENGINE_REPLAY_H
#define HT_ENGINE_REPLAY_H

#include "engine/journal.h"
#include "engine/trainer.h"

/* Asked before every step; false stops the replay. */
typedef bool ht_replay_watch(void *context, uint64_t step);

/* Takes a trainer that is fresh from journal->initial along the path to `entry`: every change of that path at
 * its step, then on to the entry's own step. What rewinding and undo left behind is not made again, nor
 * anything before the last reset but its parameters: the weights do not depend on it. HT_FAIL when a step is
 * refused, memory is short, or `watch` (may be NULL) stops it. */
ht_code ht_replay(ht_trainer *trainer, const ht_journal *journal, size_t entry, ht_replay_watch *watch,
                  void *context, ht_error *err);

#endif
