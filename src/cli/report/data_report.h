/* data_report.h - what a data set holds and how it was read: as text for people, as JSON. */
#ifndef HT_CLI_REPORT_DATA_REPORT_H
#define HT_CLI_REPORT_DATA_REPORT_H

#include <jansson.h>

#include "heavytail/dataset.h"

/* To standard output. */
void ht_data_report_print(const ht_dataset *data);

/* {"schema": 1, "name", "title", "inputs", "shape", "classes": [{"name", "train", "test"}], "train", "test",
 * "columns": [{"column", "name", "type", …}], "facts", "notes"}: a new reference; NULL when memory is short.
 */
json_t *ht_data_report_json(const ht_dataset *data);

#endif
