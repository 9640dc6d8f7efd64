/* text_table.h - a text file as a table: its dialect, whether its first line is a header, and what each
 * column holds. Nothing is kept of the cells but these facts; the rows are read again by ht_text_table_begin
 * and ht_csv_next, when it is known what they are for. */
#ifndef HT_DATA_TABLE_TEXT_TABLE_H
#define HT_DATA_TABLE_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/notes.h"
#include "base/text.h"
#include "data/table/csv.h"
#include "data/table/dialect.h"
#include "heavytail/dataset.h"
#include "heavytail/status.h"

/* Distinct values of a column are counted up to this. */
enum { HT_COLUMN_DISTINCT = 21, HT_COLUMN_WORD = 24 };

/* What is known of a column, without the header. */
typedef struct ht_column {
    size_t numbers, words, missing; /* cells */
    size_t blank, whole, truths;    /* missing and empty; whole numbers; words that are True or False */
    bool rising, counting;          /* each number above the one before; by exactly 1 */
    double first, last, low, high;
    int distinct; /* values seen, at most HT_COLUMN_DISTINCT */
    uint32_t seen[HT_COLUMN_DISTINCT];
    char word[HT_COLUMN_WORD]; /* the first word, cut, and the line of its record */
    size_t word_line;
    size_t number_line;         /* of its first number */
    bool nominal, text;         /* .arff: declared with a list of values; as a string */
    size_t values, value_count; /* of that list: where it begins in table->values, and how many */
} ht_column;

/* Zero-initialize; free with ht_text_table_free. */
typedef struct ht_text_table {
    const char *path;
    char *text; /* the file, in one form */
    size_t size;
    ht_dialect dialect;
    bool arff;
    size_t start, start_line; /* of the first record, header or not */
    bool header;              /* that record holds names; always so for .arff, whose header comes before */
    bool counted;             /* the header is a row of numbers: 0, 1, 2 … or the same in both files */
    ht_data_header asked;     /* what data.header says */
    ht_text values;           /* .arff: what nominal attributes may be, each terminated */
    size_t columns, rows;     /* rows: samples, without the header */
    size_t row_names;         /* 1: the header has no name for the first column (R) */
    ht_csv head;              /* holds the first record; for .arff the names of the attributes */
    ht_column *column;        /* (columns) */
} ht_text_table;

/* Reads a file and takes its facts, first record and rest apart; then decides on the header, as far as this
 * file alone can tell (`header`: or as a person says). */
ht_code ht_text_table_open(ht_text_table *table, const char *path, ht_data_header header, ht_notes *notes,
                           ht_error *err);

/* Has to be called once the header is settled: a first record that is none joins the facts. HT_FAIL for a
 * table of one column, and for a first line of which it cannot be told. */
ht_code ht_text_table_settle(ht_text_table *table, ht_error *err);

/* Name of a column; "" without one. */
const char *ht_text_table_name(const ht_text_table *table, size_t column);

/* "column 3 'name'", or "column 3". */
void ht_text_table_describe(const ht_text_table *table, size_t column, char *to, size_t size);

/* Takes a cell of line `line` into account. */
void ht_column_see(ht_column *column, const char *field, char decimal, size_t line);

/* Has the column this value? Once it has many, nobody knows: true. */
bool ht_column_knows(const ht_text_table *table, const ht_column *column, const char *field);

/* Does a header call the column so that it is only an index? No name, or pandas' Unnamed: 0. */
bool ht_text_table_is_index(const char *name);

/* A reader that stands at a record. */
ht_csv ht_text_table_reader(const ht_text_table *table, size_t at, size_t line);

/* A reader that stands before the first sample; ht_csv_free it. The caller checks each record with
 * ht_text_table_fits. */
ht_csv ht_text_table_begin(const ht_text_table *table);
ht_code ht_text_table_fits(const ht_text_table *table, const ht_csv *csv, ht_error *err);

void ht_text_table_free(ht_text_table *table);

/* ---- the first line, in header.c ---- */

/* The words of the first record, and its numbers, finite or not. */
void ht_header_count(const ht_text_table *table, size_t *words, size_t *numbers);

/* Sets table->header, and table->counted for one of numbers, as far as it is certain: words over columns of
 * numbers, or words alone of which most do not occur below; a name of a label; 0, 1, 2 … or 1, 2, 3 …;
 * numbers in an order that hardly another row has, with a label that no other row has, and unlike their
 * columns. */
void ht_header_find(ht_text_table *table);

/* Two files of one set: a first row of numbers that is the same in both, while the second rows differ, and
 * whose values all differ, is a header that pandas made of a sample (in files of more than 10 rows). */
void ht_header_compare(ht_text_table *train, ht_text_table *test);

/* HT_FAIL for a first line of numbers that is taken for a sample although it is unlike the others; the person
 * has to say data.header=yes or no. */
ht_code ht_header_question(const ht_text_table *table, ht_error *err);

/* The same for one that is the only sample with its label, unless more than three labels occur once (`rare`:
 * so many do). */
ht_code ht_header_question_label(const ht_text_table *table, const char *label, size_t rare, ht_error *err);

/* ---- .arff, in arff.c ---- */

/* A record must hold what the header declares: nominal values, no sparse record, no weight. */
ht_code ht_arff_check(const ht_text_table *table, const ht_csv *csv, ht_error *err);

/* Is this the text of an ARFF file? Its first word that is no comment is @relation. */
bool ht_arff_is(const char *text);

/* Reads the header of an ARFF file: names and nominal columns; table->start is behind @data. */
ht_code ht_arff_header(ht_text_table *table, ht_error *err);

#endif
