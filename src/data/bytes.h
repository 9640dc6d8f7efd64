/* bytes.h - reads a binary file front to back, plain or gzip, trusting nothing the file says about itself.
 *
 * gzip is told by its first two bytes, not by the name. A caller asks for exactly the bytes the format calls
 * for; nothing beyond them is ever inflated, so a "gzip bomb" costs no memory. */
#ifndef HT_DATA_BYTES_H
#define HT_DATA_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#include "heavytail/status.h"

typedef struct ht_bytes {
    const char *path;         /* not owned */
    char *file;               /* the whole file as it lies on the disk */
    size_t size, offset;      /* of the file; bytes given out so far (inflated ones) */
    uint32_t sum;             /* CRC-32 of the bytes given out */
    bool packed, open, ended; /* gzip; zlib is set up; the gzip stream is used up */
    z_stream stream;
} ht_bytes;

/* Reads `path` (at most `limit` bytes on disk). Close with ht_bytes_close, also after a failure. */
ht_code ht_bytes_open(ht_bytes *bytes, const char *path, size_t limit, ht_error *err);

/* The next `count` bytes into `to`; "truncated at byte N while reading <what>" if there are fewer. */
ht_code ht_bytes_read(ht_bytes *bytes, void *to, size_t count, const char *what, ht_error *err);

/* The next `count` bytes in new memory (free with ht_free). Refuses a count that the file cannot hold before
 * it allocates, and grows the memory as the bytes arrive. NULL with *err set. */
unsigned char *ht_bytes_take(ht_bytes *bytes, size_t count, const char *what, ht_error *err);

/* HT_FAIL unless everything was read and the checksum of a gzip stream holds. */
ht_code ht_bytes_end(ht_bytes *bytes, ht_error *err);

void ht_bytes_close(ht_bytes *bytes);

#endif
