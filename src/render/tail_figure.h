/* tail_figure.h - the tail of one matrix as a PNG file: four charts and the numbers. */
#ifndef HT_RENDER_TAIL_FIGURE_H
#define HT_RENDER_TAIL_FIGURE_H

#include "heavytail/status.h"
#include "heavytail/tail.h"
#include "chart/tail_table.h"

/* `title`: what it is of; `injected`: the noise; `theme`: a theme's name. */
ht_code ht_tail_figure_write(const char *path, const ht_tail_picture *picture, const char *title,
                             const ht_tail_injected *injected, const char *theme, ht_error *err);

#endif
