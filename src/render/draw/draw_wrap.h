/* draw_wrap.h - text broken at words into lines of a width, as the surface measures it: the letters of a
 * picture are narrower than the cells of a terminal. */
#ifndef HT_RENDER_DRAW_DRAW_WRAP_H
#define HT_RENDER_DRAW_DRAW_WRAP_H

#include "base/wrap.h"
#include "render/surface.h"

bool ht_draw_of_cells(ht_surface *s); /* each letter is as wide as a column */

/* As ht_wrap_next (base/wrap.h); a surface of NULL is one of cells. */
bool ht_draw_wrap_next(ht_surface *s, const char **text, int width, char line[HT_WRAP_LINE]);
int ht_draw_wrap_count(ht_surface *s, const char *text, int width);

#endif
