/* gallery.h - the model of a panel of small pictures side by side: what single neurons look for. Drawn by
 * render/draw/draw.h. */
#ifndef HT_CHART_GALLERY_H
#define HT_CHART_GALLERY_H

enum { HT_GALLERY_ITEMS = 12 };

typedef struct ht_gallery_item {
    const float *value; /* (height × width), row-major; borrowed */
    char label[24];
} ht_gallery_item;

typedef struct ht_gallery {
    char title[64];
    char hint[24];
    char note[112];    /* in the lower border */
    char empty[96];    /* shown in the middle while there are no items */
    int width, height; /* of each; height 1: a curve, else a picture in signed colours */
    double scale;      /* of all: what is drawn in full colour, or as high as there is room */
    int count;
    ht_gallery_item item[HT_GALLERY_ITEMS]; /* as many as fit are drawn */
} ht_gallery;

#endif
