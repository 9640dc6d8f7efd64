/* analyst.h - analyses a copy of the weights: tail and pruning curves (glimpses are glimpse.h). Runs on its
 * own thread, nice. While training runs tail and node curve each come as often as their share of the machine
 * allows (watch.h): a cheaper estimator means more looks. What takes longer waits until training stands
 * still, or until it is asked for, and ends early when training goes on. */
#ifndef HT_ENGINE_ANALYST_H
#define HT_ENGINE_ANALYST_H

#include "heavytail/dataset.h"
#include "link/mailbox.h"
#include "link/messages.h"
#include "link/triple.h"

typedef struct ht_analyst ht_analyst;

/* Fills *report about the weights in `capture`, which are those of `step`: the tail of the first layer, the
 * pruning that `look` asks for, and the node curve. `samples` is what pruning is evaluated on. The first
 * report of its run (count 1). Pure; used headless. */
ht_code ht_analyze(ht_report *report, const ht_capture *capture, uint64_t step, const ht_samples *samples,
                   const ht_prune_spec *look, ht_error *err);

/* Starts the thread. Borrows everything; `reports` is written by this thread only. */
ht_analyst *ht_analyst_start(ht_mailbox *box, const ht_dataset *data, ht_triple *reports, int cores,
                             ht_error *err);
/* Closes the mailbox; false when the thread has not ended within so many seconds. */
bool ht_analyst_gone(ht_analyst *analyst, double seconds);
void ht_analyst_stop(ht_analyst *analyst); /* closes the mailbox and joins */

#endif
