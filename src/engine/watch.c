#include "engine/watch.h"

/* eco is what a lab took that nobody looks at for long. */
static const ht_watch_pace paces[HT_EFFORTS] = {
    [HT_EFFORT_ECO] = {0.5, 0.003, 0.0015, 0.003, 0.01, 0.006, 0.35},
    [HT_EFFORT_NORMAL] = {0.06, 0.03, 0.015, 0.025, 0.03, 0.01, 0.35},
    [HT_EFFORT_FULL] = {0.03, 0.10, 0.05, 0.10, 0.12, 0.05, 0.10},
};

ht_watch_pace ht_watch_at(ht_effort effort, bool fresh)
{
    static const double often = 3; /* times as much of the tail, whose answer is waited for */
    ht_watch_pace pace = paces[effort];
    if (fresh) {
        pace.glance = paces[HT_EFFORT_FULL].glance;
        pace.tail = often * paces[HT_EFFORT_NORMAL].tail;
    }
    return pace;
}
