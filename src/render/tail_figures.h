/* tail_figures.h - the spectra of many layers, a small chart each, as one PNG picture or as its bytes. */
#ifndef HT_RENDER_TAIL_FIGURES_H
#define HT_RENDER_TAIL_FIGURES_H

#include "base/text.h"
#include "heavytail/tail.h"

typedef struct ht_tail_figures_item {
    const char *name, *note; /* above the chart and under it */
    size_t rows, columns;
    const ht_tail_ccdf *eigenvalues; /* of WᵀW/N … */
    const ht_estimate *power;        /* … and powerlaw's of them */
    double unit;                     /* what both are multiplied by when drawn: N draws those of WᵀW */
} ht_tail_figures_item;

/* As many charts as a picture holds; the title says when these are not all. `title`: what it is of;
 * `spectrum`: of which matrix, "WᵀW". */
ht_code ht_tail_figures_write(const char *path, const char *title, const ht_tail_figures_item *item,
                              size_t count, const char *spectrum, const char *theme, ht_error *err);

/* One chart alone as a PNG in memory, appended to `png`. */
ht_code ht_tail_figures_one(const ht_tail_figures_item *item, const char *theme, ht_text *png, ht_error *err);

#endif
