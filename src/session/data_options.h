/* data_options.h - from settings to a data set: which options its loading takes, and its notes for people. */
#ifndef HT_SESSION_DATA_OPTIONS_H
#define HT_SESSION_DATA_OPTIONS_H

#include "heavytail/dataset.h"
#include "heavytail/params.h"

/* What the data.* settings ask for. Its text is that of *params, which must outlive it; `dir` may be NULL. */
ht_data_options ht_data_options_of(const ht_params *params, const char *dir);

/* Loads data.name with these options. */
ht_dataset *ht_data_open(const ht_params *params, const char *dir, ht_error *err);

/* What was skipped, guessed or filled in: "heavytail: note: …" lines on standard error. */
void ht_data_tell(const ht_dataset *data);

#endif
