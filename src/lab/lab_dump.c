/* lab_dump.c - the last screen as a file, for --dump: .png a picture, .ansi text with colours, else text. */
#include <stdio.h>
#include <string.h>

#include "lab/lab.h"
#include "base/file.h"
#include "base/text.h"
#include "render/glyphs.h"
#include "render/snapshot.h"
#include "term/term.h"

static void add_plain(ht_text *text, const ht_cells *cells, int row)
{
    char line[4096];
    ht_cells_row(cells, row, line, sizeof line, ht_term_one_colour());
    ht_text_add(text, "%s", line);
}

/* Everything off, then the role's colour in 24 bits and its attributes with the cell's own. */
static void add_style(ht_text *text, const ht_theme *theme, ht_cell cell)
{
    ht_colour colour = theme->roles[cell.role];
    unsigned attributes = colour.attributes | cell.attributes;
    ht_text_add(text, "\033[0%s%s%s", attributes & HT_BOLD ? ";1" : "", attributes & HT_UNDERLINE ? ";4" : "",
                attributes & HT_REVERSE ? ";7" : "");
    if (colour.set) ht_text_add(text, ";38;2;%d;%d;%d", colour.r, colour.g, colour.b);
    ht_colour ground = theme->roles[cell.ground];
    if (cell.ground && ground.set) ht_text_add(text, ";48;2;%d;%d;%d", ground.r, ground.g, ground.b);
    ht_text_add(text, "m");
}

static void add_coloured(ht_text *text, const ht_cells *cells, const ht_theme *theme, int row, int columns)
{
    ht_cell before = {0};
    for (int x = 0; x < columns; x++) {
        char bytes[5];
        ht_cell cell = ht_cells_at(cells, x, row);
        if (x == 0 || cell.role != before.role || cell.attributes != before.attributes ||
            cell.ground != before.ground)
            add_style(text, theme, cell);
        before = cell;
        if (cell.glyph == HT_GLYPH_TAIL) continue;
        ht_utf8_encode(cell.glyph ? cell.glyph : ' ', bytes);
        ht_text_add(text, "%s", bytes);
    }
    ht_text_add(text, "\033[0m");
}

ht_code ht_lab_dump(ht_lab *lab, const char *path, ht_error *err)
{
    ht_text text = {0};
    ht_theme theme;
    const ht_surface *s = ht_cells_surface(lab->cells);
    const char *theme_name = ht_params_name(&lab->model->asked, HT_P_UI_THEME);
    if (ht_text_ends(path, ".png"))
        return ht_snapshot_write(
            path, lab->model,
            &(ht_snapshot_options){.theme = theme_name, .columns = s->columns, .rows = s->rows}, err);
    if (ht_theme_load(theme_name, &theme, err) != HT_OK) return err->code;
    for (int y = 0; y < s->rows; y++) {
        if (ht_text_ends(path, ".ansi"))
            add_coloured(&text, lab->cells, &theme, y, s->columns);
        else
            add_plain(&text, lab->cells, y);
        ht_text_add(&text, "\n");
    }
    ht_code code = text.failed ? ht_error_set(err, HT_FAIL, "not enough memory to write %s", path)
                               : ht_file_write(path, text.data ? text.data : "", text.length, err);
    ht_text_free(&text);
    return code;
}
