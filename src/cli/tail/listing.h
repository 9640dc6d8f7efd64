/* listing.h - a table of numbers and words, and its ways out: text, CSV, Markdown, JSON. */
#ifndef HT_CLI_TAIL_LISTING_H
#define HT_CLI_TAIL_LISTING_H

#include <jansson.h>

#include "base/text.h"
#include "tail/layer/columns.h"

typedef struct ht_listing_column {
    char name[48];
    ht_column_kind kind;
    int decimals;        /* in text and Markdown; CSV and JSON have all digits */
    const char *formula; /* what it is, in words; static */
} ht_listing_column;

/* Zero-initialize; ht_listing_free when done. */
typedef struct ht_listing {
    int columns;
    size_t rows;
    ht_listing_column *column; /* (columns) */
    ht_cell *cell;             /* (rows × columns); texts are borrowed */
} ht_listing;

ht_code ht_listing_make(ht_listing *grid, int columns, size_t rows, ht_error *err);
void ht_listing_free(ht_listing *grid);

/* Numbers upwards, words by their bytes; `down`: the other way. What has no number comes last; equal rows
 * stay in their order. */
ht_code ht_listing_sort(ht_listing *grid, int column, bool down, ht_error *err);

typedef enum ht_listing_format {
    HT_LISTING_TEXT,
    HT_LISTING_CSV,
    HT_LISTING_MARKDOWN,
    HT_LISTING_JSON
} ht_listing_format;
/* "text", "csv", "markdown", "json". */
bool ht_listing_format_find(const char *word, ht_listing_format *format);

/* The number or word of a cell as a text table has it; "-" without one. */
void ht_listing_word(const ht_listing *grid, size_t row, int column, char *to, size_t size);

void ht_listing_text(const ht_listing *grid, ht_text *to);
void ht_listing_csv(const ht_listing *grid, ht_text *to); /* RFC 4180, an empty field without a number */
void ht_listing_markdown(const ht_listing *grid, ht_text *to);
/* [{"layer": …, "alpha": …}, …], null without a number. */
json_t *ht_listing_json(const ht_listing *grid);

#endif
