#include "base/alloc.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    ALIGNMENT = 64,
    SMALL = 1 << 20,
    LARGE = 64 << 20,
    REPORT = 4096,
    APART = 1 << 20,
    KEPT = 8 << 20,
    HUGE_PAGE = 2 << 20
};

static ht_alloc_filter *allowed;

void ht_alloc_ask(ht_alloc_filter *filter)
{
    allowed = filter;
}

void ht_alloc_settle(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, APART);
    mallopt(M_TRIM_THRESHOLD, KEPT);
#endif
}

/* Bytes that can be had without swapping others out; SIZE_MAX where the system does not say. */
static size_t available(void)
{
    static const char field[] = "MemAvailable:";
    char text[REPORT];
    int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) close(fd);
    text[size > 0 ? size : 0] = '\0';
    const char *at = strstr(text, field);
    return at ? (size_t)strtoull(at + sizeof field - 1, NULL, 10) * 1024 : SIZE_MAX;
}

/* Linux grants more memory than it has, and kills the process when that is used. So a large request is
 * refused here, with an error value. */
static bool affordable(size_t bytes)
{
    if (allowed && !allowed(bytes)) return false;
    return bytes < LARGE || bytes < available();
}

/* Blocks of many pages ask for huge ones: a step walks through all weights, and a page table is slow to look
 * up. When it fails, nothing else changes. */
static void *allocate(size_t bytes)
{
    bool huge = bytes >= 2 * (size_t)HUGE_PAGE;
    void *memory = NULL;
    if (posix_memalign(&memory, huge ? HUGE_PAGE : ALIGNMENT, bytes) != 0) return NULL;
    if (huge) madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

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
    if (affordable(rounded)) memory = allocate(rounded);
    if (memory) return memset(memory, 0, rounded);
    if (bytes < SMALL)
        ht_error_set(err, HT_FAIL, "not enough memory for %s (%zu bytes); end other programs", what, bytes);
    else
        ht_error_set(err, HT_FAIL,
                     "not enough memory for %s (%.1f MB); try a smaller model.width or fewer samples", what,
                     (double)bytes / 1e6);
    return NULL;
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
