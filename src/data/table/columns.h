/* columns.h - what the columns of a table are for: one is the label, some are left out, the rest are inputs.
 * Settled by the training file; the test file must have the same columns. */
#ifndef HT_DATA_TABLE_COLUMNS_H
#define HT_DATA_TABLE_COLUMNS_H

#include "data/loader.h"
#include "data/table/sheet.h"

/* Zero-initialize; free with ht_columns_free. */
typedef struct ht_columns {
    size_t count, label, inputs;
    bool *out;       /* (count) left out: row numbers, columns without a value; never the label */
    bool asked;      /* the label is the one that data.label names */
    bool firm;       /* it is not just the last column */
    const char *why; /* of the label, for people: "the last", "called so" … */
} ht_columns;

/* The label: as `wanted` (NULL: not given) names it, by name, then by number from 1; else the column called
 * label, else class; in .arff else the last nominal one; else the last. What is left out is noted:
 *   - a column without a name, or called Unnamed: 0, of whole numbers (pandas' index), or of row names (R);
 *   - one called id, index or alike, whose values are distinct whole numbers;
 *   - one of whole numbers that count the rows, over 10 rows or more; the first column also when they only
 *     rise and are close together;
 *   - one without any value.
 * A column of words that is no label is an error that names it. */
ht_code ht_columns_settle(ht_columns *columns, const ht_sheet *table, const char *wanted, ht_raw *raw,
                          ht_error *err);

/* The test file must have as many columns and, where both name them, the same names in the same order. */
ht_code ht_columns_compare(const ht_columns *columns, const ht_sheet *train, const ht_sheet *test,
                           ht_error *err);

/* Does the label look like a quantity? Not asked for, it is refused then, with the columns that look like
 * classes. It does when most labels occur once (8 samples or more); or it is no column called label or class
 * and has more than 10 values that are not all whole numbers, or more than 50 and a tenth of the samples. */
ht_code ht_columns_question(const ht_columns *columns, const ht_sheet *table, const ht_raw_labels *labels,
                            ht_error *err);

/* Notes a first input of whole numbers of which no two are equal, in 20 samples or more: it may number the
 * samples, though not in order. */
ht_code ht_columns_suspect(const ht_columns *columns, const ht_sheet *table, ht_raw *raw, ht_error *err);

/* Two files, raw->train.path and raw->test.path, into the wide matrices of *raw, missing cells as NaN. The
 * caller frees tables and columns, also after a failure. In load_csv.c. */
ht_code ht_sheets_read(const ht_data_request *request, ht_sheet tables[2], ht_columns *columns, ht_raw *raw,
                       ht_error *err);

void ht_columns_free(ht_columns *columns);

#endif
