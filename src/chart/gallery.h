/* gallery.h - the model of a panel of small pictures side by side: what single neurons look for. Drawn by
 * render/draw/draw.h. */
#ifndef HT_CHART_GALLERY_H
#define HT_CHART_GALLERY_H

#include <stdbool.h>

enum { HT_GALLERY_ITEMS = 64 };

typedef enum ht_gallery_kind {
    HT_GALLERY_CURVES,
    HT_GALLERY_SIGNED, /* pictures in signed colours */
    HT_GALLERY_SIZES,  /* of what has no sign: in colours of heat */
    HT_GALLERY_COLOURS /* three channels, red, green and blue about grey */
} ht_gallery_kind;

static inline int ht_gallery_channels(ht_gallery_kind kind)
{
    return kind == HT_GALLERY_COLOURS ? 3 : 1;
}

typedef struct ht_gallery_item {
    const float *value; /* (channels × height × width), row-major; borrowed */
    bool gone;          /* drawn pale, and crossed */
    char label[24];
} ht_gallery_item;

typedef struct ht_gallery {
    char title[64];
    char hint[24];
    char note[112];    /* in the lower border */
    char empty[96];    /* shown in the middle while there are no items */
    int width, height; /* of each … */
    ht_gallery_kind kind;
    double scale; /* of all: what is drawn in full colour, or as high as there is room */
    int count;
    ht_gallery_item item[HT_GALLERY_ITEMS]; /* as many as fit are drawn */
} ht_gallery;

#endif
