/* Columns that say the same as the label: each class has a value of its own there, or they are the label
 * one-hot. They would give the answer away. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "data/table/columns.h"

enum { CLASSES = 64, ROWS = 20, DESCRIBED = 80, LISTED = 4 };

/* The values of one column, in the order of the classes; 0: not seen yet. */
typedef struct duplicate {
    size_t column;
    bool mark; /* two values for more classes: it may mark one of them */
    uint64_t values[CLASSES];
} duplicate;

/* All columns that may be twins still; the first is the label with itself. */
typedef struct search {
    const ht_text_table *table;
    duplicate *duplicates;
    size_t count;
    int classes;
} search;

/* Never 0. */
static uint64_t value_of(const ht_text_table *table, const ht_csv *csv, size_t column)
{
    const char *field = ht_csv_field(csv, column);
    double value = 0;
    if (ht_cell_read(field, table->dialect.decimal, &value) != HT_CELL_NUMBER)
        return ht_hash(HT_HASH_START, field, strlen(field)) | 1;
    value += 0.0;
    return ht_hash(HT_HASH_START ^ sizeof value, &value, sizeof value) | 1;
}

static bool is_missing(const ht_text_table *table, const ht_csv *csv, size_t column)
{
    double value;
    return ht_cell_read(ht_csv_field(csv, column), table->dialect.decimal, &value) == HT_CELL_MISSING;
}

/* Does class c, seen now with this value, keep value and class in step? A mark needs one value a class only.
 */
static bool keeps_step(duplicate *t, int c, uint64_t value, int classes)
{
    if (t->values[c]) return t->values[c] == value;
    for (int k = 0; k < classes && !t->mark; k++)
        if (t->values[k] == value) return false;
    t->values[c] = value;
    return true;
}

/* HT_OK: the row was seen. Too many classes leave no twins. */
static void see_row(search *s, const ht_csv *csv)
{
    size_t kept = 1;
    uint64_t label = value_of(s->table, csv, s->duplicates[0].column);
    int c = 0;
    if (ht_cell_no_label(ht_csv_field(csv, s->duplicates[0].column))) return;
    while (c < s->classes && s->duplicates[0].values[c] != label) c++;
    if (c == CLASSES) s->count = 1;
    if (c == CLASSES) return;
    if (c == s->classes) s->duplicates[0].values[s->classes++] = label;
    for (size_t i = 1; i < s->count; i++) {
        duplicate *t = &s->duplicates[i];
        if (!is_missing(s->table, csv, t->column) &&
            !keeps_step(t, c, value_of(s->table, csv, t->column), s->classes))
            continue;
        if (kept != i) s->duplicates[kept] = *t;
        kept++;
    }
    s->count = kept;
}

/* As many values as the label, as far as they were counted, or two. */
static void add_candidates(search *s, const ht_columns *columns)
{
    const ht_column *label = &s->table->column[columns->label];
    s->duplicates[s->count++].column = columns->label;
    for (size_t i = 0; i < columns->count; i++) {
        const ht_column *c = &s->table->column[i];
        bool same = c->distinct == label->distinct;
        if (i == columns->label || columns->out[i] || c->distinct < 2 || (!same && c->distinct != 2))
            continue;
        if (5 * c->missing > s->table->rows) continue;
        s->duplicates[s->count].mark = !same;
        s->duplicates[s->count++].column = i;
    }
}

static ht_code look(search *s, ht_error *err)
{
    ht_csv csv = ht_text_table_begin(s->table);
    ht_code code = HT_OK;
    while (s->count > 1 && (code = ht_csv_next(&csv, err)) == HT_OK && csv.count > 0) see_row(s, &csv);
    ht_csv_free(&csv);
    return code;
}

static size_t count_inputs(const ht_columns *columns)
{
    size_t left = 0;
    for (size_t i = 0; i < columns->count; i++) left += i != columns->label && !columns->out[i];
    return left;
}

/* The class that a mark tells from all others; -1: none. */
static int marked_class(const search *s, const duplicate *t)
{
    int found = -1, alone = 0;
    for (int c = 0; t->mark && c < s->classes; c++) {
        int same = 0;
        for (int k = 0; k < s->classes; k++) same += t->values[k] == t->values[c];
        if (same == 1) found = c, alone++;
    }
    return alone == 1 ? found : -1;
}

/* Marks of all classes, or of all but one, are the label one-hot; fewer may be properties. */
static void leave_out_marks(const search *s, ht_columns *columns, ht_raw *raw)
{
    char what[DESCRIBED], names[LISTED * (DESCRIBED + 2)] = "";
    bool marked[CLASSES] = {0};
    size_t marks = 0, used = 0;
    int classes = 0;
    for (size_t i = 1; i < s->count; i++) {
        int c = marked_class(s, &s->duplicates[i]);
        if (c < 0) continue;
        classes += !marked[c];
        marked[c] = true;
        ht_text_table_describe(s->table, s->duplicates[i].column, what, sizeof what);
        if (marks++ < LISTED)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", marks > 1 ? ", " : "", what);
    }
    if (s->classes < 3 || classes < s->classes - 1) return;
    bool only = marks == count_inputs(columns);
    for (size_t i = 1; i < s->count && !only; i++)
        if (marked_class(s, &s->duplicates[i]) >= 0) columns->out[s->duplicates[i].column] = true;
    ht_notes_add(&raw->notes, "%s: %s%s say the same as the label (one-hot: each marks a class) and are %s",
                 s->table->path, names, marks > LISTED ? " …" : "", only ? "the only inputs" : "left out");
    if (!only)
        ht_notes_add(&raw->facts, "left out: %s%s (the label, one-hot)", names, marks > LISTED ? " …" : "");
}

static void leave_out(const search *s, ht_columns *columns, ht_raw *raw)
{
    char what[DESCRIBED];
    size_t left = count_inputs(columns);
    for (size_t i = 1; i < s->count; i++) {
        if (s->duplicates[i].mark) continue;
        ht_text_table_describe(s->table, s->duplicates[i].column, what, sizeof what);
        if (left == 1) {
            ht_notes_add(&raw->notes, "%s: %s says the same as the label, and is the only input",
                         s->table->path, what);
            continue;
        }
        left--;
        columns->out[s->duplicates[i].column] = true;
        ht_notes_add(&raw->notes,
                     "%s: %s says the same as the label (each class has its own value there) and is left out",
                     s->table->path, what);
        ht_notes_add(&raw->facts, "left out: %s (it says the same as the label)", what);
    }
}

ht_code ht_columns_duplicates(ht_columns *columns, const ht_text_table *table, ht_raw *raw, ht_error *err)
{
    search s = {.table = table};
    if (table->rows < ROWS) return HT_OK;
    s.duplicates = ht_alloc(columns->count, sizeof *s.duplicates, "the columns", err);
    if (!s.duplicates) return HT_FAIL;
    add_candidates(&s, columns);
    ht_code code = look(&s, err);
    if (code == HT_OK) leave_out(&s, columns, raw);
    if (code == HT_OK) leave_out_marks(&s, columns, raw);
    ht_free(s.duplicates);
    return code;
}
