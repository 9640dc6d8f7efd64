/* run_model.h - a run directory as the model of a screen: its history, and what is found in its weights. */
#ifndef HT_CLI_REPORT_RUN_MODEL_H
#define HT_CLI_REPORT_RUN_MODEL_H

#include "engine/run/past.h"
#include "session/session.h"
#include "view/model.h"

/* Of the run that `session` has opened (ht_session_view). What is damaged in the directory is told, and the
 * model has the rest. *past is the caller's to free, also after a failure. */
ht_code ht_run_model(ht_model *model, ht_past *past, ht_session *session, const char *run, ht_error *err);

/* What a screen says of samples that are token sequences; of others nothing. Borrows the data. */
ht_language ht_run_language(const ht_dataset *data);

#endif
