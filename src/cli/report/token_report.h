/* token_report.h - what `data info` says of token sequences: vocabulary, tokens of each part, and what a
 * network's loss is to be compared with. */
#ifndef HT_CLI_TOKEN_REPORT_H
#define HT_CLI_TOKEN_REPORT_H

#include <jansson.h>

#include "heavytail/dataset.h"

void ht_token_report_print_vocabulary(const ht_dataset *data);
void ht_token_report_print_parts(const ht_dataset *data);

/* {"tokens", "targets", "unigram", …}, losses in nats a token; NULL when memory is short. */
json_t *ht_token_report_json(const ht_dataset *data);

#endif
