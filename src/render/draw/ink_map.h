/* ink_map.h - which cells of a plot hold data, so that labels can stand beside them. */
#ifndef HT_RENDER_DRAW_INK_MAP_H
#define HT_RENDER_DRAW_INK_MAP_H

#include <stdbool.h>

#include "chart/rect.h"

enum { HT_INK_WIDTH = 512, HT_INK_HEIGHT = 160 };

typedef struct ht_ink_map {
    ht_rect area; /* cells beyond the limits above count as empty */
    unsigned char bits[HT_INK_HEIGHT][HT_INK_WIDTH / 8];
} ht_ink_map;

void ht_ink_add(ht_ink_map *map, int x, int y);
void ht_ink_line(ht_ink_map *map, double x0, double y0, double x1, double y1);
int ht_ink_count(const ht_ink_map *map, ht_rect r); /* cells with ink in `r` */

#endif
