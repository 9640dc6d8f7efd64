/* glyphs.h - text to what fills a column each, and sub-cell dots to characters. Pure functions. */
#ifndef HT_RENDER_GLYPHS_H
#define HT_RENDER_GLYPHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stands in the column behind a wide character; no character of Unicode. */
enum { HT_GLYPH_TAIL = 0x110000 };

/* Does it fill two columns? Those that East Asian scripts and emoji have; a terminal may know some otherwise.
 */
bool ht_glyph_is_wide(uint32_t glyph);

/* Decodes UTF-8 into glyphs of one column each, a wide character followed by HT_GLYPH_TAIL: control
 * characters become '?', invisible and combining ones vanish. With `ascii` everything is spelled in ASCII (α
 * a, η eta, 10⁻⁴ 1e-4, ² ^2). Returns how many were written, at most `limit`. */
size_t ht_glyphs_from_text(const char *text, bool ascii, uint32_t *glyphs, size_t limit);

/* The same as UTF-8 again, for fonts; always terminated. */
void ht_glyphs_clean(const char *text, char *to, size_t size);

/* Box lines leave a cell in these directions. */
enum {
    HT_BOX_UP = 1,
    HT_BOX_DOWN = 2,
    HT_BOX_LEFT = 4,
    HT_BOX_RIGHT = 8,
    HT_BOX_DOTTED = 16,
    HT_BOX_ROUND = 32
};

uint32_t ht_glyph_box(unsigned box, bool ascii);

/* Dots are the bits of Unicode braille: U+2800 + dots. `column` 0..1, `row` 0..3 from the top. */
unsigned ht_glyph_dot(int column, int row);
uint32_t ht_glyph_quadrant(unsigned dots); /* ▘▝▀ … */
uint32_t ht_glyph_ascii_dots(unsigned dots);

/* Is this pixel of a large character set? 3 columns, 5 rows; a point has one column. */
bool ht_glyph_pixel(char c, int column, int row);

/* A bar of 1..8 eighths: ▁ … █, or . : # */
uint32_t ht_glyph_bar(int eighths, bool ascii);

#endif
