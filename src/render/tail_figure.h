/* tail_figure.h - the tail of one matrix as a PNG file: four charts and the numbers. */
#ifndef HT_RENDER_TAIL_FIGURE_H
#define HT_RENDER_TAIL_FIGURE_H

#include "heavytail/status.h"
#include "heavytail/tail.h"

/* `title`: what it is of; `injected`: the α of the noise, NaN when unknown; `theme`: a theme's name. */
ht_code ht_tail_figure_write(const char *path, const ht_tail_picture *picture, const char *title,
                             double injected, const char *theme, ht_error *err);

#endif
