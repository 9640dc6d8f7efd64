#include "data/table/columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "data/table/label.h"

enum { COUNTED_ROWS = 10, SUSPECT_ROWS = 20, DESCRIBED = 80 };

/* ---- what is left out -------------------------------------------------------------------------- */

static bool is_whole(const ht_column *c)
{
    return c->numbers > 0 && c->words == 0 && c->whole == c->numbers;
}

static bool is_id_name(const char *name)
{
    static const char *const names[] = {
        "id",       "index", "idx", "row", "rowid", "row_id", "row_no",    "rownum",   "row_num", "rowname",
        "rownames", "no",    "no.", "nr",  "nr.",   "#",      "sample_id", "sampleid", "instance"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i]) == 0) return true;
    return length > 2 && (strcmp(name + length - 2, "Id") == 0 || strcmp(name + length - 2, "ID") == 0 ||
                          strcmp(name + length - 3, "_id") == 0);
}

/* Each value once, as far as was looked. */
static bool all_differ(const ht_column *c)
{
    return c->distinct == HT_COLUMN_DISTINCT || (size_t)c->distinct == c->numbers;
}

/* Does it count the rows? From 0 or 1; without a name from whatever the first row is called. */
static bool counts_rows(const ht_text_table *table, const ht_column *c)
{
    bool begins = c->first == 0 || c->first == 1 || !table->header;
    return c->numbers >= COUNTED_ROWS && c->counting && begins;
}

/* Why a column is left out; NULL: it is not. */
static const char *reason(const ht_text_table *table, size_t i)
{
    const ht_column *c = &table->column[i];
    const char *name = ht_text_table_name(table, i);
    bool named = table->header;
    if (table->rows == 0) return NULL;
    if (c->numbers == 0 && c->words == 0) return "it has no value";
    if (named && ht_text_table_is_index(name)) {
        if (i == 0 && c->words > 0 && c->numbers == 0) return "it has no name and holds words: names of rows";
        if (is_whole(c)) return "it has no name and holds whole numbers: an index";
    }
    if (!is_whole(c) || c->missing > 0) return NULL;
    if (named && is_id_name(name) && (c->rising || all_differ(c))) return "row numbers";
    if (counts_rows(table, c)) return "row numbers: it counts by 1";
    return NULL;
}

static bool is_firm(const ht_columns *columns)
{
    return columns->origin != HT_LABEL_GUESSED;
}

static ht_code leave_out(ht_columns *columns, const ht_text_table *table, ht_raw *raw, ht_error *err)
{
    char what[DESCRIBED];
    columns->out = ht_alloc(columns->count, sizeof *columns->out, "the columns", err);
    if (!columns->out) return err->code;
    for (size_t i = 0; i < columns->count; i++) {
        const char *why = i == columns->label && is_firm(columns) ? NULL : reason(table, i);
        if (!why) continue;
        columns->out[i] = true;
        ht_text_table_describe(table, i, what, sizeof what);
        ht_notes_add(&raw->notes, "%s: %s is left out (%s)", table->path, what, why);
        ht_notes_add(&raw->facts, "left out: %s (%s)", what, why);
    }
    return HT_OK;
}

/* ---- all columns -------------------------------------------------------------------------------- */

/* The last column may be one that is left out; then the label is the one before. */
static void step_back(ht_columns *columns, const ht_text_table *table)
{
    while (!is_firm(columns) && columns->label > 0 && columns->out[columns->label] &&
           !table->column[columns->label].words)
        columns->label--;
    columns->out[columns->label] = false;
}

/* ---- what is said of them ---------------------------------------------------------------------- */

static ht_code list_columns(const ht_columns *columns, const ht_text_table *table, ht_raw *raw, ht_error *err)
{
    raw->columns = ht_alloc(columns->count, sizeof *raw->columns, "the columns", err);
    if (!raw->columns) return err->code;
    raw->column_count = columns->count;
    for (size_t i = 0; i < columns->count; i++) {
        ht_dataset_column *c = &raw->columns[i];
        ht_text_copy(c->name, sizeof c->name, ht_text_table_name(table, i));
        ht_text_clean(c->name);
        c->role = i == columns->label ? HT_COLUMN_LABEL
                  : columns->out[i]   ? HT_COLUMN_LEFT_OUT
                                      : HT_COLUMN_NUMBERS;
        if (i == columns->label || !columns->out[i]) continue;
        const char *why = reason(table, i);
        ht_text_copy(c->why, sizeof c->why, why ? why : "it says the same as the label");
    }
    return HT_OK;
}

