/* run_history.h - a run's rows of metrics.csv one after the other, each with the settings that were in force
 * and with its time. One thread; the directory may be another process's, nothing in it changes. */
#ifndef HT_EXPORT_RUN_HISTORY_H
#define HT_EXPORT_RUN_HISTORY_H

#include "engine/run/past.h"

typedef struct ht_run_history {
    const ht_past *past;
    size_t *path, changes; /* the changes that led to where it stands; none without a journal */
    size_t row, change;    /* that come next */
    double began;          /* seconds since 1970; 0: not known */
    struct ht_run_history_mark {
        double step, seconds; /* both rising */
    } * mark;                 /* (marks) what the journal tells of the time */
    size_t marks;
    ht_metrics metrics; /* of the row, and … */
    ht_params params;   /* … in force there */
    double wall;        /* seconds since 1970, pauses left out: steps between two lines of the journal are
                           taken to have lasted alike */
} ht_run_history;

/* `params`: the settings of the run, which hold where there is no journal. ht_run_history_end always. */
ht_code ht_run_history_begin(ht_run_history *history, const ht_past *past, const ht_params *params,
                             ht_error *err);
void ht_run_history_end(ht_run_history *history);

/* The next row; false when there is none. */
bool ht_run_history_next(ht_run_history *history);

/* When the weights after `step` steps were, as `wall`. */
double ht_run_history_wall(const ht_run_history *history, uint64_t step);

/* Is it a setting that may change while training, and a number? Those go beside the metrics. */
bool ht_run_history_tells(ht_param p);

#endif
