/* rows.h - collects the rows of a text file (numbers, one label each) into an ht_raw_part. */
#ifndef HT_DATA_TABLE_ROWS_H
#define HT_DATA_TABLE_ROWS_H

#include <math.h>
#include <stddef.h>

#include "data/loader.h"
#include "heavytail/status.h"

/* A cell without a value. */
#define HT_ROWS_MISSING ((double)NAN)

typedef struct ht_rows {
    ht_raw_part *part; /* part->path names the file in messages */
    size_t line;       /* of the current row, from 1; the reader keeps it */
    size_t used, capacity, in_row;
    size_t *lengths,
        length_room; /* of rows in part->x, which may differ in length; the caller's to ht_free */
} ht_rows;

/* Reads a whole text file and brings it into one form (dialect.h); an empty one, or one with a zero byte, is
 * an error. Free *text with ht_free. */
ht_code ht_rows_read_text(const char *path, char **text, size_t *size, ht_notes *notes, ht_error *err);

/* One input value of the current row, into part->x; `field` (from 1) is for the message if it is not a finite
 * number. NaN, NA and ? are HT_ROWS_MISSING. */
ht_code ht_rows_value(ht_rows *rows, const char *token, size_t length, size_t field, ht_error *err);

/* One input value of the current row, into part->wide. All values of a part go one way. */
ht_code ht_rows_wide(ht_rows *rows, double value, ht_error *err);

/* The row is complete. */
ht_code ht_rows_end(ht_rows *rows, ht_error *err);

#endif
