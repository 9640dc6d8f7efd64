/* lab_trainings.h - the lab on trainings of other programs: no trainer, but a thread that follows their
 * files. */
#ifndef HT_LAB_WATCH_LAB_TRAININGS_H
#define HT_LAB_WATCH_LAB_TRAININGS_H

#include "lab/lab.h"
#include "lab/watch/watcher.h"

/* Once the screen is open and the model is made. Paths and options must stay until it is closed. */
ht_code ht_lab_trainings_open(ht_lab *lab, const char *const *paths, int count,
                              const ht_follow_options *options, ht_error *err);

/* Takes in what the thread has seen; the lab is dirty then. */
void ht_lab_trainings_receive(ht_lab *lab);

/* True if the action has a meaning of its own here, or none: then it says so in one line. */
bool ht_lab_trainings_act(ht_lab *lab, ht_action action);

/* Another layer is picked. */
void ht_lab_trainings_layer(ht_lab *lab);

/* Ends the thread within so many seconds; false: it still computes, and what it uses must stay. */
bool ht_lab_trainings_gone(ht_lab *lab, double seconds);
void ht_lab_trainings_close(ht_lab *lab); /* once it is gone */

#endif
