/* glance.h - histogram, norms and κ of the first layer, many times a second: a thread of its own, so that no
 * long look keeps them waiting. A training step fills what it needs shard by shard (nn/capture), without a
 * copy of the weights. */
#ifndef HT_ENGINE_GLANCE_H
#define HT_ENGINE_GLANCE_H

#include "link/mailbox.h"
#include "link/triple.h"

typedef struct ht_glancer ht_glancer;

/* Borrows both; `glances` (of ht_glance) is written by this thread only. */
ht_glancer *ht_glancer_start(ht_mailbox *box, ht_triple *glances, int cores, ht_error *err);
/* Closes the mailbox; false when the thread has not ended within so many seconds. */
bool ht_glancer_gone(ht_glancer *glancer, double seconds);
void ht_glancer_stop(ht_glancer *glancer); /* closes the mailbox and joins */

#endif
