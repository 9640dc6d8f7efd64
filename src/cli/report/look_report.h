/* look_report.h - what `heavytail watch` says of a look: a line of JSON (docs/watch.md has the keys), or of
 * text. */
#ifndef HT_CLI_REPORT_LOOK_REPORT_H
#define HT_CLI_REPORT_LOOK_REPORT_H

#include <stdbool.h>

#include "follow/follow.h"

/* Prints the line of a look or of rows; `path` as it was given. HT_FAIL: no memory. */
ht_code ht_look_json(const char *path, const ht_follow_event *event, ht_error *err);
void ht_look_text(const char *path, const ht_follow_event *event);

#endif
