#include "data/table/text_table.h"

#include <math.h>
#include <stdio.h>
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

void ht_column_see(ht_column *c, const char *field, char decimal, size_t line)
{
    double value;
    switch (ht_cell_read(field, decimal, &value)) {
    case HT_CELL_NUMBER:
        if (c->numbers == 0) c->number_line = line;
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

bool ht_column_knows(const ht_text_table *table, const ht_column *column, const char *field)
{
    ht_column with = *column;
    ht_column_see(&with, field, table->dialect.decimal, 0);
    return column->distinct == HT_COLUMN_DISTINCT || with.distinct == column->distinct;
}

ht_csv ht_text_table_reader(const ht_text_table *table, size_t at, size_t line)
{
    return (ht_csv){.path = table->path,
                    .data = table->text,
                    .size = table->size,
                    .at = at,
                    .line = line,
                    .separator = table->dialect.separator,
                    .arff = table->arff};
}

const char *ht_text_table_name(const ht_text_table *table, size_t column)
{
    if (!table->header || column < table->row_names) return "";
    return ht_csv_field(&table->head, column - table->row_names);
}

void ht_text_table_describe(const ht_text_table *table, size_t column, char *to, size_t size)
{
    const char *name = ht_text_table_name(table, column);
    if (*name)
        snprintf(to, size, "column %zu '%.40s'", column + 1, name);
    else
        snprintf(to, size, "column %zu", column + 1);
}

bool ht_text_table_is_index(const char *name)
{
    return *name == '\0' || strncasecmp(name, "Unnamed: ", strlen("Unnamed: ")) == 0;
}

void ht_text_table_free(ht_text_table *table)
{
    ht_csv_free(&table->head);
    ht_free(table->column);
    ht_text_free(&table->values);
    ht_free(table->text);
    *table = (ht_text_table){0};
}
