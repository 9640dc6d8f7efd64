/* watch.h - how often is looked while training runs: THE table of what ui.effort means. The threads of
 * glimpse and analyst read it. */
#ifndef HT_ENGINE_WATCH_H
#define HT_ENGINE_WATCH_H

#include "link/messages.h"

enum { HT_WATCH_NICE = 5 }; /* of threads that look: keys and training come first */

/* Shares are of the machine; a period is counted from the start of one look to that of the next. */
typedef struct ht_watch_pace {
    double glimpse,
        glimpse_period;          /* share of glimpses, with what a step spends on them; least period, in s */
    double tail, tail_watched;   /* share of the tail; and while the pruning view hides it */
    double tail_period;          /* more often is not read */
    double curve, curve_watched; /* share of the node curve; and while the pruning view shows it */
    double method;               /* share of the method of the settings, if it is another */
    double text;                 /* share of text that is sampled, where it is shown */
    double curve_period;         /* with fewer samples it comes so often where it can */
} ht_watch_pace;

/* `fresh`: a control has changed, and its law has not settled yet: other efforts than eco then look more
 * often. */
ht_watch_pace ht_watch_at(ht_effort effort, bool fresh);

/* The same shares for a network whose node curve is made of evaluations: it needs more, and the tail gives
 * it.
 */
ht_watch_pace ht_watch_evaluating(ht_watch_pace pace);

/* When, on the clock, to look again after a look that began then and cost so many seconds of a thread: by its
 * share of a core, and no sooner than its period. What was looked at while training stood still (`settled`)
 * has taken nothing from it: at once. */
double ht_watch_due(bool settled, double began, double cost, double share, double period);

#endif