/* The label alone is left: what became of the first other one. */
static ht_code no_inputs(const ht_columns *columns, const ht_text_table *table, const char *label,
                         ht_error *err)
{
    char what[DESCRIBED];
    size_t i = 0;
    while (i < columns->count && (i == columns->label || !columns->out[i])) i++;
    if (i == columns->count)
        return ht_error_set(err, HT_FAIL,
                            "%s: no column is left for the inputs; the label is %s; give a table of two "
                            "columns at least",
                            table->path, label);
    const char *why = reason(table, i);
    ht_text_table_describe(table, i, what, sizeof what);
    return ht_error_set(err, HT_FAIL,
                        "%s: no column is left for the inputs; the label is %s, and %s is left out%s (%s)",
                        table->path, label, what, columns->count > 2 ? ", as others are" : "",
                        why ? why : "it says the same as the label");
}

ht_code ht_columns_settle(ht_columns *columns, const ht_text_table *table, const ht_data_request *request,
                          ht_raw *raw, ht_error *err)
{
    char what[DESCRIBED];
    columns->count = table->columns;
    if (ht_label_find(columns, table, request->label, raw, err) != HT_OK) return err->code;
    if (leave_out(columns, table, raw, err) != HT_OK) return err->code;
    step_back(columns, table);
    if (ht_columns_onehot(columns, table, err) != HT_OK) return err->code;
    if (ht_columns_duplicates(columns, table, raw, err) != HT_OK) return err->code;
    ht_label_tell(columns, table, raw);
    for (size_t i = 0; i < columns->count; i++) columns->inputs += i != columns->label && !columns->out[i];
    ht_text_table_describe(table, columns->label, what, sizeof what);
    ht_notes_add(&raw->facts, "label: %s, %s", what, columns->why);
    if (columns->inputs == 0) return no_inputs(columns, table, what, err);
    if (ht_columns_words(columns, table, request, raw, err) != HT_OK) return err->code;
    return list_columns(columns, table, raw, err);
}

/* ---- the other file ---------------------------------------------------------------------------- */

static size_t find_name(const ht_text_table *table, const char *name, size_t *times)
{
    size_t found = table->columns;
    *times = 0;
    for (size_t i = 0; i < table->columns; i++)
        if (strcmp(ht_text_table_name(table, i), name) == 0 && (*times)++ == 0) found = i;
    return found;
}

static bool same_names(const ht_text_table *train, const ht_text_table *test)
{
    bool same = train->columns == test->columns;
    for (size_t i = 0; same && i < train->columns; i++)
        same = strcmp(ht_text_table_name(train, i), ht_text_table_name(test, i)) == 0;
    return same;
}

static ht_code refuse_lacking(const ht_columns *columns, const ht_text_table *train,
                              const ht_text_table *test, size_t i, ht_error *err)
{
    const char *name = ht_text_table_name(train, i);
    if (i == columns->label)
        return ht_error_set(
            err, HT_FAIL,
            "%s:%zu: has no column '%.40s', the label of the training file; a test file needs "
            "labels (csv:FILE alone is split)",
            test->path, test->head.record_line, name);
    return ht_error_set(
        err, HT_FAIL,
        "%s:%zu: has not just one column '%.40s', which is column %zu of the training file; give "
        "both files the same columns",
        test->path, test->head.record_line, name, i + 1);
}

/* Columns of the test file that the training file does not have. */
static void tell_unused(const ht_text_table *train, const ht_text_table *test, ht_raw *raw)
{
    for (size_t i = 0; i < test->columns; i++) {
        size_t times;
        find_name(train, ht_text_table_name(test, i), &times);
        if (times > 0) continue;
        ht_notes_add(&raw->notes, "%s: column %zu '%.40s' is not in the training file and is not used",
                     test->path, i + 1, ht_text_table_name(test, i));
    }
}

