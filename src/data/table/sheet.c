#include "data/table/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "data/table/rows.h"

enum { HEADS_ROWS = 10 }; /* in a small file a sample may well be first in both */

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
    if (c->numbers++ == 0) c->first = value;
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

/* ---- the records ------------------------------------------------------------------------------- */

static ht_csv reader_at(const ht_sheet *table, size_t at, size_t line)
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

static bool is_nonfinite(const char *field)
{
    char *end;
    double value = strtod(field, &end);
    return *field && *end == '\0' && !isfinite(value);
}

/* The words of the first record, and its numbers. */
static void count_head(const ht_sheet *table, size_t *words, size_t *numbers)
{
    double value;
    *words = *numbers = 0;
    for (size_t i = 0; i < table->head.count; i++) {
        const char *field = ht_csv_field(&table->head, i);
        ht_cell cell = ht_cell_read(field, table->dialect.decimal, &value);
        *numbers += cell == HT_CELL_NUMBER || is_nonfinite(field);
        *words += cell == HT_CELL_WORD && !is_nonfinite(field);
    }
}

/* The columns, once the second record is known: the first one may lack a name, one of them may end with a
 * separator. */
static void settle_columns(ht_sheet *table, const ht_csv *second)
{
    size_t words, numbers, first = table->head.count;
    table->columns = first;
    count_head(table, &words, &numbers);
    if (second->count == first + 1 && *ht_csv_field(second, first) != '\0' && numbers == 0)
        table->columns = first + 1, table->row_names = 1;
    if (second->count + 1 == first && *ht_csv_field(&table->head, first - 1) == '\0')
        table->columns = table->head.count = first - 1;
}

