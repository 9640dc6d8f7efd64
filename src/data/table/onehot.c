/* One-hot columns: of a few columns just one is 1 in every row. As labels they are asked about, since a label
 * is one column. */
#include <stdio.h>

#include "base/alloc.h"
#include "data/table/columns.h"

enum { LEAST = 3, ROWS = 10, DESCRIBED = 80 }; /* two columns would be twins */

/* 0 and 1, or False and True, in all rows. */
static bool is_binary(const ht_text_table *table, const ht_column *c)
{
    if (c->distinct != 2) return false;
    if (c->truths > 0) return c->truths == table->rows;
    return c->numbers == table->rows && c->low == 0 && c->high == 1 && c->whole == c->numbers;
}

/* Does the cell hold a 1? */
static bool is_hot(const ht_text_table *table, const char *field)
{
    double value = 0;
    if (ht_cell_read(field, table->dialect.decimal, &value) == HT_CELL_WORD) ht_cell_truth(field, &value);
    return value == 1;
}

/* The last columns up to the label that are binary: fits[n] while the last n of them have one 1 in each row.
 */
static ht_code look(const ht_text_table *table, size_t label, bool *fits, size_t most, ht_error *err)
{
    ht_csv csv = ht_text_table_begin(table);
    ht_code code = HT_OK;
    for (size_t n = LEAST; n <= most; n++) fits[n] = true;
    while ((code = ht_csv_next(&csv, err)) == HT_OK && csv.count > 0) {
        size_t hot = 0;
        for (size_t n = 1; n <= most; n++) {
            hot += is_hot(table, ht_csv_field(&csv, label + 1 - n));
            fits[n] = fits[n] && hot == 1;
        }
    }
    ht_csv_free(&csv);
    return code;
}

ht_code ht_columns_onehot(const ht_columns *columns, const ht_text_table *table, ht_error *err)
{
    char first[DESCRIBED], last[DESCRIBED];
    size_t most = 0, label = columns->label, n = LEAST;
    if (columns->origin != HT_LABEL_GUESSED || table->rows < ROWS) return HT_OK;
    while (most <= label && is_binary(table, &table->column[label - most])) most++;
    if (most < LEAST) return HT_OK;
    bool *fits = ht_alloc(most + 1, sizeof *fits, "the columns", err);
    if (!fits) return HT_FAIL;
    ht_code code = look(table, label, fits, most, err);
    while (n <= most && !fits[n]) n++;
    ht_free(fits);
    if (code != HT_OK || n > most) return code;
    ht_text_table_describe(table, label + 1 - n, first, sizeof first);
    ht_text_table_describe(table, label, last, sizeof last);
    return ht_error_set(
        err, HT_FAIL,
        "%s: just one of the %zu columns from %s to %s is 1 in every row, as in one-hot labels; "
        "the label is one column: write there which one is 1, as df.idxmax(axis=1) of these columns "
        "does, or name another with --label (data.label)",
        table->path, n, first, last);
}
