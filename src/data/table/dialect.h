/* dialect.h - how a text file writes its table: bytes, separator, decimal mark, what a cell is. */
#ifndef HT_DATA_TABLE_DIALECT_H
#define HT_DATA_TABLE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/notes.h"
#include "heavytail/status.h"

typedef struct ht_dialect {
    char separator; /* ',' ';' tab '|', or ' ' for runs of blanks and tabs */
    char decimal;   /* '.' or ','; never the separator */
    bool doubtful;  /* each such mark has three digits behind it: it could part thousands */
} ht_dialect;

/* Brings a file's text into one form: no byte order mark, UTF-8 (a text that is none is taken for
 * Windows-1252, and that is noted), '\n' where a file ends its lines with '\r' alone. *text (from ht_alloc)
 * may be replaced. */
ht_code ht_dialect_normalize(const char *path, char **text, size_t *size, ht_notes *notes, ht_error *err);

/* Tells the separator by counting: of the candidates, the one that cuts the first 100 records into rows of
 * one length with most numbers in them; blanks do not cut a table of words alone. Quotes are respected. Then
 * the decimal mark, over the whole file: a comma when more cells are written "1,5" than "1.5" and the comma
 * is not the separator. What cannot be read ends the counting; reading will tell. */
void ht_dialect_find(const char *text, size_t size, ht_dialect *dialect);

/* "';' between fields, decimal comma", for people. */
void ht_dialect_describe(const ht_dialect *dialect, char *to, size_t size);

typedef enum ht_cell { HT_CELL_NUMBER, HT_CELL_MISSING, HT_CELL_WORD } ht_cell;

/* What a cell holds. Missing: empty, ? - NA N/A n/a NaN nan null NULL None none #N/A <NA>. What is no finite
 * number (inf, 1e999, "1.234,5") is a word. */
ht_cell ht_cell_read(const char *text, char decimal, double *value);

/* True and False, in the spellings of Python, R and spreadsheets: 1 and 0 where numbers are expected. */
bool ht_cell_truth(const char *text, double *value);

/* What is wrong with a cell that a person would take for a number, "; write …": a mark between thousands, the
 * other decimal mark, a unit (5%, $5). NULL for other words. */
const char *ht_cell_hint(const char *text, char decimal);

/* Missing as a label: "none" and "-" may be classes. */
bool ht_cell_no_label(const char *text);

#endif
