/* lab_past.h - what a run was before it is looked at or taken up again, in the model that is shown. */
#ifndef HT_LAB_LAB_PAST_H
#define HT_LAB_LAB_PAST_H

#include "engine/run/past.h"
#include "view/model.h"

/* Curves and changes up to `step` of the state that `entry` of the journal tells of, after so many seconds of
 * training, into a model that is new; its settings stay. */
ht_code ht_past_show(const ht_past *past, size_t entry, uint64_t step, double seconds, ht_model *model,
                     ht_error *err);

#endif
