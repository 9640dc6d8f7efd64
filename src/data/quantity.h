/* quantity.h - do labels name classes, or do they measure something? One judgement for every loader. */
#ifndef HT_DATA_QUANTITY_H
#define HT_DATA_QUANTITY_H

#include <stdbool.h>

#include "base/notes.h"
#include "data/labels.h"
#include "heavytail/status.h"

/* Where labels come from: the more of a guess that is, the less they need to look like a quantity. */
typedef enum ht_label_origin {
    HT_LABEL_GIVEN,   /* the format has labels: y.npy, UCR, a nominal attribute */
    HT_LABEL_NAMED,   /* a column is called so */
    HT_LABEL_GUESSED, /* a column by its place */
    HT_LABEL_ASKED    /* a person said so: judged as if guessed, and told, not refused */
} ht_label_origin;

enum { HT_QUANTITY_SIZE = 160 };

/* Writes "its 41 values with fractions (-2 … 2) for 200 samples" into `what` when they look like a quantity,
 * else "". They do when
 *   - some have fractions, and there are more than 10, or most occur once (8 samples or more);
 *   - most occur once, and the labels are not those of the format;
 *   - they are whole numbers with gaps and few samples each: more than 20 of which a fifth is left out and
 *     with less than 20 samples each, or more than 8 of which half is left out and with less than 4; not when
 *     all have as many samples, as in sets made by hand;
 *   - they are more than 20 whole numbers (guessed: 10) whose counts rise to one peak and fall again, as
 *     far as chance lets one see;
 *   - they are more than 40 whole numbers of a column, not all as frequent; of one that is called like a
 * label only when they are not 0, 1, 2 … or 1, 2, 3 …, or when neighbours are alike in their uneven counts;
 *   - they are guessed, and more than 50 and a tenth of the samples; or more than 20 numbers, not 0, 1, 2 …
 * or 1, 2, 3 …, and more than the root of the samples, or with a gap and a value that occurs once. 26
 * letters, 47 or 62 characters, 100 classes of pictures pass. Fewer than two labels are no quantity. */
ht_code ht_quantity_find(const ht_raw_labels *labels, const char *path, ht_label_origin origin,
                         char what[HT_QUANTITY_SIZE], ht_error *err);

#endif
