/* watch_lab.h - `heavytail watch` in a terminal: the open lab on trainings of other programs. */
#ifndef HT_CLI_WATCH_LAB_H
#define HT_CLI_WATCH_LAB_H

#include "follow/follow.h"

typedef struct ht_watch_lab {
    const char *const *paths;
    int count;
    const ht_follow_options *options;
    const ht_params *params;
    const char *script, *dump; /* NULL: none */
} ht_watch_lab;

/* Until somebody quits. *stuck: a thread still computes then, with what the options point to, and the process
 * can only end. */
ht_code ht_watch_lab_run(const ht_watch_lab *watch, bool *stuck, ht_error *err);

#endif
