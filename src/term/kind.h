/* kind.h - which description of terminals fits the one at hand: newer terminals than the system knows, and
 * colours that no description tells of. */
#ifndef HT_TERM_KIND_H
#define HT_TERM_KIND_H

#include <stdbool.h>

#include "heavytail/status.h"

typedef struct ht_term_kind {
    char name[64];    /* of the description to be used; it is there, and can place the cursor */
    char notice[160]; /* why it is not that of $TERM, for a person; "" when it is */
    bool true_colour; /* 24-bit colours, though the description does not say so */
} ht_term_kind;

/* From TERM, COLORTERM and the descriptions on this system. HT_FAIL says what to set. */
ht_code ht_term_kind_find(ht_term_kind *kind, ht_error *err);

#endif
