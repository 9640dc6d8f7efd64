#include "link/ring.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"

struct ht_ring {
    size_t mask, size;
    unsigned char *items;
    alignas(64) atomic_size_t head; /* next to pop; written by the consumer */
    alignas(64) atomic_size_t tail; /* next to push; written by the producer */
};

ht_ring *ht_ring_new(size_t capacity, size_t size, ht_error *err)
{
    size_t rounded = 2;
    while (rounded < capacity) rounded *= 2;
    ht_ring *ring = ht_alloc(1, sizeof *ring, "a message ring", err);
    if (!ring) return NULL;
    ring->mask = rounded - 1;
    ring->size = size;
    ring->items = ht_alloc(rounded, size, "a message ring", err);
    if (ring->items) return ring;
    ht_free(ring);
    return NULL;
}

void ht_ring_free(ht_ring *ring)
{
    if (!ring) return;
    ht_free(ring->items);
    ht_free(ring);
}

bool ht_ring_push(ht_ring *ring, const void *item)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (tail - atomic_load_explicit(&ring->head, memory_order_acquire) > ring->mask) return false;
    memcpy(ring->items + (tail & ring->mask) * ring->size, item, ring->size);
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return true;
}

size_t ht_ring_space(const ht_ring *ring)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    return ring->mask + 1 - (tail - atomic_load_explicit(&ring->head, memory_order_acquire));
}

bool ht_ring_pop(ht_ring *ring, void *item)
{
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (head == atomic_load_explicit(&ring->tail, memory_order_acquire)) return false;
    memcpy(item, ring->items + (head & ring->mask) * ring->size, ring->size);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return true;
}
