/* image.h - a surface that draws with cairo, and its way to a PNG file. Any one thread. */
#ifndef HT_RENDER_IMAGE_H
#define HT_RENDER_IMAGE_H

#include "heavytail/status.h"
#include "data/png.h"
#include "render/surface.h"
#include "render/theme.h"

typedef struct ht_image ht_image;

/* A picture of width × height pixels (64 .. 16384 each, at most 64 megapixels) divided into columns × rows
 * cells. */
ht_image *ht_image_new(int width, int height, int columns, int rows, const ht_theme *theme, ht_error *err);
void ht_image_free(ht_image *image);
ht_surface *ht_image_surface(ht_image *image);

/* Writes the picture with its text chunks, atomically. */
ht_code ht_image_write(ht_image *image, const char *path, const ht_png_text *texts, size_t count,
                       ht_error *err);

/* The PNG's bytes, without text chunks, appended to `to`. */
ht_code ht_image_encode(ht_image *image, ht_text *to, ht_error *err);

#endif
