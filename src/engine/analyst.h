/* analyst.h - looks at a copy of the weights: histogram, norms, tail, pruning curve. Runs on its own
 * thread, nice +10. */
#ifndef HT_ENGINE_ANALYST_H
#define HT_ENGINE_ANALYST_H

#include "heavytail/dataset.h"
#include "link/mailbox.h"
#include "link/messages.h"
#include "link/triple.h"

typedef struct ht_analyst ht_analyst;

/* Fills *report about the weights in `tap`, the tail of the first layer. `samples` is what the pruning curve
 * is evaluated on. On failure (memory) the report keeps count 0 for what could not be made. Pure; also used
 * headless. */
ht_code ht_analyze(ht_report *report, const ht_tap *tap, const ht_samples *samples, const ht_prune_spec *look,
                   ht_error *err);

/* Starts the thread. Borrows everything; `reports` is written by this thread only. */
ht_analyst *ht_analyst_start(ht_mailbox *box, const ht_dataset *data, ht_triple *reports, int cores,
                             ht_error *err);
void ht_analyst_stop(ht_analyst *analyst); /* closes the mailbox and joins */

#endif
