/* rows.h - collects the rows of a text file (numbers, one label each) into an ht_raw_part. */
#ifndef HT_DATA_ROWS_H
#define HT_DATA_ROWS_H

#include <stddef.h>

#include "data/loader.h"
#include "heavytail/status.h"

typedef struct ht_rows {
    ht_raw_part *part; /* part->path names the file in messages */
    size_t line;       /* of the current row, from 1; the reader keeps it */
    size_t used, capacity, in_row;
} ht_rows;

/* Reads a whole text file; an empty one, or one with a zero byte, is an error. Free *text with ht_free. */
ht_code ht_rows_read_text(const char *path, char **text, size_t *size, ht_error *err);

/* One input value of the current row; `field` (from 1) is for the message if it is not a finite number. */
ht_code ht_rows_value(ht_rows *rows, const char *token, size_t length, size_t field, ht_error *err);

/* The row is complete: all rows have as many values as the first one. */
ht_code ht_rows_end(ht_rows *rows, ht_error *err);

#endif
