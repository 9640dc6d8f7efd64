/* text_table_read.c - reading a table: where it begins, its header, what its columns hold. */
#include "data/table/text_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "data/table/rows.h"

ht_code ht_text_table_fits(const ht_text_table *table, const ht_csv *csv, ht_error *err)
{
    size_t fields = csv->count;
    if (fields == table->columns + 1 && *ht_csv_field(csv, fields - 1) == '\0') fields--;
    if (fields == table->columns) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s:%zu: has %zu fields, %s %zu; all rows must have as many", csv->path,
                        csv->record_line, csv->count,
                        table->arff ? "the header declares" : "the first row has",
                        table->head.count + table->row_names);
}

/* The columns, once the second record is known: the first one may lack a name, one of them may end with a
 * separator. */
static void settle_columns(ht_text_table *table, const ht_csv *second)
{
    size_t words, numbers, first = table->head.count;
    table->columns = first;
    ht_header_count(table, &words, &numbers);
    if (second->count == first + 1 && *ht_csv_field(second, first) != '\0' && numbers == 0)
        table->columns = first + 1, table->row_names = 1;
    if (second->count + 1 == first && *ht_csv_field(&table->head, first - 1) == '\0')
        table->columns = table->head.count = first - 1;
}

static ht_code measure(ht_text_table *table, ht_error *err)
{
    ht_csv csv = ht_text_table_reader(table, table->head.at, table->head.line);
    ht_code code = HT_OK;
    while ((code = ht_csv_next(&csv, err)) == HT_OK && csv.count > 0) {
        if (!table->column) {
            if (!table->arff) settle_columns(table, &csv);
            table->column = ht_alloc(table->columns, sizeof *table->column, "the columns", err);
            if (!table->column) code = HT_FAIL;
            if (code != HT_OK) break;
        }
        if (table->arff && (code = ht_arff_check(table, &csv, err)) != HT_OK) break;
        if ((code = ht_text_table_fits(table, &csv, err)) != HT_OK) break;
        for (size_t i = 0; i < table->columns; i++)
            ht_column_see(&table->column[i], ht_csv_field(&csv, i), table->dialect.decimal, csv.record_line);
        table->rows++;
    }
    ht_csv_free(&csv);
    if (code == HT_OK && !table->column) { /* no record after the first */
        table->columns = table->head.count;
        table->column = ht_alloc(table->columns, sizeof *table->column, "the columns", err);
        code = table->column ? HT_OK : HT_FAIL;
    }
    return code;
}

/* ---- settling ---------------------------------------------------------------------------------- */

/* The first record is a sample: it comes before all that the column has seen. */
static void see_first(ht_column *c, const char *field, char decimal, size_t line)
{
    ht_column one = {0}, rest = *c;
    ht_column_see(&one, field, decimal, line);
    ht_column_see(c, field, decimal, line);
    c->first = one.numbers ? one.first : rest.first;
    c->last = rest.numbers ? rest.last : one.last;
    c->rising = !one.numbers || !rest.numbers || (rest.rising && one.first < rest.first);
    c->counting = !one.numbers || !rest.numbers || (rest.counting && one.first + 1 == rest.first);
    if (one.words) memcpy(c->word, one.word, sizeof c->word), c->word_line = line;
    if (one.numbers) c->number_line = line;
}

/* Every line ends with a separator: the last column is no column. */
static void drop_last(ht_text_table *table)
{
    const ht_column *last = &table->column[table->columns - 1];
    if (table->columns < 2 || table->row_names || table->arff || last->blank != table->rows) return;
    if (*ht_csv_field(&table->head, table->head.count - 1) == '\0') table->columns = --table->head.count;
}

ht_code ht_text_table_settle(ht_text_table *table, ht_error *err)
{
    drop_last(table);
    if (ht_header_question(table, err) != HT_OK) return err->code;
    if (!table->header) {
        for (size_t i = 0; i < table->columns; i++)
            see_first(&table->column[i], ht_csv_field(&table->head, i), table->dialect.decimal,
                      table->head.record_line);
        table->rows++;
    }
    if (table->columns >= 2) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s:%zu: has one column; a row needs at least one value and a label, separated by commas",
        table->path, table->head.record_line);
}

ht_csv ht_text_table_begin(const ht_text_table *table)
{
    if (table->header) return ht_text_table_reader(table, table->head.at, table->head.line);
    return ht_text_table_reader(table, table->start, table->start_line);
}

/* ---- opening ----------------------------------------------------------------------------------- */

/* Lines that begin with # before anything else. */
static void skip_comments(ht_text_table *table)
{
    const char *p = table->text;
    table->start_line = 1;
    while (*p == '#' || *p == '\n' || *p == '\r') {
        const char *end = strchr(p, '\n');
        if (!end) break;
        p = end + 1;
        table->start_line++;
    }
    table->start = (size_t)(p - table->text);
}

static ht_code read_head(ht_text_table *table, ht_error *err)
{
    skip_comments(table);
    ht_dialect_find(table->text + table->start, table->size - table->start, &table->dialect);
    table->head = ht_text_table_reader(table, table->start, table->start_line);
    if (ht_csv_next(&table->head, err) != HT_OK) return err->code;
    if (table->head.count > 0) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: has only empty lines; give a file with one sample a line",
                        table->path);
}

ht_code ht_text_table_open(ht_text_table *table, const char *path, ht_data_header header, ht_notes *notes,
                           ht_error *err)
{
    table->path = path;
    table->asked = header;
    if (ht_rows_read_text(path, &table->text, &table->size, notes, err) != HT_OK) return err->code;
    table->arff = ht_arff_is(table->text);
    if ((table->arff ? ht_arff_header(table, err) : read_head(table, err)) != HT_OK) return err->code;
    if (measure(table, err) != HT_OK) return err->code;
    if (!table->arff) ht_header_find(table);
    return HT_OK;
}
