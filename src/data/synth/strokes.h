/* strokes.h - digits as pen strokes, read from assets/digits/strokes.txt (the format is described there). */
#ifndef HT_DATA_SYNTH_STROKES_H
#define HT_DATA_SYNTH_STROKES_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

enum { HT_STROKE_POINTS = 16, HT_GLYPH_STROKES = 4, HT_GLYPHS_MAX = 64, HT_STROKE_BOX = 100 };

typedef struct ht_stroke {
    bool curved; /* smooth through the points, not straight between them */
    int count;   /* ≥ 2 */
    double x[HT_STROKE_POINTS], y[HT_STROKE_POINTS]; /* 0 .. HT_STROKE_BOX, y down */
} ht_stroke;

typedef struct ht_glyph {
    int digit; /* 0 .. 9 */
    int count; /* ≥ 1 */
    ht_stroke strokes[HT_GLYPH_STROKES];
} ht_glyph;

typedef struct ht_glyphs {
    int count;
    ht_glyph glyphs[HT_GLYPHS_MAX];
} ht_glyphs;

/* Parses `text`; every digit has at least one glyph. Errors say "name:line". */
ht_code ht_glyphs_parse(const char *name, const char *text, ht_glyphs *to, ht_error *err);

#endif
