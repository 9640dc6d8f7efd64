/* cells.h - a surface of character cells: what the terminal shows, and what tests read. Owned by the UI
 * thread. */
#ifndef HT_RENDER_CELLS_H
#define HT_RENDER_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "heavytail/status.h"
#include "render/surface.h"

typedef enum ht_symbols { HT_SYMBOLS_BRAILLE, HT_SYMBOLS_BLOCK, HT_SYMBOLS_ASCII } ht_symbols;

typedef struct ht_cell {
    uint32_t glyph; /* Unicode code point; 0 is a blank */
    uint8_t role;
    uint8_t attributes;
    uint8_t ground; /* the role behind the glyph, of half a pixel's other half; 0: none */
} ht_cell;

/* Two pixels (a cell with glyph ▀ or ▄) where there are no colours for them: how negative (-, =) or positive
 * (+, #) they are together. */
ht_cell ht_cell_one_colour(ht_cell cell, bool ascii);

typedef struct ht_cells ht_cells;

ht_cells *ht_cells_new(ht_error *err);
void ht_cells_free(ht_cells *cells);

/* Empties the grid and gives it a size (1..1000 each way) and a symbol set. With HT_SYMBOLS_ASCII every glyph
 * is ASCII: text is transliterated (α -> a, σ -> s, η -> eta, κ -> k, ε -> e, · -> ., … -> ..., ² -> ^2,
 * ─│╭╮╰╯ -> -|+, ● -> *, arrows -> <>^v). */
ht_code ht_cells_begin(ht_cells *cells, int columns, int rows, ht_symbols symbols, ht_error *err);

/* The same, but what is there stays if it has this size and these symbols already: what is to change is
 * erased first. */
ht_code ht_cells_resume(ht_cells *cells, int columns, int rows, ht_symbols symbols, ht_error *err);

ht_surface *ht_cells_surface(ht_cells *cells);

/* Columns from .. to - 1 of a row hold all that may have changed since then. */
void ht_cells_touched(const ht_cells *cells, int row, int *from, int *to);

/* The finished cell: sub-cell dots are composed to braille, blocks or ASCII here. */
ht_cell ht_cells_at(const ht_cells *cells, int column, int row);

/* The cell where pixels, or those of pictures of three channels, have one colour. */
enum { HT_ONE_COLOUR_PIXELS = 1, HT_ONE_COLOUR_PICTURES = 2 };
ht_cell ht_cell_in(ht_cell cell, unsigned one_colour);

/* One row as UTF-8, trailing blanks cut, for --dump and tests; `one_colour` as in ht_cell_in. */
void ht_cells_row(const ht_cells *cells, int row, char *to, size_t size, unsigned one_colour);

#endif
