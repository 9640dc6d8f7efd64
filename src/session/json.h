/* json.h - what several commands write as JSON in the same words (DESIGN.md). Each returns a new reference,
 * NULL when memory is short. */
#ifndef HT_SESSION_JSON_H
#define HT_SESSION_JSON_H

#include <jansson.h>

#include "engine/run/journal.h"
#include "heavytail/network.h"
#include "heavytail/params.h"

/* A number, or null when it is not finite. */
json_t *ht_json_number(double value);

/* {"loss", "accuracy"} */
json_t *ht_json_score(const ht_score *score);

/* {"train.lr": 0.01, …} with every parameter. */
json_t *ht_json_params(const ht_params *params);

/* [{"step", "text"}, …] of the labels of a run. */
json_t *ht_json_labels(const ht_labels *labels);

#endif
