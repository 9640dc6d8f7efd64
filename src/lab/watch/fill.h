/* fill.h - the model of the screen, filled from what was seen of trainings of others. UI thread. */
#ifndef HT_LAB_WATCH_FILL_H
#define HT_LAB_WATCH_FILL_H

#include "lab/watch/trainings.h"

/* The one that is drawn in full: what is new of it, or all where trainings->stale. */
void ht_fill_shown(ht_trainings *trainings, ht_training *shown, ht_model *model);

/* The others, and the runs of the shown one before, as ghosts: as many as there is room for, others first. */
void ht_fill_ghosts(ht_trainings *trainings, ht_model *model);
void ht_fill_drop_ghosts(ht_trainings *trainings, ht_model *model);

#endif
