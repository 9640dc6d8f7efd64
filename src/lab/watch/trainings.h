/* trainings.h - trainings of others as the lab keeps them: what was seen of each, in the order in which it
 * came, and how the model of the screen is filled from it. UI thread. */
#ifndef HT_LAB_WATCH_TRAININGS_H
#define HT_LAB_WATCH_TRAININGS_H

#include "follow/news.h"
#include "view/ghost.h"
#include "view/watched/watched.h"

enum { HT_FORMER_RUNS = 3 };

/* One series of states (follow.h), with the metrics of its path; or these alone. */
typedef struct ht_training {
    int path;
    char name[HT_WATCHED_NAME], *series; /* NULL: only metrics so far */
    ht_history history;
    ht_news *look;                   /* the latest; NULL: none */
    ht_news *former[HT_FORMER_RUNS]; /* the last looks of the runs before, the newest first; NULL */
    ht_news *rows;                   /* metrics; NULL */
    double added;                    /* the step up to which the model has its looks; NaN: begin anew */
    double rows_added;               /* the same of its metrics */
} ht_training;

typedef struct ht_trainings {
    ht_watched watched; /* what panels see */
    const char *given[HT_FOLLOW_PATHS];
    double error; /* κ is read off at this share of the squared norm */
    ht_training *list[HT_WATCHED_MOST];
    int left_out;               /* trainings beyond these */
    bool chosen;                /* somebody has picked the one that is shown */
    ht_ghost *ghost[HT_GHOSTS]; /* made for what else is there, and put away when it changes */
    int ghosts;
    bool stale, stale_ghosts; /* the model is to be filled anew */
    int heat_layer;           /* whose |w| over the steps it is, from here on */
} ht_trainings;

/* Names of paths as given, which must stay. */
ht_code ht_trainings_open(ht_trainings *trainings, const char *const *paths, int count, double error,
                          size_t samples, ht_error *err);
void ht_trainings_close(ht_trainings *trainings, ht_model *model);

/* Takes in what was seen, which is the trainings' from then on; a word about it, or "". */
void ht_trainings_take(ht_trainings *trainings, ht_news *news, char *word, size_t size);

/* Brings the model up to date. */
void ht_trainings_show(ht_trainings *trainings, ht_model *model);

/* The next one in full; false: there is one alone. */
bool ht_trainings_next(ht_trainings *trainings);

/* The one that is shown; NULL: none yet. */
const ht_training *ht_trainings_shown(const ht_trainings *trainings);

#endif
