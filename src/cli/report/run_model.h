/* run_model.h - a run directory as the model of a screen: its history, and what is found in its weights. */
#ifndef HT_CLI_REPORT_RUN_MODEL_H
#define HT_CLI_REPORT_RUN_MODEL_H

#include "engine/run/past.h"
#include "session/session.h"
#include "view/model.h"

/* Reads what the run was, once for all that is made of it; what is damaged in the directory is told, and the
 * rest is there. ht_past_free. */
void ht_run_past(ht_past *past, const char *run);

/* Of the run that `session` has opened (ht_session_view), and of its past, which is cut behind the state that
 * is shown: the journal that a picture is to carry. */
ht_code ht_run_model(ht_model *model, ht_past *past, ht_session *session, const char *run, ht_error *err);

/* What a screen says of samples that are token sequences; of others nothing. Borrows the data. */
ht_language ht_run_language(const ht_dataset *data);

#endif
