/* pictures.h - the layers of one model or two as pictures. */
#ifndef HT_CLI_TAIL_PICTURES_H
#define HT_CLI_TAIL_PICTURES_H

#include "cli/tail/tail_table.h"

/* One picture, a small chart of the spectrum a layer, in the unit of the table; `models` (1 or 2) of them,
 * one after the other. */
ht_code ht_pictures_png(const char *path, const ht_model_tails *model, int models, ht_spectrum_unit unit,
                        ht_error *err);

/* One page: summary, the table, and the same charts in it. */
ht_code ht_pictures_html(const char *path, const ht_tail_request *request, const ht_listing *listing,
                         const ht_model_tails *model, ht_error *err);

#endif
