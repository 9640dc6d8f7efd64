/* cancel.h - cooperative cancelling. A thread names once the flag by which its work is cancelled; loops over
 * tasks, samples and steps check it and leave out what they have not begun. A caller that passes results on
 * calls ht_still_wanted first: a flag that is set stays set, so HT_OK means that nothing is missing. */
#ifndef HT_BASE_CANCEL_H
#define HT_BASE_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "heavytail/status.h"

/* For what this thread does from now on, and for the tasks that it gives to a pool (base/pool.h); not for
 * threads that it starts. The flag must live as long. NULL: what begins now is done to its end. Returns the
 * flag that was named before. */
const atomic_bool *ht_cancel_by(const atomic_bool *flag);
const atomic_bool *ht_cancel_flag(void);

bool ht_cancelled(void); /* false in a thread that named no flag */

/* HT_FAIL with *err set when the work was cancelled. */
ht_code ht_still_wanted(ht_error *err);

#endif
