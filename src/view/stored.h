/* stored.h - the states of the run that one can go back to, as the timeline shows them. Pure. */
#ifndef HT_VIEW_STORED_H
#define HT_VIEW_STORED_H

#include "view/model.h"

/* The stored step nearest to `step`; `step` itself when none is stored. */
double ht_stored_nearest(const ht_stored *stored, double step);

/* The one so many states later (< 0: earlier), at most the first or the last. */
double ht_stored_move(const ht_stored *stored, double step, int states);

/* Would going back to `step` lose later steps that no ghost keeps yet? */
bool ht_stored_leaves(const ht_model *model, uint64_t step);

#endif