static ht_code survey(ht_sheet *table, ht_error *err)
{
    ht_csv csv = reader_at(table, table->head.at, table->head.line);
    ht_code code = HT_OK;
    while ((code = ht_csv_next(&csv, err)) == HT_OK && csv.count > 0) {
        if (!table->column) {
            if (!table->arff) settle_columns(table, &csv);
            table->column = ht_alloc(table->columns, sizeof *table->column, "the columns", err);
            if (!table->column) code = HT_FAIL;
            if (code != HT_OK) break;
        }
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

/* ---- the header -------------------------------------------------------------------------------- */

static bool names_a_label(const ht_sheet *table)
{
    for (size_t i = 0; i < table->head.count; i++)
        if (strcasecmp(ht_csv_field(&table->head, i), "label") == 0 ||
            strcasecmp(ht_csv_field(&table->head, i), "class") == 0)
            return true;
    return false;
}

static bool is_numeric(const ht_column *c)
{
    return c->numbers > 0 && c->words == 0;
}

/* Words where the columns hold numbers, in more than half of them. */
static bool is_foreign(const ht_sheet *table)
{
    size_t numeric = 0, words = 0;
    double value;
    for (size_t i = 0; i < table->head.count; i++) {
        const char *field = ht_csv_field(&table->head, i);
        if (!is_numeric(&table->column[i + table->row_names])) continue;
        numeric++;
        words += ht_cell_read(field, table->dialect.decimal, &value) == HT_CELL_WORD && !is_nonfinite(field);
    }
    return 2 * words > numeric;
}

/* 0, 1, 2 … or 1, 2, 3 … in all fields but those of `words` that are none, and an empty first one. */
static bool is_counting(const ht_sheet *table)
{
    size_t skip = table->head.count > 1 && *ht_csv_field(&table->head, 0) == '\0';
    double value, before = 0;
    for (size_t i = skip; i < table->head.count; i++) {
        const char *field = ht_csv_field(&table->head, i);
        if (ht_cell_read(field, '.', &value) != HT_CELL_NUMBER) {
            if (i + 1 < table->head.count || i == skip) return false; /* the last may be "target" */
            return is_numeric(&table->column[i]);
        }
        if (i == skip ? value != 0 && value != 1 : value != before + 1) return false;
        before = value;
    }
    return true;
}

/* Does the last field of the first record occur in the last column below? */
static bool last_is_known(const ht_sheet *table)
{
    const ht_column *c = &table->column[table->columns - 1];
    ht_column with = *c;
    see_cell(&with, ht_csv_field(&table->head, table->columns - 1), table->dialect.decimal, 0);
    return c->distinct == HT_COLUMN_DISTINCT || with.distinct == c->distinct;
}

/* Numbers for all columns but the last, whose name stands over numbers. */
static bool only_last_is_named(const ht_sheet *table, size_t words, size_t numbers)
{
    const char *last = ht_csv_field(&table->head, table->head.count - 1);
    double value;
    return words == 1 && numbers + 1 == table->head.count && !is_nonfinite(last) &&
           ht_cell_read(last, table->dialect.decimal, &value) == HT_CELL_WORD &&
           is_numeric(&table->column[table->columns - 1]);
}

static void find_header(ht_sheet *table)
{
    size_t words, numbers;
    count_head(table, &words, &numbers);
    table->header = table->row_names || names_a_label(table) || (words > 0 && numbers == 0) ||
                    (table->rows > 0 && (is_foreign(table) || only_last_is_named(table, words, numbers)));
    if (table->header || table->rows == 0 || !is_counting(table)) return;
    /* A sample may be "0,1" or "1,2,3"; a long one may not. */
    table->header = table->counted = table->columns >= 4 || (table->columns == 3 && !last_is_known(table));
}

static bool same_records(const ht_csv *a, const ht_csv *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(ht_csv_field(a, i), ht_csv_field(b, i)) != 0) return false;
    return true;
}

static bool all_differ(const ht_csv *record)
{
    for (size_t i = 0; i < record->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(ht_csv_field(record, i), ht_csv_field(record, j)) == 0) return false;
    return true;
}

static bool same_second(const ht_sheet *a, const ht_sheet *b)
{
    ht_error ignored;
    ht_csv x = reader_at(a, a->head.at, a->head.line), y = reader_at(b, b->head.at, b->head.line);
    bool same =
        ht_csv_next(&x, &ignored) == HT_OK && ht_csv_next(&y, &ignored) == HT_OK && same_records(&x, &y);
    ht_csv_free(&x);
    ht_csv_free(&y);
    return same;
}

void ht_sheet_compare_heads(ht_sheet *train, ht_sheet *test)
{
    bool counts = train->counted || (train->rows > 0 && is_counting(train));
    if (train->arff || test->arff || !same_records(&train->head, &test->head)) return;
    if (train->header != test->header) { /* one file could tell, the other has too few rows */
        train->header = test->header = true;
        train->counted = test->counted = train->counted || test->counted;
        return;
    }
    if (train->header || train->columns < (counts ? 2 : 3)) return;
    if (train->rows < HEADS_ROWS || test->rows == 0) return;
    if (train->columns > 1000 || !all_differ(&train->head) || same_second(train, test)) return;
    train->header = train->counted = test->header = test->counted = true;
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

ht_csv ht_sheet_begin(const ht_sheet *table)
{
    if (table->header) return reader_at(table, table->head.at, table->head.line);
    return reader_at(table, table->start, table->start_line);
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
    table->head = reader_at(table, table->start, table->start_line);
    if (ht_csv_next(&table->head, err) != HT_OK) return err->code;
    if (table->head.count > 0) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: has only empty lines; give a file with one sample a line",
                        table->path);
}

ht_code ht_sheet_open(ht_sheet *table, const char *path, ht_notes *notes, ht_error *err)
{
    table->path = path;
    if (ht_rows_read_text(path, &table->text, &table->size, notes, err) != HT_OK) return err->code;
    table->arff = ht_arff_is(table->text);
    if ((table->arff ? ht_arff_header(table, err) : read_head(table, err)) != HT_OK) return err->code;
    if (survey(table, err) != HT_OK) return err->code;
    if (!table->arff) find_header(table);
    return HT_OK;
}

void ht_sheet_free(ht_sheet *table)
{
    ht_csv_free(&table->head);
    ht_free(table->column);
    ht_free(table->text);
    *table = (ht_sheet){0};
}
