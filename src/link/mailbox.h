/* mailbox.h - hands weights, or a glimpse at them, from the trainer to who looks: one buffer, owned
 * alternately.
 *
 * The analyst asks; at the next step boundary the trainer copies its weights in and hands the buffer over;
 * the analyst gives it back by asking again. The trainer never waits. */
#ifndef HT_LINK_MAILBOX_H
#define HT_LINK_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "heavytail/params.h"
#include "heavytail/prune.h"
#include "link/messages.h"
#include "nn/capture.h"

typedef struct ht_mailbox ht_mailbox;

typedef struct ht_weight_snapshot {
    uint64_t step;
    double seconds;      /* of training until then */
    uint32_t generation; /* resets so far */
    uint64_t revision;   /* of the run's changes, the last one: with the step, which weights these are */
    bool settled;        /* training stands still: look thoroughly */
    bool fresh;          /* a control has changed, and its law has not settled: look often */
    ht_effort effort;
    int layer;          /* that is picked (ht_layer_picked) … */
    bool watched;       /* … with pictures of its tail while training runs */
    ht_prune_spec look; /* what to read off the pruning curve; the analyst knows the calibration samples */
    ht_analysis_request request;
    ht_capture *capture; /* the weights; owned by the mailbox */
} ht_weight_snapshot;

/* `workers`: threads of the pool that fills the snapshots. A glimpse holds no copy of the weights. */
ht_mailbox *ht_mailbox_new(const ht_network *shape, int workers, ht_error *err);
ht_mailbox *ht_mailbox_new_glimpse(const ht_network *shape, int workers, ht_error *err);
void ht_mailbox_free(ht_mailbox *box);

/* Trainer: the snapshot to fill, or NULL while none is asked for. Then hand it over. */
ht_weight_snapshot *ht_mailbox_wanted(ht_mailbox *box);
void ht_mailbox_deliver(ht_mailbox *box);

/* Analyst: asks (giving back the last snapshot) and waits. NULL when the mailbox was closed. */
ht_weight_snapshot *ht_mailbox_wait(ht_mailbox *box);

/* Any thread: ends all waiting, now and later. */
void ht_mailbox_close(ht_mailbox *box);
/* Set once it is closed: the flag that cancels the analyst's work. */
const atomic_bool *ht_mailbox_closed(const ht_mailbox *box);
/* Analyst: sleeps up to `seconds`; returns early (false) when the mailbox is closed or the trainer wakes it.
 */
bool ht_mailbox_sleep(ht_mailbox *box, double seconds);
void ht_mailbox_wake(ht_mailbox *box);
/* Trainer: the snapshot it has delivered is out of date, another one follows. Wakes too. */
void ht_mailbox_poke(ht_mailbox *box);
/* Has the trainer poked since it delivered the snapshot, or is the mailbox closed? What takes long then
 * ends. */
bool ht_mailbox_poked(const ht_mailbox *box);
/* The same, to cancel work by (base/cancel.h). */
const atomic_bool *ht_mailbox_poked_flag(const ht_mailbox *box);

/* Trainer: other methods are asked for (bit 1 << method); sleep ends, what is still asked for goes on. */
void ht_mailbox_ask(ht_mailbox *box, unsigned methods);
/* Analyst: what is asked for now; *again tells whether that happened since the snapshot was delivered. */
unsigned ht_mailbox_asked(const ht_mailbox *box, bool *again);

#endif
