/* growing.h - reads a file of metrics as it grows: what is new each time; from its beginning when it was cut,
 * replaced, or written anew. */
#ifndef HT_FOLLOW_GROWING_H
#define HT_FOLLOW_GROWING_H

#include <time.h>

#include "follow/place.h"
#include "follow/scalars.h"

enum { HT_GROWING_END = 64 };

typedef struct ht_growing { /* zeroed: nothing read yet */
    ht_scalars scalars;
    uint64_t device, number, offset;
    struct timespec written;
    unsigned char end[HT_GROWING_END]; /* the last bytes that were read */
    size_t end_size;
    bool told, was_there; /* that it holds no metrics; at the last look */
} ht_growing;

/* Reads what the file at `path`, found as `as`, has more than before; at most some megabytes of it: *more
 * says that there is more. *rows: are there rows, or curves, that were not there? HT_FAIL names the file. */
ht_code ht_growing_read(ht_growing *growing, const char *path, const ht_metrics_file *as, bool *rows,
                        bool *more, ht_notes *notes, ht_error *err);
void ht_growing_free(ht_growing *growing);

#endif
