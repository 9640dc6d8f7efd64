/* surface.h - what charts and forms are drawn on: the terminal's cells or a picture, behind one table of
 * functions.
 *
 * Units are character cells (x to the right, y down) as doubles: 0.25 is a quarter of a cell. The terminal
 * rounds to its sub-cell grid (2 × 4 braille dots, eighths for bars), a picture draws exactly. Text is UTF-8;
 * its x, y is the left top of the first cell. Drawing outside the surface or the clip is cut off. */
#ifndef HT_RENDER_SURFACE_H
#define HT_RENDER_SURFACE_H

#include <stdbool.h>

#include "chart/rect.h"
#include "chart/role.h"

typedef struct ht_surface ht_surface;

enum { HT_BOLD = 1, HT_REVERSE = 2, HT_UNDERLINE = 4 };
typedef enum ht_align { HT_ALIGN_LEFT, HT_ALIGN_CENTER, HT_ALIGN_RIGHT } ht_align;

typedef struct ht_surface_ops {
    /* Text on one line, cut with "…" after `width` cells; aligned within them. It covers what it is written
     * on, also with its blanks; HT_REVERSE fills the whole width. */
    void (*text)(ht_surface *s, double x, double y, double width, ht_align align, ht_role role,
                 unsigned attributes, const char *text);
    /* A thin line from point to point; points are finite. */
    void (*polyline)(ht_surface *s, ht_role role, ht_dash dash, int count, const double *x, const double *y);
    /* A vertical stroke, for min/max envelopes and spikes. */
    void (*stroke)(ht_surface *s, ht_role role, double x, double y0, double y1);
    /* A filled rectangle standing on y + h: a histogram bar. */
    void (*bar)(ht_surface *s, ht_role role, double x, double y, double w, double h);
    /* A translucent area between two curves over the same x. */
    void (*band)(ht_surface *s, ht_role role, int count, const double *x, const double *low,
                 const double *high);
    /* A dot that stands out from lines. */
    void (*point)(ht_surface *s, ht_role role, double x, double y);
    /* A square pixel: a column wide and half a row high, its left top at (x, y). In the roles SIGNED_1 … 9,
     * HEAT_1 … 8 and those of ht_role_rgb. */
    void (*pixel)(ht_surface *s, ht_role role, double x, double y);
    /* A rounded frame on the border cells of `r` (a title is put over it with text). */
    void (*frame)(ht_surface *s, ht_role role, ht_rect r);
    /* Straight rules for axes: from (x0, y0) to (x1, y1), horizontal or vertical, with small ticks joined by
     * `tick` below. Points as for lines: pass column + 0.5 for a cell's centre. Rules that share an end cell
     * make a corner, one that ends on a frame's border a tee. In the role GRID pictures only: grid lines,
     * minor ticks. */
    void (*rule)(ht_surface *s, ht_role role, bool dotted, double x0, double y0, double x1, double y1);
    /* A tick on an axis cell: on the left end of a y axis (┤) or under an x axis (┬). */
    void (*tick)(ht_surface *s, ht_role role, bool vertical_axis, double x, double y);
    /* A slider `width` cells long: filled to `position`, a second handle at `applied` when it differs (both
     * 0..1). */
    void (*slider)(ht_surface *s, ht_role role, double x, double y, double width, double position,
                   double applied);
    /* Empties a rectangle (for boxes drawn over charts). */
    void (*erase)(ht_surface *s, ht_rect r);
    /* A number `rows` (3 or 5) cells high, right-aligned in `width`: digits, point, signs, %, e; - for
     * others. */
    void (*large)(ht_surface *s, double x, double y, double width, int rows, ht_role role, const char *text);
    /* Width of a text in cells, as this surface draws it: for labels that stand beside something. */
    double (*measure)(ht_surface *s, unsigned attributes, const char *text);
} ht_surface_ops;

struct ht_surface {
    const ht_surface_ops *ops;
    int columns, rows;
    int detail; /* points side by side in a cell that can be told apart: what charts decimate to */
    ht_rect clip;
    bool blank; /* nothing was drawn yet */
};

#endif
