/* ring.h - a single-producer, single-consumer ring of fixed-size items. Neither side ever waits.
 *
 * One thread pushes, one pops. Made and freed while neither runs. */
#ifndef HT_LINK_RING_H
#define HT_LINK_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

typedef struct ht_ring ht_ring;

/* `capacity` items (rounded up to a power of two) of `size` bytes. */
ht_ring *ht_ring_new(size_t capacity, size_t size, ht_error *err);
void ht_ring_free(ht_ring *ring);

bool ht_ring_push(ht_ring *ring, const void *item); /* producer; false when full */
size_t ht_ring_space(const ht_ring *ring);          /* producer: items that still fit */
bool ht_ring_pop(ht_ring *ring, void *item);        /* consumer; false when empty */

#endif
