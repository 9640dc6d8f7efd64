/* draw_frame.h - what charts and forms share: clipping, and a frame with words in its border. */
#ifndef HT_RENDER_DRAW_DRAW_FRAME_H
#define HT_RENDER_DRAW_DRAW_FRAME_H

#include "render/surface.h"

ht_rect ht_rect_cut(ht_rect a, ht_rect b); /* the common part; w = h = 0 if there is none */
ht_rect ht_rect_inside(ht_rect frame);     /* without the border cells */

/* Limits drawing to `area`; returns the clip to put back with `s->clip = old`. */
ht_rect ht_clip_to(ht_surface *s, ht_rect area);

/* Is there room for a frame with something inside? */
int ht_frame_fits(ht_rect area);

/* Frame, title left and hint right in the top border. Returns the column after the title. */
double ht_frame_draw(ht_surface *s, ht_rect area, const char *title, const char *hint, int focus);

/* Words in the bottom border, right- or left-aligned; not drawn if they do not fit. */
void ht_frame_foot(ht_surface *s, ht_rect area, ht_align align, ht_role role, const char *text);

#endif
