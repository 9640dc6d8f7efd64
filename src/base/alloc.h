/* alloc.h - every allocation of the project goes through here: sizes are checked for overflow, memory is
 * zeroed, a failure is an error value that says how much was asked for. Thread-safe. Free with ht_free. */
#ifndef HT_BASE_ALLOC_H
#define HT_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

/* Once, at the start: large blocks are mapped apart and go back to the system when they are freed. By default
 * the C library raises its threshold with every large block that is freed, so that later ones lie among the
 * small ones, and the heap fragments within hours. */
void ht_alloc_settle(void);

/* `count` zeroed elements of `size` bytes, aligned to 64 (a cache line, a vector register).
 * NULL with *err set ("not enough memory for <what> (N MB)") on overflow or exhaustion, and when a large
 * request is more than the memory that is free now. */
void *ht_alloc(size_t count, size_t size, const char *what, ht_error *err);

/* Grows *pointer (from ht_alloc or NULL) from `old_count` to at least `count` elements, keeping its content;
 * on failure *pointer is unchanged. */
ht_code ht_grow(void **pointer, size_t old_count, size_t count, size_t size, const char *what, ht_error *err);

/* Frees what ht_alloc gave; NULL is fine. */
void ht_free(void *pointer);

/* For tests: asked before every allocation, from any thread; false makes that one fail as if memory were
 * short. NULL is the default: no function. To be set while no other thread runs. */
typedef bool ht_alloc_filter(size_t bytes);
void ht_alloc_ask(ht_alloc_filter *filter);

#endif
