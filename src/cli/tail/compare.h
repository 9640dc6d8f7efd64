/* compare.h - the layers of two models side by side. */
#ifndef HT_CLI_TAIL_COMPARE_H
#define HT_CLI_TAIL_COMPARE_H

#include "cli/tail/choice.h"

/* Layers that both have, by name and view, in the order of the first: `layer`, and of each column its value
 * in the first (COLUMN_a) and in the second (COLUMN_b), of numbers b - a, too (COLUMN_difference). --sort is
 * by the difference. HT_FAIL where there is no such layer. */
ht_code ht_compare_list(ht_listing *listing, const ht_column_choice *choice, const ht_model_tails model[2],
                        ht_spectrum_unit unit, ht_error *err);

/* Has `b` no such layer as the i-th of `a`? A convolution's second line is no layer of its own. */
bool ht_compare_is_alone(const ht_model_tails *a, size_t i, const ht_model_tails *b);

#endif
