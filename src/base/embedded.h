/* embedded.h - presets and assets compiled into the binary: one generated table, name -> bytes. Read-only. */
#ifndef HT_BASE_EMBEDDED_H
#define HT_BASE_EMBEDDED_H

#include <stddef.h>

typedef struct ht_embedded {
    const char *name; /* path from the top of the source tree: "presets/ecg-demo.ini" */
    const char *data; /* followed by a '\0' that `size` does not count */
    size_t size;
} ht_embedded;

extern const ht_embedded ht_embedded_files[];
extern const size_t ht_embedded_count;

/* NULL if there is no such file. */
const ht_embedded *ht_embedded_find(const char *name);

#endif
