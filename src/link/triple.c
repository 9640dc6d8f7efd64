#include "link/triple.h"

#include <stdatomic.h>

#include "base/alloc.h"

enum { FRESH = 4 }; /* flag beside the index 0..2 of the buffer in the middle */

struct ht_triple {
    void *buffer[3];
    int back, front;
    atomic_int middle;
};

ht_triple *ht_triple_new(size_t size, ht_error *err)
{
    ht_triple *triple = ht_alloc(1, sizeof *triple, "a triple buffer", err);
    if (!triple) return NULL;
    for (int i = 0; i < 3; i++)
        if (!(triple->buffer[i] = ht_alloc(1, size, "a triple buffer", err))) {
            ht_triple_free(triple);
            return NULL;
        }
    triple->back = 0;
    atomic_init(&triple->middle, 1);
    triple->front = 2;
    return triple;
}

void ht_triple_free(ht_triple *triple)
{
    if (!triple) return;
    for (int i = 0; i < 3; i++) ht_free(triple->buffer[i]);
    ht_free(triple);
}

void *ht_triple_back(ht_triple *triple)
{
    return triple->buffer[triple->back];
}

void ht_triple_publish(ht_triple *triple)
{
    int old = atomic_exchange_explicit(&triple->middle, triple->back | FRESH, memory_order_acq_rel);
    triple->back = old & 3;
}

const void *ht_triple_take(ht_triple *triple, bool *fresh)
{
    *fresh = (atomic_load_explicit(&triple->middle, memory_order_relaxed) & FRESH) != 0;
    if (*fresh) {
        int old = atomic_exchange_explicit(&triple->middle, triple->front, memory_order_acq_rel);
        triple->front = old & 3;
    }
    return triple->buffer[triple->front];
}
