/* session.h - what every command that trains needs: settings, data, threads, network, and the run directory
 * if there is one. */
#ifndef HT_SESSION_SESSION_H
#define HT_SESSION_SESSION_H

#include "session/arguments.h"
#include "session/data_options.h"
#include "engine/run/rundir.h"
#include "engine/trainer.h"

typedef struct ht_session {
    ht_params params;
    ht_dataset *data;
    ht_pool *pool;
    ht_trainer *trainer;
    ht_rundir *dir;  /* NULL without --run */
    ht_text journal; /* what the run has been told so far, as in journal.jsonl; at most HT_JOURNAL_LIMIT */
    bool resumed;
    double planned; /* resumed: train.steps as it was before */
} ht_session;

/* A journal that is longer does not go into pictures. */
enum { HT_JOURNAL_LIMIT = 3 << 20 };

/* Opens everything for `args` and `run` (NULL: no directory). An existing run brings its own settings; --set
 * may change what can change live. Free with ht_session_close, also after a failure. */
ht_code ht_session_open(ht_session *session, const ht_arguments *args, const char *run, ht_error *err);
/* Its two halves: the settings, at once; then what takes its time. */
ht_code ht_session_settings(ht_session *session, const ht_arguments *args, const char *run, ht_error *err);
ht_code ht_session_load(ht_session *session, const ht_arguments *args, const char *run, ht_error *err);
/* The same for settings that are known; no directory. `data_dir` may be NULL. */
ht_code ht_session_of(ht_session *session, const ht_params *params, const char *data_dir, ht_error *err);
/* Opens the run in `run` to look at it: nothing in the directory changes, and it may be in use. */
ht_code ht_session_view(ht_session *session, const ht_arguments *args, const char *run, ht_error *err);
/* Data, threads and a fresh network for these settings; no directory. */
ht_code ht_session_make(ht_session *session, const ht_params *params, const ht_arguments *args,
                        ht_error *err);
/* Changes a LIVE or VIEW parameter before training starts, and says so in the journal. Nothing to do if it
 * has that value. */
ht_code ht_session_set(ht_session *session, ht_param p, double value, ht_error *err);
/* What was guessed of the file it begins with; and in what a resumed run differs from one in one piece, if
 * its end was moved. */
void ht_session_notes(const ht_session *session, ht_notes *notes);
/* The labels of a resumed run; none of another. */
const ht_labels *ht_session_labels(const ht_session *session);
void ht_session_close(ht_session *session);

#endif
