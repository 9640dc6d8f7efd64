#include "cli/tail/listing.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "session/json.h"

enum { WORD = 320 };

ht_code ht_listing_make(ht_listing *g, int columns, size_t rows, ht_error *err)
{
    *g = (ht_listing){.columns = columns, .rows = rows};
    g->column = ht_alloc((size_t)columns, sizeof *g->column, "the table", err);
    g->cell = ht_alloc(rows * (size_t)columns + 1, sizeof *g->cell, "the table", err);
    if (g->column && g->cell) return HT_OK;
    ht_listing_free(g);
    return err->code;
}

void ht_listing_free(ht_listing *g)
{
    ht_free(g->column);
    ht_free(g->cell);
    *g = (ht_listing){0};
}

static const ht_cell *at(const ht_listing *g, size_t row, int column)
{
    return &g->cell[row * (size_t)g->columns + (size_t)column];
}

/* ---- order ---- */

typedef struct key {
    ht_cell cell;
    size_t row;
    bool down;
} key;

static int by_key(const void *a, const void *b)
{
    const key *x = a, *y = b;
    bool none_x = !x->cell.text && isnan(x->cell.number), none_y = !y->cell.text && isnan(y->cell.number);
    int order = 0;
    if (none_x || none_y)
        order = none_x - none_y;
    else if (x->cell.text && y->cell.text)
        order = strcmp(x->cell.text, y->cell.text);
    else
        order = (x->cell.number > y->cell.number) - (x->cell.number < y->cell.number);
    if (x->down && !none_x && !none_y) order = -order;
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

ht_code ht_listing_sort(ht_listing *g, int column, bool down, ht_error *err)
{
    size_t width = (size_t)g->columns;
    key *keys = ht_alloc(g->rows + 1, sizeof *keys, "the table", err);
    ht_cell *sorted = keys ? ht_alloc(g->rows * width + 1, sizeof *sorted, "the table", err) : NULL;
    if (!sorted) {
        ht_free(keys);
        return HT_FAIL;
    }
    for (size_t r = 0; r < g->rows; r++) keys[r] = (key){*at(g, r, column), r, down};
    qsort(keys, g->rows, sizeof *keys, by_key);
    for (size_t r = 0; r < g->rows; r++)
        memcpy(sorted + r * width, at(g, keys[r].row, 0), width * sizeof *sorted);
    ht_free(g->cell);
    ht_free(keys);
    g->cell = sorted;
    return HT_OK;
}

/* ---- words ---- */

bool ht_listing_format_find(const char *word, ht_listing_format *format)
{
    static const char *const words[] = {"text", "csv", "markdown", "json"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(word, words[i]) != 0) continue;
        *format = (ht_listing_format)i;
        return true;
    }
    return false;
}

void ht_listing_word(const ht_listing *g, size_t row, int column, char *to, size_t size)
{
    const ht_cell *c = at(g, row, column);
    const ht_listing_column *info = &g->column[column];
    double size_of = fabs(c->number);
    if (info->kind == HT_COLUMN_TEXT) {
        ht_text_copy(to, size, c->text && c->text[0] ? c->text : "-");
        ht_text_clean(to);
    } else if (isnan(c->number)) {
        snprintf(to, size, "-");
    } else if (info->kind == HT_COLUMN_COUNT) {
        snprintf(to, size, "%.0f", c->number);
    } else if (size_of >= 1e6 || (size_of > 0 && size_of < 0.5 * pow(10, -info->decimals))) {
        snprintf(to, size, "%.3g", c->number);
    } else {
        snprintf(to, size, "%.*f", info->decimals, c->number);
    }
}

/* ---- text ---- */

static void add_padded(ht_text *to, const char *word, int width, bool right, bool last)
{
    int pad = width - (int)ht_utf8_length(word);
    if (pad < 0) pad = 0;
    ht_text_add(to, "%*s%s%*s%s", right ? pad : 0, "", word, right || last ? 0 : pad, "", last ? "\n" : "  ");
}

