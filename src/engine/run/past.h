/* past.h - what a run was, as its directory tells it: the rows of metrics.csv and the changes that led to
 * where it stands. Nothing in the directory changes. */
#ifndef HT_ENGINE_RUN_PAST_H
#define HT_ENGINE_RUN_PAST_H

#include "engine/run/rundir.h"

typedef struct ht_past {
    ht_metrics *rows; /* (count) */
    size_t count;
    bool has_journal; /* it is whole: */
    ht_journal journal;
    ht_text text; /* the journal as it is on disk, of any size */
} ht_past;

/* HT_FAIL names what is damaged; the rest is there all the same. Any one thread. ht_past_free always. */
ht_code ht_past_read(ht_past *past, const char *dir, ht_error *err);
void ht_past_free(ht_past *past);

/* The last change in the journal, after which the run goes on. */
size_t ht_past_last(const ht_past *past);

#endif
