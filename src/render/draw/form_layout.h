/* form_layout.h - where the rows of a form go in a panel. From sizes and texts to
 * rectangles. */
#ifndef HT_RENDER_DRAW_FORM_LAYOUT_H
#define HT_RENDER_DRAW_FORM_LAYOUT_H

#include <stdbool.h>

#include "chart/form.h"
#include "chart/rect.h"
#include "render/surface.h"

/* Columns shared by all rows, so that labels, values and sliders line up. */
typedef struct ht_form_layout {
    ht_surface *surface; /* that measures text; NULL: cells */
    ht_rect inner;
    int indent;       /* columns before a label: the marker ▸ stands there */
    bool two_lines;   /* sliders have a line of their own */
    int label, value; /* widest label and value of a slider */
    int low, high;    /* widest ends of a slider's range */
    int key;          /* widest key of a help row */
    int large;        /* cells that the digits of a large row are high */
    int first, end;   /* rows shown: first .. end - 1 */
} ht_form_layout;

void ht_form_layout_make(ht_form_layout *layout, ht_surface *surface, ht_rect area, const ht_form *form);

/* The rectangle of row i (w = 0: not shown) and of its slider's track (w = 0: none). */
ht_rect ht_form_layout_row(const ht_form_layout *layout, const ht_form *form, int i, ht_rect *track);

/* Where the text of a TEXT or KEY row is written: its first column and its width. */
void ht_form_text_columns(const ht_form_layout *layout, const ht_row *row, int *x, int *width);

#endif
