/* triple.h - a triple buffer: one thread publishes whole values, another takes the latest; neither waits,
 * none is torn. */
#ifndef HT_LINK_TRIPLE_H
#define HT_LINK_TRIPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

typedef struct ht_triple ht_triple;

ht_triple *ht_triple_new(size_t size, ht_error *err); /* three zeroed values of `size` bytes */
void ht_triple_free(ht_triple *triple);

void *ht_triple_back(ht_triple *triple);   /* writer: the value to fill */
void ht_triple_publish(ht_triple *triple); /* writer: hands it over; ht_triple_back is then another one */

/* Reader: the latest published value, zeroes before the first; *fresh tells whether it is a new one. Valid
 * until the next call. */
const void *ht_triple_take(ht_triple *triple, bool *fresh);

#endif
