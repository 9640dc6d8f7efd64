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

/* Reading. A number of an object; NaN where it is none. */
double ht_json_at(const json_t *object, const char *key);
/* A parameter's value as --set takes it, so exact that it is the same number again. */
void ht_json_value(const json_t *value, char *to, size_t size);

/* Prints a result as one object and a line feed on stdout, and takes the reference; NULL: memory was short
 * when it was made, HT_FAIL. That it could not be written main tells. */
ht_code ht_json_print(json_t *root, ht_error *err);

/* [{"step", "text"}, …] of the labels of a run. */
json_t *ht_json_labels(const ht_labels *labels);

#endif
