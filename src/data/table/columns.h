/* columns.h - what the columns of a table are for: one is the label, some are left out, the rest are inputs.
 * Settled by the training file; the test file must have the same columns. */
#ifndef HT_DATA_TABLE_COLUMNS_H
#define HT_DATA_TABLE_COLUMNS_H

#include "data/loader.h"
#include "data/table/fields.h"
#include "data/table/text_table.h"

/* Zero-initialize; free with ht_columns_free. */
typedef struct ht_columns {
    size_t count, label, inputs;
    bool *words, *asked;    /* (count) hold categories; because data.categories says so */
    bool *out;              /* (count) left out: row numbers, columns without a value; never the label */
    size_t *place;          /* (count) where the test file has them; NULL: in the same order */
    ht_label_origin origin; /* of the label */
    const char *why;        /* of the label, for people: "the last", "called so" … */
} ht_columns;

/* Finds the label (label.h), and leaves out, noting it:
 *   - a column without a name, or called Unnamed: 0, of whole numbers (pandas' index), or of row names (R);
 *   - one called id, index or alike, whose values are distinct whole numbers;
 *   - one of whole numbers that count the rows by 1, over 10 rows or more: from 0 or 1, or without a header;
 *   - one without any value;
 *   - one that says the same as the label (ht_columns_duplicates).
 * and lists them all in raw->columns. */
ht_code ht_columns_settle(ht_columns *columns, const ht_text_table *table, const ht_data_request *request,
                          ht_raw *raw, ht_error *err);

/* Which of the inputs hold categories: those that request->categories names, that @attribute declares values
 * or strings for, and those with more words than numbers, which are not all true or false. A mixture is told,
 * with the line of its first number. HT_FAIL for words that are numbers with marks or units, for a guessed
 * label beside a single column of words that looks like one, and for any words with request->numbers_only. In
 * categories.c. */
ht_code ht_columns_words(ht_columns *columns, const ht_text_table *table, const ht_data_request *request,
                         ht_raw *raw, ht_error *err);

/* The inputs as columns of cells, with the words that @attribute declares. In categories.c. */
ht_code ht_columns_fields(const ht_columns *columns, const ht_text_table *table, ht_fields *fields,
                          ht_error *err);

/* Leaves out the columns in which each class of the label has a value of its own, over 20 rows or more with
 * up to 64 classes, up to a fifth of its cells missing; and columns that together are the label one-hot, one
 * for each class, or for each but one; but never the only inputs, which is told. In duplicates.c. */
ht_code ht_columns_duplicates(ht_columns *columns, const ht_text_table *table, ht_raw *raw, ht_error *err);

/* HT_FAIL when a label that was guessed is the last of three columns or more of which just one is 1 in every
 * row (10 or more): one-hot labels. In onehot.c. */
ht_code ht_columns_onehot(const ht_columns *columns, const ht_text_table *table, ht_error *err);

/* The test file must have as many columns, which is told where only one file names them; or, where both name
 * them, the same names: in another order they are matched, and that is noted. */
ht_code ht_columns_compare(ht_columns *columns, const ht_text_table *train, const ht_text_table *test,
                           ht_raw *raw, ht_error *err);

/* Notes inputs of whole numbers that rise, and those of which no two are equal, in 20 samples or more: they
 * may number the samples. */
ht_code ht_columns_suspect(const ht_columns *columns, const ht_text_table *table, const ht_fields *fields,
                           ht_raw *raw, ht_error *err);

/* Two files, raw->train.path and raw->test.path, into the wide matrices of *raw (fields.h). The caller frees
 * tables, columns and cells, also after a failure. In load_csv.c. */
ht_code ht_text_tables_read(const ht_data_request *request, ht_text_table tables[2], ht_columns *columns,
                            ht_fields *fields, ht_raw *raw, ht_error *err);

void ht_columns_free(ht_columns *columns);

#endif
