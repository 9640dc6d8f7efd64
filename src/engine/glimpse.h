/* glimpse.h - histogram and norms of the picked layer, κ of each and over all, many times a second: a thread
 * of its own, so that no long look keeps them waiting. A training step fills what it needs shard by shard
 * (nn/capture), without a copy of the weights. */
#ifndef HT_ENGINE_GLIMPSE_H
#define HT_ENGINE_GLIMPSE_H

#include "link/mailbox.h"
#include "link/triple.h"

typedef struct ht_glimpser ht_glimpser;

/* Borrows both; `glimpses` (of ht_glimpse) is written by this thread only. */
ht_glimpser *ht_glimpser_start(ht_mailbox *box, ht_triple *glimpses, int cores, ht_error *err);
/* Closes the mailbox; false when the thread has not ended within so many seconds. */
bool ht_glimpser_gone(ht_glimpser *glimpser, double seconds);
void ht_glimpser_stop(ht_glimpser *glimpser); /* closes the mailbox and joins */

#endif