/* Both have names, not the same in the same order. */
static ht_code map_names(ht_columns *columns, const ht_text_table *train, const ht_text_table *test,
                         ht_raw *raw, ht_error *err)
{
    columns->place = ht_alloc(columns->count, sizeof *columns->place, "the columns", err);
    if (!columns->place) return HT_FAIL;
    for (size_t i = 0; i < columns->count; i++) {
        size_t times;
        columns->place[i] = find_name(test, ht_text_table_name(train, i), &times);
        if (times != 1 && !columns->out[i]) return refuse_lacking(columns, train, test, i, err);
    }
    ht_notes_add(
        &raw->notes,
        "%s: its columns are not those of the training file in the same order; they are matched by name",
        test->path);
    tell_unused(train, test, raw);
    return HT_OK;
}

ht_code ht_columns_compare(ht_columns *columns, const ht_text_table *train, const ht_text_table *test,
                           ht_raw *raw, ht_error *err)
{
    if (train->header && test->header && train->counted == test->counted) {
        if (same_names(train, test)) return HT_OK;
        return map_names(columns, train, test, raw, err);
    }
    if (test->columns != columns->count)
        return ht_error_set(err, HT_FAIL, "%s:%zu: has %zu columns, the training file has %zu", test->path,
                            test->head.record_line, test->columns, columns->count);
    for (size_t i = 0; i < test->columns; i++)
        if (i != columns->label && test->header &&
            ht_label_rank_of(ht_text_table_name(test, i)) == HT_LABEL_SURE)
            return ht_error_set(err, HT_FAIL,
                                "%s:%zu: the label is in column %zu, in the training file in column %zu",
                                test->path, test->head.record_line, i + 1, columns->label + 1);
    if (train->header || test->header)
        ht_notes_add(
            &raw->notes,
            "%s: its columns are taken in the order of the training file, since they are not named alike",
            test->path);
    return HT_OK;
}

/* ---- row numbers? ------------------------------------------------------------------------------ */

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Those that a row number is like. */
static void tell_rising(const ht_columns *columns, const ht_text_table *table, ht_raw *raw)
{
    char what[DESCRIBED];
    for (size_t i = 0; i < columns->count; i++) {
        const ht_column *c = &table->column[i];
        if (i == columns->label || columns->out[i] || !is_whole(c) || !c->rising) continue;
        if (c->numbers < SUSPECT_ROWS) continue;
        ht_text_table_describe(table, i, what, sizeof what);
        ht_notes_add(
            &raw->notes,
            "%s: %s holds whole numbers that rise from row to row and is taken for an input; if it only "
            "numbers the samples, leave it out of the file",
            table->path, what);
    }
}

/* Could no two of its numbers be equal? */
static bool may_differ(const ht_column *c)
{
    return is_whole(c) && c->missing == 0 && !c->rising && c->distinct == HT_COLUMN_DISTINCT &&
           c->high - c->low + 1 >= (double)c->numbers;
}

static bool differ(const ht_raw_part *part, size_t j, double *room)
{
    for (size_t i = 0; i < part->count; i++) room[i] = part->wide[i * part->inputs + j];
    qsort(room, part->count, sizeof *room, compare_numbers);
    for (size_t i = 1; i < part->count; i++)
        if (room[i] == room[i - 1]) return false;
    return true;
}

ht_code ht_columns_suspect(const ht_columns *columns, const ht_text_table *table, const ht_fields *fields,
                           ht_raw *raw, ht_error *err)
{
    const ht_raw_part *part = &raw->train;
    tell_rising(columns, table, raw);
    if (part->count < SUSPECT_ROWS) return HT_OK;
    double *room = ht_alloc(part->count, sizeof *room, "a column", err);
    if (!room) return err->code;
    for (size_t j = 0; j < fields->count; j++)
        if (!fields->of[j].words && may_differ(&table->column[fields->of[j].column]) && differ(part, j, room))
            ht_notes_add(
                &raw->notes,
                "%s: %s holds whole numbers of which no two are equal and is taken for an input; if it only "
                "numbers the samples, leave it out of the file",
                table->path, fields->of[j].what);
    ht_free(room);
    return HT_OK;
}

void ht_columns_free(ht_columns *columns)
{
    ht_free(columns->words);
    ht_free(columns->asked);
    ht_free(columns->out);
    ht_free(columns->place);
    *columns = (ht_columns){0};
}
