/* rect.h - a rectangle in character cells. */
#ifndef HT_CHART_RECT_H
#define HT_CHART_RECT_H

typedef struct ht_rect {
    int x, y, w, h; /* left, top, width, height; w, h ≥ 0 */
} ht_rect;

#endif
