/* png.h - PNG files by libpng: 8-bit RGB with text chunks, out and back in. */
#ifndef HT_DATA_PNG_H
#define HT_DATA_PNG_H

#include <stddef.h>

#include "base/text.h"
#include "heavytail/status.h"

typedef struct ht_png_text {
    const char *key;  /* Latin-1, 1..79 bytes, e.g. "heavytail:preset" */
    const char *text; /* UTF-8 (iTXt, compressed when long) */
} ht_png_text;

/* rgb is (height × width × 3) bytes. Written to a temporary name and renamed. */
ht_code ht_png_write(const char *path, int width, int height, const unsigned char *rgb,
                     const ht_png_text *texts, size_t count, ht_error *err);

/* The same, appended to `to`; messages say `what`. */
ht_code ht_png_encode(const char *what, int width, int height, const unsigned char *rgb,
                      const ht_png_text *texts, size_t count, ht_text *to, ht_error *err);

typedef struct ht_png {
    int width, height;
    unsigned char *rgb; /* (height × width × 3); NULL if only the texts were asked for */
    size_t text_count;
    ht_png_text *texts;
} ht_png;

/* Reads any PNG up to 64 megapixels and 64 MB. Damaged or hostile files (bombs, giant chunks) give one clear
 * error. `with_pixels` false reads the text chunks only. Free with ht_png_free. */
ht_code ht_png_read(const char *path, int with_pixels, ht_png *png, ht_error *err);
void ht_png_free(ht_png *png);

/* The text of a key, or NULL. */
const char *ht_png_find(const ht_png *png, const char *key);

#endif
