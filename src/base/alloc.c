#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Blocks of many pages ask for huge ones: a step walks through all weights, and a page table is slow to look
 * up. A wish, not a need. */
enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

void *ht_alloc(size_t count, size_t size, const char *what, ht_error *err)
{
    size_t bytes;
    void *memory = NULL;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - ALIGNMENT) {
        ht_error_set(err, HT_FAIL, "%s: %zu items of %zu bytes are more than this machine can address", what,
                     count, size);
        return NULL;
    }
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded == 0) rounded = ALIGNMENT;
    bool huge = rounded >= 2 * (size_t)HUGE_PAGE;
    memory = aligned_alloc(huge ? HUGE_PAGE : ALIGNMENT, rounded);
    if (huge && memory) madvise(memory, rounded, MADV_HUGEPAGE);
    if (!memory) {
        ht_error_set(err, HT_FAIL,
                     "not enough memory for %s (%.1f MB); try a smaller model.width or fewer samples", what,
                     (double)bytes / 1e6);
        return NULL;
    }
    return memset(memory, 0, rounded);
}

ht_code ht_grow(void **pointer, size_t old_count, size_t count, size_t size, const char *what, ht_error *err)
{
    void *bigger = ht_alloc(count, size, what, err);
    if (!bigger) return err->code;
    if (*pointer) memcpy(bigger, *pointer, old_count * size);
    ht_free(*pointer);
    *pointer = bigger;
    return HT_OK;
}

void ht_free(void *pointer)
{
    free(pointer);
}
