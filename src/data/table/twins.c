/* Columns that say the same as the label: each class has a value of its own there. They would give the answer
 * away. */
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "data/table/columns.h"

enum { CLASSES = 64, ROWS = 20, DESCRIBED = 80 };

/* The values of one column, in the order of the classes; 0: not seen yet. */
typedef struct twin {
    size_t column;
    uint64_t values[CLASSES];
} twin;

/* All columns that may be twins still; the first is the label with itself. */
typedef struct search {
    const ht_sheet *table;
    twin *twins;
    size_t count;
    int classes;
} search;

/* Never 0. */
static uint64_t value_of(const ht_sheet *table, const ht_csv *csv, size_t column)
{
    const char *field = ht_csv_field(csv, column);
    double value = 0;
    if (ht_cell_read(field, table->dialect.decimal, &value) != HT_CELL_NUMBER)
        return ht_hash(HT_HASH_START, field, strlen(field)) | 1;
    value += 0.0;
    return ht_hash(HT_HASH_START ^ sizeof value, &value, sizeof value) | 1;
}

/* Does class c, seen now with this value, keep value and class in step? */
static bool keeps_step(twin *t, int c, uint64_t value, int classes)
{
    if (t->values[c]) return t->values[c] == value;
    for (int k = 0; k < classes; k++)
        if (t->values[k] == value) return false;
    t->values[c] = value;
    return true;
}

/* HT_OK: the row was seen. Too many classes leave no twins. */
static void see_row(search *s, const ht_csv *csv)
{
    size_t kept = 1;
    uint64_t label = value_of(s->table, csv, s->twins[0].column);
    int c = 0;
    if (ht_cell_no_label(ht_csv_field(csv, s->twins[0].column))) return;
    while (c < s->classes && s->twins[0].values[c] != label) c++;
    if (c == CLASSES) s->count = 1;
    if (c == CLASSES) return;
    if (c == s->classes) s->twins[0].values[s->classes++] = label;
    for (size_t i = 1; i < s->count; i++) {
        twin *t = &s->twins[i];
        if (!keeps_step(t, c, value_of(s->table, csv, t->column), s->classes)) continue;
        if (kept != i) s->twins[kept] = *t;
        kept++;
    }
    s->count = kept;
}

/* As many values as the label, as far as they were counted. */
static void add_candidates(search *s, const ht_columns *columns)
{
    const ht_column *label = &s->table->column[columns->label];
    s->twins[s->count++].column = columns->label;
    for (size_t i = 0; i < columns->count; i++) {
        const ht_column *c = &s->table->column[i];
        if (i == columns->label || columns->out[i] || c->distinct != label->distinct || c->distinct < 2)
            continue;
        if (c->missing == 0) s->twins[s->count++].column = i;
    }
}

static ht_code look(search *s, ht_error *err)
{
    ht_csv csv = ht_sheet_begin(s->table);
    ht_code code = HT_OK;
    while (s->count > 1 && (code = ht_csv_next(&csv, err)) == HT_OK && csv.count > 0) see_row(s, &csv);
    ht_csv_free(&csv);
    return code;
}

static void leave_out(const search *s, ht_columns *columns, ht_raw *raw)
{
    char what[DESCRIBED];
    size_t left = 0;
    for (size_t i = 0; i < columns->count; i++) left += i != columns->label && !columns->out[i];
    for (size_t i = 1; i < s->count; i++) {
        ht_sheet_describe(s->table, s->twins[i].column, what, sizeof what);
        if (left == 1) {
            ht_notes_add(&raw->notes, "%s: %s says the same as the label, and is the only input",
                         s->table->path, what);
            continue;
        }
        left--;
        columns->out[s->twins[i].column] = true;
        ht_notes_add(&raw->notes,
                     "%s: %s says the same as the label (each class has its own value there) and is left out",
                     s->table->path, what);
        ht_notes_add(&raw->facts, "left out: %s (it says the same as the label)", what);
    }
}

ht_code ht_columns_twins(ht_columns *columns, const ht_sheet *table, ht_raw *raw, ht_error *err)
{
    search s = {.table = table};
    if (table->rows < ROWS) return HT_OK;
    s.twins = ht_alloc(columns->count, sizeof *s.twins, "the columns", err);
    if (!s.twins) return HT_FAIL;
    add_candidates(&s, columns);
    ht_code code = look(&s, err);
    if (code == HT_OK) leave_out(&s, columns, raw);
    ht_free(s.twins);
    return code;
}