static int width_of(const ht_listing *g, int column)
{
    char word[WORD];
    int width = (int)ht_utf8_length(g->column[column].name);
    for (size_t r = 0; r < g->rows; r++) {
        ht_listing_word(g, r, column, word, sizeof word);
        int own = (int)ht_utf8_length(word);
        width = own > width ? own : width;
    }
    return width;
}

void ht_listing_text(const ht_listing *g, ht_text *to)
{
    char word[WORD];
    ht_error ignored;
    int *width = ht_alloc((size_t)g->columns, sizeof *width, "the table", &ignored);
    to->failed = to->failed || !width;
    for (int c = 0; width && c < g->columns; c++) width[c] = width_of(g, c);
    for (size_t r = 0; width && r <= g->rows; r++)
        for (int c = 0; c < g->columns; c++) {
            if (r > 0) ht_listing_word(g, r - 1, c, word, sizeof word);
            add_padded(to, r ? word : g->column[c].name, width[c], g->column[c].kind != HT_COLUMN_TEXT,
                       c == g->columns - 1);
        }
    ht_free(width);
}

/* What Markdown would take for its own signs or for HTML; a _ between letters, as in q_proj, is none. */
static void add_escaped(ht_text *to, const char *word)
{
    for (const char *at = word; *at; at++) {
        bool inside = at > word && isalnum((unsigned char)at[-1]) && isalnum((unsigned char)at[1]);
        if (strchr("|\\<`*[&~", *at) || (*at == '_' && !inside)) ht_text_add(to, "\\");
        ht_text_add_bytes(to, at, 1);
    }
}

void ht_listing_markdown(const ht_listing *g, ht_text *to)
{
    char word[WORD];
    for (int c = 0; c < g->columns; c++) ht_text_add(to, "| %s ", g->column[c].name);
    ht_text_add(to, "|\n");
    for (int c = 0; c < g->columns; c++)
        ht_text_add(to, g->column[c].kind == HT_COLUMN_TEXT ? "|---" : "|--:");
    ht_text_add(to, "|\n");
    for (size_t r = 0; r < g->rows; r++) {
        for (int c = 0; c < g->columns; c++) {
            ht_listing_word(g, r, c, word, sizeof word);
            ht_text_add(to, "| ");
            add_escaped(to, word);
            ht_text_add(to, " ");
        }
        ht_text_add(to, "|\n");
    }
}

/* ---- for programs ---- */

static void add_quoted(ht_text *to, const char *word)
{
    bool plain = !strpbrk(word, ",\"\r\n");
    if (plain) {
        ht_text_add(to, "%s", word);
        return;
    }
    ht_text_add(to, "\"");
    for (; *word; word++) {
        if (*word == '"') ht_text_add(to, "\"");
        ht_text_add_bytes(to, word, 1);
    }
    ht_text_add(to, "\"");
}

void ht_listing_csv(const ht_listing *g, ht_text *to)
{
    for (int c = 0; c < g->columns; c++) ht_text_add(to, "%s%s", c ? "," : "", g->column[c].name);
    ht_text_add(to, "\n");
    for (size_t r = 0; r < g->rows; r++) {
        for (int c = 0; c < g->columns; c++) {
            const ht_cell *cell = at(g, r, c);
            if (c) ht_text_add(to, ",");
            if (cell->text)
                add_quoted(to, cell->text);
            else if (isfinite(cell->number))
                ht_text_add(to, "%.10g", cell->number);
        }
        ht_text_add(to, "\n");
    }
}

json_t *ht_listing_json(const ht_listing *g)
{
    json_t *rows = json_array();
    for (size_t r = 0; r < g->rows; r++) {
        json_t *row = json_object();
        for (int c = 0; c < g->columns; c++) {
            const ht_cell *cell = at(g, r, c);
            bool whole = g->column[c].kind == HT_COLUMN_COUNT && isfinite(cell->number);
            json_t *value = cell->text ? json_string(cell->text)
                            : whole    ? json_integer((json_int_t)cell->number)
                                       : ht_json_number(cell->number);
            json_object_set_new(row, g->column[c].name, value ? value : json_null());
        }
        json_array_append_new(rows, row);
    }
    return rows;
}
