#include "data/table/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "data/table/rows.h"

/* ---- facts of a column ------------------------------------------------------------------------- */

static void see_value(ht_column *c, const void *data, size_t bytes)
{
    uint32_t key = (uint32_t)ht_hash(HT_HASH_START ^ bytes, data, bytes);
    for (int i = 0; i < c->distinct; i++)
        if (c->seen[i] == key) return;
    if (c->distinct < HT_COLUMN_DISTINCT) c->seen[c->distinct++] = key;
}

static void see_number(ht_column *c, double value)
{
    value += 0.0; /* -0 is 0 */
    c->rising = c->numbers == 0 || (c->rising && value > c->last);
    c->counting = c->numbers == 0 || (c->counting && value == c->last + 1);
    if (c->numbers++ == 0) c->first = c->low = c->high = value;
    if (value < c->low) c->low = value;
    if (value > c->high) c->high = value;
    c->last = value;
    c->whole += value == floor(value);
    see_value(c, &value, sizeof value);
}

static void see_cell(ht_column *c, const char *field, char decimal, size_t line)
{
    double value;
    switch (ht_cell_read(field, decimal, &value)) {
    case HT_CELL_NUMBER:
        see_number(c, value);
        break;
    case HT_CELL_MISSING:
        c->missing++;
        c->blank += *field == '\0';
        break;
    case HT_CELL_WORD:
        c->truths += ht_cell_truth(field, &value);
        if (c->words++ == 0) ht_text_copy(c->word, sizeof c->word, field), c->word_line = line;
        see_value(c, field, strlen(field));
    }
}

bool ht_column_knows(const ht_sheet *table, const ht_column *column, const char *field)
{
    ht_column with = *column;
    see_cell(&with, field, table->dialect.decimal, 0);
    return column->distinct == HT_COLUMN_DISTINCT || with.distinct == column->distinct;
}

/* ---- the records ------------------------------------------------------------------------------- */

ht_csv ht_sheet_reader(const ht_sheet *table, size_t at, size_t line)
{
    return (ht_csv){.path = table->path,
                    .data = table->text,
                    .size = table->size,
                    .at = at,
                    .line = line,
                    .separator = table->dialect.separator,
                    .arff = table->arff};
}

ht_code ht_sheet_fits(const ht_sheet *table, const ht_csv *csv, ht_error *err)
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
static void settle_columns(ht_sheet *table, const ht_csv *second)
{
    size_t words, numbers, first = table->head.count;
    table->columns = first;
    ht_header_count(table, &words, &numbers);
    if (second->count == first + 1 && *ht_csv_field(second, first) != '\0' && numbers == 0)
        table->columns = first + 1, table->row_names = 1;
    if (second->count + 1 == first && *ht_csv_field(&table->head, first - 1) == '\0')
        table->columns = table->head.count = first - 1;
}

static ht_code survey(ht_sheet *table, ht_error *err)
{
    ht_csv csv = ht_sheet_reader(table, table->head.at, table->head.line);
    ht_code code = HT_OK;
    while ((code = ht_csv_next(&csv, err)) == HT_OK && csv.count > 0) {
        if (!table->column) {
            if (!table->arff) settle_columns(table, &csv);
            table->column = ht_alloc(table->columns, sizeof *table->column, "the columns", err);
            if (!table->column) code = HT_FAIL;
            if (code != HT_OK) break;
        }
        if (table->arff && (code = ht_arff_check(table, &csv, err)) != HT_OK) break;
        if ((code = ht_sheet_fits(table, &csv, err)) != HT_OK) break;
        for (size_t i = 0; i < table->columns; i++)
            see_cell(&table->column[i], ht_csv_field(&csv, i), table->dialect.decimal, csv.record_line);
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
    see_cell(&one, field, decimal, line);
    see_cell(c, field, decimal, line);
    c->first = one.numbers ? one.first : rest.first;
    c->last = rest.numbers ? rest.last : one.last;
    c->rising = !one.numbers || !rest.numbers || (rest.rising && one.first < rest.first);
    c->counting = !one.numbers || !rest.numbers || (rest.counting && one.first + 1 == rest.first);
    if (one.words) memcpy(c->word, one.word, sizeof c->word), c->word_line = line;
}

/* Every line ends with a separator: the last column is no column. */
static void drop_last(ht_sheet *table)
{
    const ht_column *last = &table->column[table->columns - 1];
    if (table->columns < 2 || table->row_names || table->arff || last->blank != table->rows) return;
    if (*ht_csv_field(&table->head, table->head.count - 1) == '\0') table->columns = --table->head.count;
}

ht_code ht_sheet_settle(ht_sheet *table, ht_error *err)
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

const char *ht_sheet_name(const ht_sheet *table, size_t column)
{
    if (!table->header || column < table->row_names) return "";
    return ht_csv_field(&table->head, column - table->row_names);
}

void ht_sheet_describe(const ht_sheet *table, size_t column, char *to, size_t size)
{
    const char *name = ht_sheet_name(table, column);
    if (*name && !table->counted)
        snprintf(to, size, "column %zu '%.40s'", column + 1, name);
    else
        snprintf(to, size, "column %zu", column + 1);
}

bool ht_sheet_is_index(const char *name)
{
    return *name == '\0' || strncasecmp(name, "Unnamed: ", strlen("Unnamed: ")) == 0;
}

ht_csv ht_sheet_begin(const ht_sheet *table)
{
    if (table->header) return ht_sheet_reader(table, table->head.at, table->head.line);
    return ht_sheet_reader(table, table->start, table->start_line);
}

/* ---- opening ----------------------------------------------------------------------------------- */

/* Lines that begin with # before anything else. */
static void skip_comments(ht_sheet *table)
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

static ht_code read_head(ht_sheet *table, ht_error *err)
{
    skip_comments(table);
    ht_dialect_find(table->text + table->start, table->size - table->start, &table->dialect);
    table->head = ht_sheet_reader(table, table->start, table->start_line);
    if (ht_csv_next(&table->head, err) != HT_OK) return err->code;
    if (table->head.count > 0) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: has only empty lines; give a file with one sample a line",
                        table->path);
}

ht_code ht_sheet_open(ht_sheet *table, const char *path, ht_data_header header, ht_notes *notes,
                      ht_error *err)
{
    table->path = path;
    table->asked = header;
    if (ht_rows_read_text(path, &table->text, &table->size, notes, err) != HT_OK) return err->code;
    table->arff = ht_arff_is(table->text);
    if ((table->arff ? ht_arff_header(table, err) : read_head(table, err)) != HT_OK) return err->code;
    if (survey(table, err) != HT_OK) return err->code;
    if (!table->arff) ht_header_find(table);
    return HT_OK;
}

void ht_sheet_free(ht_sheet *table)
{
    ht_csv_free(&table->head);
    ht_free(table->column);
    ht_text_free(&table->values);
    ht_free(table->text);
    *table = (ht_sheet){0};
}
