/* tail_table.h - `heavytail tail`: one line a layer of a model, and of two models side by side. */
#ifndef HT_CLI_TAIL_TAIL_TABLE_H
#define HT_CLI_TAIL_TAIL_TABLE_H

#include "cli/tail/listing.h"
#include "cli/tail/model_tails.h"

typedef struct ht_tail_request {
    const char *paths[2]; /* the second NULL: one model */
    ht_model_tails_options model;
    const char *columns; /* "a,b,c", "all"; NULL: by the format */
    const char *sort;    /* a column, "-COLUMN" downwards; NULL: as in the file */
    ht_spectrum_unit unit;
    ht_listing_format format;
    const char *png, *html; /* NULL: none */
} ht_tail_request;

/* Prints, and writes the pictures. HT_USAGE for what the request says wrong, before a file is read; HT_FAIL
 * also when layers hold values that are not finite, after the others are told. */
ht_code ht_tail_table_print(ht_tail_request *request, ht_error *err);

/* The columns, for help. */
void ht_tail_columns_help(void);

#endif
