#include "engine/watch.h"

#include <math.h>

/* eco is what a lab took that nobody looks at for long. */
static const ht_watch_pace paces[HT_EFFORTS] = {
    [HT_EFFORT_ECO] = {.glimpse = 0.002,
                       .glimpse_period = 0.5,
                       .tail = 0.003,
                       .tail_watched = 0.0015,
                       .tail_period = 0.5,
                       .curve = 0.003,
                       .curve_watched = 0.01,
                       .curve_period = 0.35,
                       .method = 0.006,
                       .text = 0.003},
    [HT_EFFORT_NORMAL] = {.glimpse = 0.018,
                          .glimpse_period = 0.095,
                          .tail = 0.034,
                          .tail_watched = 0.02,
                          .tail_period = 0.15,
                          .curve = 0.016,
                          .curve_watched = 0.02,
                          .curve_period = 0.42,
                          .method = 0.01,
                          .text = 0.012},
    [HT_EFFORT_FULL] = {.glimpse = 0.06,
                        .glimpse_period = 0.03,
                        .tail = 0.15,
                        .tail_watched = 0.05,
                        .tail_period = 0.06,
                        .curve = 0.10,
                        .curve_watched = 0.15,
                        .curve_period = 0.10,
                        .method = 0.05,
                        .text = 0.06},
};

ht_watch_pace ht_watch_at(ht_effort effort, bool fresh)
{
    static const double often = 4; /* times as much of the tail, whose answer is waited for */
    ht_watch_pace pace = paces[effort];
    if (fresh && effort != HT_EFFORT_ECO) {
        pace.glimpse = paces[HT_EFFORT_FULL].glimpse;
        pace.glimpse_period = paces[HT_EFFORT_FULL].glimpse_period;
        pace.tail = often * paces[HT_EFFORT_NORMAL].tail;
        pace.tail_period = paces[HT_EFFORT_FULL].tail_period;
    }
    return pace;
}

ht_watch_pace ht_watch_evaluating(ht_watch_pace pace)
{
    static const double given = 0.4, seldom = 1.5; /* share of the tail's share; seconds */
    double all = pace.tail + pace.curve;
    pace.tail -= given * pace.tail;
    pace.tail_watched -= given * pace.tail_watched;
    pace.curve = all - pace.tail;
    pace.curve_watched = fmax(pace.curve_watched, all - pace.tail_watched);
    pace.curve_period = fmax(pace.curve_period, seldom);
    return pace;
}

double ht_watch_due(bool settled, double began, double cost, double share, double period)
{
    return settled ? 0 : began + fmax(cost / share, period);
}
