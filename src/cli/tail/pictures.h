/* pictures.h - the layers of one model or two as pictures. */
#ifndef HT_CLI_TAIL_PICTURES_H
#define HT_CLI_TAIL_PICTURES_H

#include "cli/tail/tail_table.h"

/* One sheet, a small chart of the spectrum a layer; `models` surveys one after the other. */
ht_code ht_pictures_png(const char *path, const ht_survey *survey, int models, ht_error *err);

/* One page: summary, the table, and the same charts in it. */
ht_code ht_pictures_html(const char *path, const ht_tail_request *request, const ht_listing *listing,
                         const ht_survey *survey, ht_error *err);

#endif
